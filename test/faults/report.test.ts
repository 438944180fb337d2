import type { Account } from './account';
import { DERIVED, type PatternName, SENT } from './load';
import { faultTable, margin, markdown, patternTable } from './report';
import type { Result } from './run';

const NONE: Account = {
  messages: 0,
  effects: 0,
  repeats: 0,
  dead: 0,
  deadTwice: 0,
  withoutReason: 0,
  receives: 0,
  attempts: 0,
  wasted: 0,
  lost: [],
  problems: [],
};

const resultOf = (accounts: Partial<Record<PatternName, Partial<Account>>>, more: Partial<Result> = {}): Result => ({
  asked: 1000,
  seed: 7,
  messages: 996,
  seconds: 61.4,
  accounts: Object.fromEntries(
    [...SENT, ...DERIVED].map((pattern) => [pattern, { ...NONE, ...accounts[pattern] }]),
  ) as Result['accounts'],
  fired: [
    { service: 'sqs', operation: 'SendMessageBatch', action: 'error:RequestThrottled', count: 3 },
    { service: 'sqs', operation: 'ChangeMessageVisibilityBatch', action: 'error:RequestThrottled', count: 2 },
    { service: 's3', operation: 'GetObject', action: 'reset', count: 1 },
  ],
  requests: { sqs: 1234 },
  kills: { before: 1, after: 2, anywhere: 3 },
  resent: 4,
  refusals: 5,
  problems: [],
  ...more,
});

test('there is a line a pattern, and one for all', () => {
  const lines = patternTable(
    resultOf({ charges: { messages: 900, effects: 800, lost: ['a'] }, orders: { messages: 100, repeats: 2 } }),
  ).split('\n');
  expect(lines).toHaveLength(2 + SENT.length + DERIVED.length + 1);
  expect(lines[1]).toBe('| --- | ---: | ---: | ---: | ---: | ---: | ---: |');
  expect(lines.at(-1)).toBe('| **all** | 1,000 | 800 | 2 | 0 | 0 | 1 |');
});

test('faults are counted by service and kind, whatever the operation', () => {
  expect(faultTable(resultOf({})).split('\n')).toEqual([
    '| service | requests | throttle | reset | lost reply | latency | timeout |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    '| SQS | 1,234 | 5 | 0 | 0 | 0 | 0 |',
    '| SNS | 0 | 0 | 0 | 0 | 0 | 0 |',
    '| DynamoDB | 0 | 0 | 0 | 0 | 0 | 0 |',
    '| S3 | 0 | 0 | 1 | 0 | 0 | 0 |',
  ]);
});

test('the margin is of receives that are counted in full', () => {
  const { wasted, receives, expectedDead } = margin(
    resultOf({
      orders: { attempts: 80, wasted: 8, receives: 6 },
      jobs: { attempts: 20, wasted: 2, receives: 3 },
      mails: { attempts: 100, wasted: 99, receives: 40 },
    }),
  );
  expect([wasted, receives]).toEqual([0.1, 6]);
  expect(expectedDead).toBeCloseTo(996 * 0.1 ** 13);
});

test('the page has the command that repeats it, and says that all is well', () => {
  const page = markdown(resultOf({}));
  expect(page).toContain('npm run faults -- --messages 1000 --seed 7 --report');
  expect(page).toContain('All 996 messages are accounted for');
});

test('or what is not, and when no more was sent', () => {
  const page = markdown(resultOf({}, { problems: ['orders: 1 lost: a'], sendingMs: 600_000 }));
  expect(page).toContain('--seed 7 --minutes 10 --report');
  expect(page).toContain('**1 problems:** orders: 1 lost: a');
});
