import { type LogSight, logProblems } from './log';

const event = (version: number, amount = version) => ({ streamId: 's', version, id: `c${version}`, amount });
const GOOD: LogSight = {
  events: [event(2), event(1)],
  sums: new Map([['s', { amount: 3, version: 2 }]]),
  archived: new Set(['s@1', 's@2']),
};

test('a log without gaps, whose sums are the folds and whose archive is complete, has no problem', () => {
  expect(logProblems(GOOD)).toEqual([]);
});

test.each<[string, Partial<LogSight>, string]>([
  ['a gap', { events: [event(1), event(3, 2)] }, 's has versions 1, 3'],
  ['a version twice', { events: [event(1), event(1, 2)] }, 's has versions 1, 1'],
  [
    'a sum that is behind',
    { sums: new Map([['s', { amount: 1, version: 1 }]]) },
    'the sum of s is {"amount":1,"version":1}, and its 2 events make 3',
  ],
  ['no sum', { sums: new Map() }, 'the sum of s is undefined, and its 2 events make 3'],
  ['an event that is not archived', { archived: new Set(['s@1']) }, '1 events are not in the archive'],
])('%s is one', (_, wrong, problem) => {
  expect(logProblems({ ...GOOD, ...wrong })).toContain(problem);
});
