import { DependencyError } from '../../../lambda/runtime';
import { BreakerGuard } from '../../../lambda/runtime/breaker/guard';
import type { Outcome } from '../../../lambda/runtime/outcome';
import { sqsEvent } from '../../../lambda/testing';

const RECORDS = sqsEvent([1, 2, 3, 4].map((body) => ({ body }))).Records;
const UNTIL = 1_000;

/** The guard of a batch whose breaker opens when it is over, or does not. */
const setup = (until: number | undefined, isDependencyFailure?: (thrown: unknown) => boolean) => {
  const told: string[] = [];
  const pass = {
    until,
    probe: true,
    succeeded: () => void told.push('succeeded'),
    failed: () => void told.push('failed'),
    end: async (by?: number) => void told.push(`end ${by}`),
  };
  const judge = (_: unknown, thrown: unknown): Outcome => ({ kind: 'dead', reason: String(thrown) });
  return { told, guard: new BreakerGuard({ pass, records: RECORDS, isDependencyFailure, judge }) };
};

const fails = (error: unknown) => () => {
  throw error;
};

describe('the breaker is told', () => {
  test('of a success, whether or not it was waited for', async () => {
    const { told, guard } = setup(undefined);
    expect(guard.handle(() => 'result')).toBeUndefined();
    expect(told).toEqual(['succeeded']);
    await guard.handle(async () => 'result');
    expect(told).toEqual(['succeeded', 'succeeded']);
  });

  test('of a failure of the dependency, whether or not it was waited for, which goes on', async () => {
    const { told, guard } = setup(undefined);
    const error = new DependencyError('payments');
    expect(() => guard.handle(fails(error))).toThrow(error);
    expect(told).toEqual(['failed']);
    await expect(guard.handle(() => Promise.reject(error))).rejects.toBe(error);
    expect(told).toEqual(['failed', 'failed']);
  });

  test('of no other failure, which goes on too', async () => {
    const { told, guard } = setup(undefined);
    expect(() => guard.handle(fails(new Error('mine')))).toThrow('mine');
    await expect(guard.handle(() => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    expect(told).toEqual([]);
  });

  test('and says whether the batch is a probe', () => {
    expect(setup(undefined).guard.isProbe).toBe(true);
  });
});

test('a failure of the dependency brings its message back for now; any other is not the breaker’s to judge', () => {
  const { guard } = setup(undefined, (thrown) => thrown === 503);
  const reason = 'DependencyError: payments failed';
  expect(guard.outcomeOf(RECORDS[0]!, new DependencyError('payments'))).toEqual({ kind: 'retry', reason });
  expect(guard.outcomeOf(RECORDS[1]!, 503)).toEqual({ kind: 'retry', reason: '503 was thrown' });
  expect(guard.outcomeOf(RECORDS[2]!, 404)).toBeUndefined();
});

const OUTCOMES: Outcome[] = [
  { kind: 'done' },
  { kind: 'retry', reason: 'mine' },
  { kind: 'retry', reason: 'theirs' },
  { kind: 'deferred' },
];

test.each<[string, number | undefined, Outcome[]]>([
  [
    'that has opened, what the dependency failed and what was not begun rest until it may be probed, and nothing else',
    UNTIL,
    [OUTCOMES[0]!, OUTCOMES[1]!, { kind: 'deferred', until: UNTIL }, { kind: 'deferred', until: UNTIL }],
  ],
  [
    'that is closed, a failure of the dependency is judged as any other',
    undefined,
    [OUTCOMES[0]!, OUTCOMES[1]!, { kind: 'dead', reason: 'DependencyError: payments failed' }, OUTCOMES[3]!],
  ],
])('of a breaker %s', async (_, until, expected) => {
  const { told, guard } = setup(until);
  guard.outcomeOf(RECORDS[1]!, new Error('mine'));
  guard.outcomeOf(RECORDS[2]!, new DependencyError('payments'));
  expect(await guard.finish(OUTCOMES, 500)).toEqual(expected);
  expect(told).toEqual(['end 500']);
});
