import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { broken, inTurn, type Unit } from '../world';

const MAILS = 60;
const SLOW = { kind: 'rate', count: 1, per: 1 };
/** Calls that may come a little early or late. */
const SLACK = 3;
/** Seconds to drain from which producers wait, as the app has it. */
const LIMIT = 30;

const calls = new Set<string>();
const server = createServer((request, response) => {
  const id = request.url!.split('/')[1]!;
  calls.add(id);
  response.writeHead(id.endsWith('-refused') ? 400 : 200).end();
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
    const tenants = (...ids: readonly string[]) =>
      world.send('TenantsQueueUrl', ...ids.map((id) => ({ id, tenant: 'tenant' })));
    const came = (run: string) => [...calls].filter((id) => id.startsWith(run)).length;
    return async (run) => {
      await operate({ action: 'reset' }).catch(() => {});
      return inTurn(
        () =>
          broken(
            {
              'an operator changes the pace': async () =>
                (await operate({ action: 'pace', pace: SLOW })).pace.count === SLOW.count &&
                (await operate({ action: 'status' })).pace.count === SLOW.count,
            },
            5,
          ),
        async () => {
          const since = Date.now();
          await world.send('QueueUrl', ...Array.from({ length: MAILS }, (_, i) => ({ id: `${run}-${i}` })));
          await tenants(`${run}-first`);
          // The controller tells it each minute: who works does so more often.
          const told = new Set<number>();
          return broken(
            {
              'the backlog is told again and again': async () => {
                const at = await world.number('Table', 'pace', 'gaugeAt');
                if (at > since && (await world.number('Table', 'pace', 'drain')) > LIMIT) told.add(at);
                return told.size > 1;
              },
              'what a tenant sends is handled': async () => calls.has(`tenant-${run}-first`),
            },
            15,
          );
        },
        async () => {
          const [before, from] = [came(run), Date.now()];
          await world.send('ImporterQueueUrl', { id: `${run}-import` });
          await sleep(4_000);
          const most = ((Date.now() - from) / 1000) * SLOW.count + SLACK;
          return [
            ...(came(run) - before <= most ? [] : ['no more is handled than the pace allows']),
            ...(calls.has(`${run}-import`) ? ['a producer waits while the backlog is long'] : []),
          ];
        },
        () =>
          broken(
            {
              'an operator closes it, which pauses the intake': async () => {
                await operate({ action: 'pace', pace: { kind: 'closed' } });
                return !(await enabled());
              },
            },
            5,
          ),
        () =>
          broken(
            {
              'an operator opens it again': async () => {
                await operate({ action: 'reset' });
                return enabled();
              },
            },
            5,
          ),
        async () => {
          await world.send('QueueUrl', { id: `${run}-refused` });
          await tenants(`${run}-second`);
          return broken(
            {
              'all is handled': async () => came(run) >= MAILS,
              'what fails at its last receive is dead, with its reason': async () =>
                (await world.dead('DeadLetterQueueUrl', `${run}-refused`)).some(({ reason }) =>
                  reason?.includes('after 5 receives: status 400'),
                ),
              'what a tenant sends is handled': async () => calls.has(`tenant-${run}-second`),
              'what a producer sends is handled': async () => calls.has(`${run}-import`),
            },
            // A producer learns from the controller, each minute, that the backlog is gone.
            90,
          );
        },
      );
    };
  },
  stop: async () => void server.close(),
};
