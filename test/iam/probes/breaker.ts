import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { broken, type Unit } from '../world';

const MESSAGES = 12;
const OUTAGE_MS = 15_000;

const paid = new Set<string>();
let isDown = false;
const server = createServer((request, response) => {
  const [, payer, id] = request.url!.split('/');
  if (!isDown && payer === 'Guarded') paid.add(id!);
  response.writeHead(isDown ? 503 : 200).end();
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
      const open = await broken({ 'the intake is paused while payments are down': async () => !(await enabled()) });
      // Until a probe has failed, too, and messages have spent a receive for nothing.
      if (open.length === 0) await sleep(OUTAGE_MS);
      isDown = false;
      const again = await broken(
        {
          'the intake is resumed when they are back': enabled,
          'all is paid then, though each has three receives': async () => orders.every(({ id }) => paid.has(id)),
          'the state is told': async () => (await operate('status')).state === 'closed',
        },
        60,
      );
      const held = await broken({ 'an operator opens it': () => operated('open', false) }, 5);
      return [
        ...open,
        ...again,
        ...held,
        ...(await broken({ 'an operator closes it': () => operated('close', true) }, 5)),
      ];
    };
  },
  stop: async () => void server.close(),
};
