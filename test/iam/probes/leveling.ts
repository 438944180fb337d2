import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { broken, type Unit } from '../world';

const MAILS = 60;
const SLOW = { kind: 'rate', count: 1, per: 1 };
/** Seconds to drain from which producers wait, as the app has it. */
const LIMIT = 30;

const calls = new Set<string>();
const server = createServer((request, response) => {
  calls.add(request.url!.split('/')[1]!);
  response.end();
});

export const leveling: Unit = {
  stack: 'Leveling',
  fixture: 'leveling',
  async environment() {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      DOWNSTREAM_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      PACE: '100',
      // Nobody waits for the scheduler here: it uses its role, which the local target does not ask.
      SOON: String(Date.now() + 3_600_000),
    };
  },
  start: async (world) => {
    const operate = (payload: object) => world.invoke('Controller', payload);
    const enabled = () => world.isEnabled('Mapping');
    const came = (run: string) => [...calls].filter((id) => id.startsWith(run)).length;
    return async (run) => {
      await operate({ action: 'reset' }).catch(() => {});
      const slowed = await broken(
        {
          'an operator changes the pace': async () =>
            (await operate({ action: 'pace', pace: SLOW })).pace.count === SLOW.count &&
            (await operate({ action: 'status' })).pace.count === SLOW.count,
        },
        5,
      );
      await world.send('QueueUrl', ...Array.from({ length: MAILS }, (_, i) => ({ id: `${run}-${i}` })));
      const told = await broken(
        { 'the backlog is told': async () => (await world.number('Table', 'pace', 'drain')) > LIMIT },
        15,
      );
      const [before, from] = [came(run), Date.now()];
      await world.send('ImporterQueueUrl', { id: `${run}-import` });
      await sleep(4_000);
      // Slots come in advance: a batch holds ten.
      const most = ((Date.now() - from) / 1000) * SLOW.count + 3;
      const paced = came(run) - before <= most ? [] : ['no more is handled than the pace allows'];
      const held = calls.has(`${run}-import`) ? ['a producer waits while the backlog is long'] : [];
      const closed = await broken(
        {
          'an operator closes it, which pauses the intake': async () => {
            await operate({ action: 'pace', pace: { kind: 'closed' } });
            return !(await enabled());
          },
        },
        5,
      );
      const opened = await broken(
        {
          'an operator opens it again': async () => {
            await operate({ action: 'reset' });
            return enabled();
          },
        },
        5,
      );
      const handled = await broken(
        {
          'all is handled': async () => came(run) >= MAILS,
          'what a producer sends is handled': async () => calls.has(`${run}-import`),
        },
        40,
      );
      return [...slowed, ...told, ...paced, ...held, ...closed, ...opened, ...handled];
    };
  },
  stop: async () => void server.close(),
};
