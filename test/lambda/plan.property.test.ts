import * as fc from 'fast-check';
import type { Outcome } from '../../lambda/runtime/outcome';
import { planOf, withoutLost } from '../../lambda/runtime/plan';
import { sqsEvent } from '../../lambda/testing';
import type { BackoffSpec } from '../../lib/private/contract';

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constant<Outcome>({ kind: 'done' }),
  fc.constant<Outcome>({ kind: 'deferred' }),
  fc.record({ kind: fc.constant('dead' as const), reason: fc.string() }),
  fc.record(
    { kind: fc.constant('retry' as const), reason: fc.string(), after: fc.double({ min: 0, max: 1e6, noNaN: true }) },
    { requiredKeys: ['kind', 'reason'] },
  ),
);

const backoff: fc.Arbitrary<BackoffSpec> = fc.record({
  initial: fc.nat(1000),
  max: fc.nat(43_200),
  factor: fc.double({ min: 1, max: 100, noNaN: true }),
  jitter: fc.boolean(),
});

const batch = fc.record({
  fifo: fc.boolean(),
  elapsed: fc.nat(900_000),
  backoff,
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  records: fc.array(
    fc.record({
      outcome,
      group: fc.constantFrom('a', 'b', 'c'),
      receiveCount: fc.integer({ min: 1, max: 1000 }),
      size: fc.constantFrom(2, 2, 2, 1_048_560),
    }),
    { maxLength: 20 },
  ),
});

const START = 1_800_000_000_000;

test('whatever the outcomes: every record is acknowledged, moved or comes back, each in one way only', () => {
  fc.assert(
    fc.property(batch, ({ fifo, elapsed, backoff, random, records }) => {
      const event = sqsEvent(
        records.map(({ group, receiveCount, size }) => ({ body: 'x'.repeat(size), groupId: group, receiveCount })),
        { fifo },
      ).Records;
      const outcomes = records.map((record) => record.outcome);
      const now = START + elapsed;
      const plan = planOf(event, outcomes, { backoff, startedAt: START }, now, () => random);
      const failures = new Set(plan.failures);
      const letters = new Set(plan.deadLetters.map(({ messageId }) => messageId));

      records.forEach(({ outcome, group, size }, i) => {
        const id = event[i]!.messageId;
        const blocked = fifo && records.some((r, j) => j < i && r.group === group && failures.has(event[j]!.messageId));
        expect(failures.has(id) && letters.has(id)).toBe(false);
        if (blocked) expect(failures.has(id)).toBe(true);
        else if (outcome.kind === 'done') expect(failures.has(id) || letters.has(id)).toBe(false);
        else if (outcome.kind === 'dead') expect(letters.has(id)).toBe(size < 1_048_560);
        else expect(failures.has(id)).toBe(true);
      });

      expect(plan.visibility.map(({ messageId }) => messageId)).toEqual([...plan.failures]);
      for (const { seconds } of plan.visibility) {
        expect(Number.isInteger(seconds)).toBe(true);
        expect(seconds).toBeGreaterThanOrEqual(0);
        // 12 hours from the receive, which lies up to 300 s before the invocation.
        expect(seconds + 300 + elapsed / 1000).toBeLessThanOrEqual(43_200);
      }
      for (const { bytes } of plan.deadLetters) expect(bytes).toBeLessThanOrEqual(1_048_576);
    }),
    { numRuns: 500 },
  );
});

test('whatever dead letters are lost, the second plan fails exactly them and, in a FIFO batch, what follows them', () => {
  fc.assert(
    fc.property(batch, fc.infiniteStream(fc.boolean()), ({ fifo, backoff, records }, lose) => {
      const event = sqsEvent(
        records.map(({ group }) => ({ body: '{}', groupId: group })),
        { fifo },
      ).Records;
      const outcomes = records.map((record) => record.outcome);
      const policy = { backoff, startedAt: START };
      const first = planOf(event, outcomes, policy, START, () => 0);
      const lost = new Set(first.deadLetters.map(({ messageId }) => messageId).filter(() => lose.next().value));
      const second = planOf(event, withoutLost(event, outcomes, lost), policy, START, () => 0);
      for (const id of [...first.failures, ...lost]) expect(second.failures).toContain(id);
      const extra = second.failures.filter((id) => !first.failures.includes(id) && !lost.has(id));
      if (!fifo) expect(extra).toEqual([]);
    }),
  );
});
