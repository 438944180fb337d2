import { accountOf, type Evidence } from './account';
import type { Work } from './app/work';
import type { Call } from './effects';
import { ALWAYS } from './load';

const work = (id: string, more: Partial<Work> = {}): Work => ({ id, key: id, fails: 0, bad: false, ...more });
const call = (id: string, more: Partial<Call> = {}): Call => ({
  id,
  key: id,
  group: undefined,
  step: undefined,
  characters: 0,
  receiveCount: 1,
  unexplained: false,
  ...more,
});
const seen = (more: Partial<Evidence> = {}): Evidence => ({ calls: [], letters: [], waiting: 0, ...more });
const bad = (id: string) => ({ id, reason: `${id} is bad for good` });

const WORKS = [work('a'), work('b', { bad: true }), work('c', { fails: ALWAYS }), work('d', { fails: 1 })];
const GOOD: Evidence = seen({
  calls: [call('a'), call('d', { receiveCount: 4 })],
  letters: [bad('b'), { id: 'c', reason: 'retries exhausted after 15 receives: c failed' }],
});

test('all is well when what is good has its effect, and what is bad is dead for its reason', () => {
  expect(accountOf(WORKS, GOOD)).toEqual({
    messages: 4,
    effects: 2,
    repeats: 0,
    dead: 2,
    deadTwice: 0,
    withoutReason: 0,
    receives: 4,
    attempts: 4,
    wasted: 2,
    lost: [],
    problems: [],
  });
});

test.each<[string, Partial<Evidence>, string]>([
  ['nothing came of a message', { calls: [call('a')] }, '1 lost: d'],
  ['a good one is dead', { letters: [...GOOD.letters, bad('a')] }, '1 dead that are well: a'],
  ['a bad one is not', { letters: [GOOD.letters[1]!] }, '1 not dead that are bad: b'],
  ['a bad one had an effect', { calls: [...GOOD.calls, call('b')] }, '1 with an effect that are bad: b'],
  ['there is one that nobody sent', { calls: [...GOOD.calls, call('x')] }, '1 that nobody sent: x'],
  ['there is such a letter', { letters: [...GOOD.letters, bad('x')] }, '1 that nobody sent: x'],
  [
    'a bad one is dead without its reason',
    { letters: [{ id: 'b', reason: undefined }, GOOD.letters[1]!] },
    '1 dead for another reason: b (undefined)',
  ],
  [
    'one that always fails is dead as if it were bad',
    { letters: [GOOD.letters[0]!, { id: 'c', reason: 'no JSON' }] },
    '1 dead for another reason: c (no JSON)',
  ],
  ['the queue is not empty', { waiting: 3 }, '3 still in the queue'],
])('it is a problem when %s', (_, wrong, problem) => {
  expect(accountOf(WORKS, { ...GOOD, ...wrong }).problems).toContain(problem);
});

test('one that always fails may be moved by SQS, when its last receive died', () => {
  const letters = [GOOD.letters[0]!, { id: 'c', reason: undefined }];
  expect(accountOf(WORKS, { ...GOOD, letters })).toMatchObject({ problems: [], withoutReason: 1 });
});

test('a letter that came twice is counted, and no problem', () => {
  expect(accountOf(WORKS, { ...GOOD, letters: [...GOOD.letters, bad('b')] })).toMatchObject({
    dead: 2,
    deadTwice: 1,
    problems: [],
  });
});

test('messages with one key are one effect, and none of them is lost', () => {
  const copies = [work('a'), work('a-copy', { key: 'a' })];
  expect(accountOf(copies, seen({ calls: [call('a-copy', { key: 'a' })] }))).toMatchObject({
    effects: 1,
    problems: [],
  });
});

describe('an effect that happened again', () => {
  const again = seen({ calls: [call('a'), call('a', { unexplained: true })] });

  test('is no problem where nothing is promised', () => {
    expect(accountOf([work('a')], again)).toMatchObject({ repeats: 1, problems: [] });
  });

  test('is one with idempotency, unless who had it before is dead', () => {
    expect(accountOf([work('a')], again, { once: true }).problems).toEqual([
      '1 with an effect again, without a death: a',
    ]);
    expect(accountOf([work('a')], seen({ calls: [call('a'), call('a')] }), { once: true }).problems).toEqual([]);
  });

  test('is one in a log, whoever died', () => {
    expect(accountOf([work('a')], seen({ calls: [call('a'), call('a')] }), { exact: true }).problems).toEqual([
      '1 effects happened again',
    ]);
  });
});

describe('the order of a group', () => {
  const steps = [1, 2, 3].map((step) => work(`s${step}`, { group: 'g', step }));
  const done = (...order: number[]) => seen({ calls: order.map((step) => call(`s${step}`, { group: 'g', step })) });

  test.each([
    ['kept', [1, 2, 3], []],
    ['kept by what is done again after a death', [1, 2, 1, 2, 3], []],
    ['broken', [1, 3, 2], ['1 groups out of order: g']],
  ])('is %s', (_, order, problems) => {
    expect(accountOf(steps, done(...order), { ordered: true }).problems).toEqual(problems);
  });
});
