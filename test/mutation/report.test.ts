import { describeMutant, judge, mutantsOf, type StrykerReport, scoreOf, scoreTable, survivorTable } from './report';

const source = `const most = (a: number, b: number) =>
  a > b
    ? a
    : b;
`;
const at = (line: number, column: number, endLine: number, endColumn: number) => ({
  start: { line, column },
  end: { line: endLine, column: endColumn },
});
const report: StrykerReport = {
  files: {
    'most.ts': {
      source,
      mutants: [
        { status: 'Survived', replacement: 'a >= b', location: at(2, 3, 2, 8) },
        { status: 'Killed', replacement: 'a <= b', location: at(2, 3, 2, 8) },
        { status: 'Timeout', replacement: 'true', location: at(2, 3, 2, 8) },
        { status: 'NoCoverage', replacement: '() => undefined', location: at(1, 14, 4, 8) },
        { status: 'Ignored', replacement: '""', location: at(1, 1, 1, 2) },
      ],
    },
  },
};
const mutants = mutantsOf('sorting', report);
const why = 'of two that are equal either will do';

test('a mutant is known by what stood there, on however many lines, and what stood there instead', () => {
  expect(mutants.map(({ line, mutated }) => [line, mutated])).toEqual([
    [2, 'a > b'],
    [2, 'a > b'],
    [2, 'a > b'],
    [1, '(a: number, b: number) => a > b ? a : b'],
    [1, 'c'],
  ]);
  expect(describeMutant(mutants[0]!)).toBe('most.ts:2: a > b -> a >= b');
});

test('what was killed or ran out of time was noticed; what was not mutated does not count', () => {
  const score = scoreOf('sorting', mutants);
  expect(score).toEqual({
    idea: 'sorting',
    files: ['most.ts'],
    mutants: 4,
    killed: 1,
    timeouts: 1,
    survived: 1,
    uncovered: 1,
    score: 0.5,
  });
  expect(scoreTable([score])).toContain('| sorting | 1 | 4 | 1 | 1 | 1 | 1 | 50.0 % |');
});

test('a survivor without a reason is open, and so is one that no test reaches', () => {
  const { explained, open, stale } = judge(mutants, [{ file: 'most.ts', why, mutants: [['a   >\n b', 'a >= b']] }]);
  expect(explained).toEqual([[mutants[0], why]]);
  expect(open).toEqual([mutants[3]]);
  expect(stale).toEqual([]);
  expect(survivorTable(explained)).toContain(`| most.ts:2 | <code>a &gt; b</code> | <code>a &gt;= b</code> | ${why} |`);
});

test('a reason of what is noticed by now, or is not there, is stale; one of a file that was not mutated is not', () => {
  const { stale } = judge(mutants, [
    { file: 'most.ts', why, mutants: [['a > b', 'a <= b']] },
    { file: 'most.ts', why, mutants: [['a > c', 'a >= c']] },
    { file: 'least.ts', why, mutants: [['a < b', 'a <= b']] },
  ]);
  expect(stale).toEqual(['most.ts: a > b -> a <= b', 'most.ts: a > c -> a >= c']);
});
