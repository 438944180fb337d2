import { readPace } from '../../../lambda/runtime/pace/row';

const MOST = Number.MAX_SAFE_INTEGER;
const rate = (changes: object) => ({ kind: 'rate', count: 5, per: 1, burst: 1, ...changes });

test.each([
  rate({}),
  rate({ count: 0.001, per: MOST, burst: MOST }),
  { kind: 'concurrency', limit: 1 },
  { kind: 'concurrency', limit: MOST },
  { kind: 'closed' },
])('a row may say %j', (pace) => {
  expect(readPace(JSON.stringify(pace))).toEqual(pace);
});

test.each([
  ...['count', 'per', 'burst'].flatMap((name) =>
    [0, -1, '5', null, undefined, true, MOST + 1].map((value) => rate({ [name]: value })),
  ),
  ...[0, -1, 1.5, '2', null, MOST + 1].map((limit) => ({ kind: 'concurrency', limit })),
  { kind: 'rhythm' },
  {},
  null,
  7,
])('a row that says %j says nothing', (pace) => {
  expect(readPace(JSON.stringify(pace))).toBeUndefined();
});

test('nor does one that is no JSON', () => {
  expect(readPace('{')).toBeUndefined();
  expect(readPace('')).toBeUndefined();
});
