import { broken, type Unit } from '../world';

const LARGE = 300 * 1024;

export const payloads: Unit = {
  stack: 'Payloads',
  fixture: 'payload-store',
  start: async (world) => async (run) => {
    const at = new Date(Date.now() + 2_000).toISOString();
    await world.send(
      'SenderQueueUrl',
      { to: 'documents', id: `${run}-large`, length: LARGE },
      { to: 'events', id: `${run}-published`, length: LARGE },
      { to: 'steps', id: `${run}-step`, length: 10 },
      { to: 'documents', id: `${run}-timed`, length: 10, at },
      { to: 'steps', id: `${run}-timed-step`, length: 10, at },
    );
    const came = (worker: string, id: string) => () => world.row('LedgerTable', `${worker}#${run}-${id}`);
    return broken({
      'a large message reaches its worker': came('Documents', 'large'),
      'a large event reaches a subscriber': came('Raw', 'published'),
      'a large event reaches a subscriber in its envelope': came('Enveloped', 'published'),
      'a message reaches a FIFO worker': came('Steps', 'step'),
      'a message comes at its time': came('Documents', 'timed'),
      'a message comes to a FIFO worker at its time': came('Steps', 'timed-step'),
    });
  },
};
