import { setTimeout as sleep } from 'node:timers/promises';
import { broken, type Unit } from '../world';

export const idempotency: Unit = {
  stack: 'Idempotency',
  fixture: 'idempotency',
  start: async (world) => async (run) => {
    const effects = (id: string, attribute = 'effects') => world.number('EffectsTable', id, attribute);
    await world.send('QueueUrl', { id: run }, { id: `${run}-late`, fails: true });
    const missing = await broken({
      'what is sent is done': () => effects(run),
      'what failed is done at its next receive': () => effects(`${run}-late`, 'receive2'),
    });
    await world.send('QueueUrl', { id: run });
    await sleep(3_000);
    return [...missing, ...((await effects(run)) > 1 ? ['what is sent again is not done again'] : [])];
  },
};
