import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { broken, inTurn, type Unit } from '../world';

const MESSAGES = 12;
const OUTAGE_MS = 15_000;

const paid = new Set<string>();
let isDown = false;
const server = createServer((request, response) => {
  const [, payer, id] = request.url!.split('/');
  const isRefused = id!.endsWith('-refused');
  if (!isDown && !isRefused && payer === 'Guarded') paid.add(id!);
  response.writeHead(isDown ? 503 : isRefused ? 400 : 200).end();
});

export const breaker: Unit = {
  stack: 'Breaker',
  fixture: 'breaker',
  async environment() {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { PAYMENTS_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  },
  start: async (world) => {
    const enabled = () => world.isEnabled('GuardedMapping');
    const operate = (action: string) => world.invoke('Controller', { action });
    const operated = async (action: string, is: boolean) => {
      await operate(action);
      return (await enabled()) === is;
    };
    return async (run) => {
      // What a run before has left behind.
      await operate('close').catch(() => {});
      await operate('auto').catch(() => {});
      const orders = Array.from({ length: MESSAGES }, (_, i) => ({ id: `${run}-${i}` }));
      isDown = true;
      await world.send('GuardedQueueUrl', ...orders);
      return inTurn(
        () => broken({ 'the intake is paused while payments are down': async () => !(await enabled()) }, 20),
        async () => {
          // Until a probe has failed, too, and messages have spent a receive for nothing.
          await sleep(OUTAGE_MS);
          isDown = false;
          return broken(
            {
              'the intake is resumed when they are back': enabled,
              'all is paid then, though each has three receives': async () => orders.every(({ id }) => paid.has(id)),
              'the state is told': async () => (await operate('status')).state === 'closed',
            },
            60,
          );
        },
        async () => {
          await world.send('GuardedQueueUrl', { id: `${run}-refused` });
          return broken(
            {
              'what fails at its last receive is dead, with its reason': async () =>
                (await world.dead('GuardedDeadLetterQueueUrl', `${run}-refused`)).some(({ reason }) =>
                  reason?.includes('after 3 receives: status 400'),
                ),
            },
            35,
          );
        },
        () => broken({ 'an operator opens it': () => operated('open', false) }, 5),
        () => broken({ 'an operator closes it': () => operated('close', true) }, 5),
      );
    };
  },
  stop: async () => void server.close(),
};
