import * as fc from 'fast-check';
import { PermanentError } from '../../../lambda/runtime';
import { streamWorkerOn } from '../../../lambda/runtime/stream/stream-worker';
import { kinesisEvent } from '../../../lambda/testing';
import { FakeEdge } from '../fake-edge';
import { STREAMING } from './run';
import { pollShard } from './shard-poller';

interface Scripted {
  readonly key: string;
  /** What it comes to, attempt by attempt; the last says what it comes to ever after. */
  readonly fates: readonly ('ok' | 'transient' | 'permanent')[];
  /** Turns of the event loop that an attempt takes. */
  readonly turns: number;
}

const RETRIES = 4;

const scripted = fc.record<Scripted>({
  key: fc.constantFrom('a', 'b', 'c'),
  fates: fc.oneof(
    { weight: 5, arbitrary: fc.constant(['ok'] as const) },
    { weight: 2, arbitrary: fc.constantFrom(['transient', 'ok'] as const, ['transient', 'transient', 'ok'] as const) },
    { weight: 2, arbitrary: fc.constantFrom(['permanent'] as const, ['transient', 'permanent'] as const) },
    { weight: 1, arbitrary: fc.constant(['transient'] as const) },
  ),
  turns: fc.nat(4),
});

const sequenceNumber = (i: number): string => `s${i}`;

test('whatever its records come to, a shard loses none, keeps the order of each key, and discards only the hopeless', async () => {
  const seen = { repeated: 0, dead: 0, discarded: 0, split: 0, lostLetters: 0, partial: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(scripted, { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.boolean(), { maxLength: 3 }),
      async (script, batchSize, concurrency, refusals) => {
        const edge = new FakeEdge(STREAMING);
        const refused = [...refusals];
        edge.refuseSend = () => {
          const refuse = refused.shift() ?? false;
          if (refuse) seen.lostLetters++;
          return refuse;
        };
        const attempts = script.map(() => 0);
        const settled = new Set<number>();
        const done = new Set<number>();
        const discarded = new Set<number>();
        const overtaken: [number, number][] = [];

        const buried = () => {
          for (const { MessageBody } of edge.confirmed) settled.add(JSON.parse(MessageBody!).i);
        };
        const handler = streamWorkerOn<{ i: number }>(edge, {
          concurrency,
          async process({ i }) {
            buried();
            const { key, fates, turns } = script[i]!;
            script.forEach((other, j) => {
              // Not an expectation: what is thrown here would be a failure of the record.
              if (j < i && other.key === key && !settled.has(j)) overtaken.push([j, i]);
            });
            const fate = fates[Math.min(attempts[i]!++, fates.length - 1)]!;
            for (let turn = 0; turn < turns; turn++) await Promise.resolve();
            if (fate === 'transient') throw new Error('flaky');
            if (fate === 'permanent') throw new PermanentError('no');
            if (done.has(i)) seen.repeated++;
            done.add(i);
            settled.add(i);
          },
        });

        await pollShard(
          {
            records: script.map(({ key }, i) => ({ key, i })),
            sequenceNumberOf: ({ i }) => sequenceNumber(i),
            async invoke(batch) {
              const records = batch.map(({ key, i }) => ({
                data: { i },
                partitionKey: key,
                sequenceNumber: sequenceNumber(i),
              }));
              try {
                const reply = await handler(kinesisEvent(records));
                if (reply.batchItemFailures.length > 0) seen.partial++;
                expect(reply.batchItemFailures.length).toBeLessThanOrEqual(1);
                return reply;
              } catch (error) {
                expect(error).toMatchObject({ name: 'BatchError' });
                seen.split++;
                throw error;
              }
            },
            async discard(batch) {
              for (const { i } of batch) {
                // Whoever stands beside the hopeless must not go with it.
                expect(script[i]!.fates.at(-1)).toBe('transient');
                discarded.add(i);
                settled.add(i);
                seen.discarded++;
              }
            },
            passed(index) {
              buried();
              for (let i = 0; i < index; i++) expect(settled).toContain(i);
            },
          },
          { batchSize, retryAttempts: RETRIES },
        );

        expect(overtaken).toEqual([]);
        buried();
        const dead = new Set(edge.confirmed.map(({ MessageBody }) => JSON.parse(MessageBody!).i as number));
        seen.dead += dead.size;
        // Each once, but for what stood beside a letter that was refused.
        if (refusals.length === 0) expect(edge.confirmed).toHaveLength(dead.size);
        script.forEach(({ fates }, i) => {
          const fate = fates.at(-1);
          expect(done.has(i)).toBe(fate === 'ok');
          expect(dead.has(i)).toBe(fate === 'permanent');
          expect(discarded.has(i)).toBe(fate === 'transient');
        });
      },
    ),
    { numRuns: 300 },
  );
  // A property that never sees the interesting case proves nothing.
  for (const [what, count] of Object.entries(seen)) expect([what, count > 0]).toEqual([what, true]);
});
