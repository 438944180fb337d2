import { broken, type Unit } from '../world';

export const fanOut: Unit = {
  stack: 'FanOut',
  fixture: 'fan-out',
  start: async (world) => async (run) => {
    await world.send('RelayQueueUrl', { id: run, type: 'order.placed', amount: 120 });
    return broken({
      'what is published reaches who wants everything': () => world.row('LedgerTable', `Everything#${run}`),
      'what is published reaches who wants some': () => world.row('LedgerTable', `Large#${run}`),
      'what fails at each receive is dead soon, with its reason': async () =>
        (await world.dead('BrokenDeadLetterQueueUrl', run)).some(({ reason }) => reason?.includes('on purpose')),
    });
  },
};
