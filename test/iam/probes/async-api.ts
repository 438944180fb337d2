import { makeCaller } from '../../../bin/local/iam';
import { ApiClient } from '../api-client';
import { broken, inTurn, once, type Unit } from '../world';

/** More than the paced queue handles in the ten seconds from which its door refuses. */
const TOO_MUCH = 150;

export const asyncApi: Unit = {
  stack: 'AsyncApi',
  fixture: 'async-api',
  start: async (world) => {
    const credentials = await makeCaller(world.emulator, `prober-${Date.now()}`);
    const api = new ApiClient(world.emulator, world.out('ApiIdOutput'), credentials);
    const paced = new ApiClient(world.emulator, world.out('PacedApiIdOutput'), credentials);
    return async (run) => {
      const ids: Record<string, string> = {};
      const job = (kind: string) => ({ orderId: `${run}-${kind}`, cents: 4, kind });
      const accepted = (kind: string, more: Readonly<Record<string, string>> = {}) => {
        const headers = { 'idempotency-key': `${run}-${kind}`, ...more };
        // A caller that asks again would be answered by what the first call has left.
        return once(async () => {
          const { status, body } = await api.call('POST', '', job(kind), headers);
          ids[kind] = body.id;
          return status === 202;
        });
      };
      const view = async (kind: string) => (await api.call('GET', `/${ids[kind]}`)).body;
      const total = () => world.number('LedgerTableOutput', 'client', 'total');
      const cancelled = () => world.number('LedgerTableOutput', 'client', 'cancelled');
      const [before, cancelledBefore] = [await total(), await cancelled()];
      await world.send('PacedQueueUrlOutput', ...Array.from({ length: TOO_MUCH }, () => job('good')));
      return inTurn(
        () =>
          broken(
            {
              'a job is accepted': accepted('good', { 'callback-url': 'https://127.0.0.1:4566/' }),
              'a job that will fail is accepted': accepted('bad'),
              'a job that will take long is accepted': accepted('slow'),
              'a job that will fail once is accepted': accepted('flaky'),
              'a job with a large result is accepted': accepted('large'),
            },
            6,
          ),
        () => broken({ 'the progress of a job is seen': async () => (await view('slow')).progress === 0.5 }, 8),
        () =>
          broken({ 'a job is cancelled': async () => (await api.call('DELETE', `/${ids.slow}`)).status === 200 }, 3),
        () =>
          broken({
            'who runs a cancelled job hears of it': async () =>
              (await world.number('LedgerTableOutput', `${run}-slow`, 'aborted')) > 0,
            'a door refuses while its worker is too far behind': async () =>
              (await paced.call('POST', '', job('good'))).status === 429,
          }),
        async () => {
          await world.send('SubmitterQueueUrlOutput', { count: 3, kind: 'large', cancels: true });
          return broken(
            {
              'a job succeeds with its result': async () => (await view('good')).result?.total === 8,
              'a large result can be fetched': async () => (await view('large')).result?.lines?.length > 0,
              'a job that failed once succeeds soon': async () => (await view('flaky')).status === 'succeeded',
              'a job that can never be done fails with the reason': async () =>
                (await view('bad')).problem?.detail === 'the card is refused',
              'a job that can never be done has a dead letter': async () =>
                (await world.dead('DeadLetterQueueUrlOutput', `${run}-bad`)).some(
                  ({ reason }) => reason === 'the card is refused',
                ),
              'the end of a job is told to subscribers': async () =>
                (await world.number('LedgerTableOutput', ids.good!, 'succeeded')) > 0,
              'the end of a job is told to its caller, and what cannot be told is dead': async () =>
                (await world.dead('WebhookDeadLetterQueueUrlOutput', ids.good!)).length > 0,
              'a function submits jobs and gets their results': async () => (await total()) > before,
              'a function cancels a job': async () => (await cancelled()) > cancelledBefore,
            },
            15,
          );
        },
      );
    };
  },
};
