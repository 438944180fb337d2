import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { SenderEdge } from '../../../lambda/runtime/producer/edge';
import { producerOn } from '../../../lambda/runtime/producer/sender';
import { FakeService, QUEUE } from './fake-service';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

const used = (): number => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/** Counts what it takes and keeps nothing. */
class Forgetful extends FakeService {
  count = 0;
  override queueCalls: SenderEdge['queueCalls'] = async () => ({
    sendMessageBatch: async ({ Entries = [] }) => {
      await new Promise(setImmediate);
      this.count += Entries.length;
      return { Successful: Entries.map(({ Id }) => ({ Id, MessageId: 'm' })) };
    },
  });
}

const MESSAGES = 100_000;
const MOST = 64 * 1_048_576;

test.each([
  [
    'an iterable',
    function* (look: (n: number) => void) {
      for (let n = 0; n < MESSAGES; n++) {
        look(n);
        yield { n, text: 'x'.repeat(900) };
      }
    },
  ],
  [
    'an async iterable',
    async function* (look: (n: number) => void) {
      for (let n = 0; n < MESSAGES; n++) {
        look(n);
        yield { n, text: 'x'.repeat(900) };
      }
    },
  ],
])(
  '100,000 messages of %s go through sendAll while the heap grows by less than 64 MiB',
  async (_, source) => {
    const service = new Forgetful();
    const producer = producerOn<object>(service, { queueUrl: QUEUE });
    await producer.sendAll([{ n: 0 }]);
    const before = used();
    let most = before;
    let taken = 0;
    const look = (n: number): void => {
      taken = n;
      // The window is 320: a source that is asked for more than that is not held back.
      expect(n - service.count).toBeLessThanOrEqual(320);
      if (n % 10_000 === 9_999) most = Math.max(most, used());
    };
    const { sent } = await producer.sendAll(source(look), { signal: new AbortController().signal });
    expect(sent).toBe(MESSAGES);
    expect(taken).toBe(MESSAGES - 1);
    expect(most - before).toBeLessThan(MOST);
  },
  60_000,
);
