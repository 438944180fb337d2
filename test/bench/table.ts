/** One measured thing, of whichever part. */
export interface Figure {
  readonly id: string;
  /** What is compared with each other. */
  readonly area: string;
  readonly what: string;
  /** A median, or a count. */
  readonly measured: number;
  readonly unit: string;
  /** Against the floor of its area, round by round. */
  readonly ratio?: number;
  /** The most that the measured or the ratio may be. */
  readonly goal?: { readonly measured?: number; readonly ratio?: number };
  /** What the table has no room for. */
  readonly detail?: Record<string, number>;
}

export const met = ({ goal, measured, ratio }: Figure): boolean | undefined => {
  if (goal === undefined) return undefined;
  return (
    measured <= (goal.measured ?? Number.POSITIVE_INFINITY) && (ratio ?? 0) <= (goal.ratio ?? Number.POSITIVE_INFINITY)
  );
};

const number = (value: number): string =>
  Math.abs(value) >= 1000 || Number.isInteger(value) ? Math.round(value).toLocaleString('en') : value.toFixed(2);

const goalText = ({ goal, unit }: Figure): string => {
  if (goal?.ratio !== undefined) return `<= ${goal.ratio} x`;
  return goal?.measured === undefined ? '' : `<= ${goal.measured.toLocaleString('en')} ${unit}`;
};

export const HEAD = ['', 'measured', 'ratio', 'goal', ''];

export const cells = (figure: Figure): string[] => [
  figure.what,
  `${number(figure.measured)} ${figure.unit}`,
  figure.ratio === undefined ? '' : `${figure.ratio.toFixed(2)} x`,
  goalText(figure),
  { true: 'met', false: 'MISSED', undefined: '' }[`${met(figure)}`],
];

/** All figures below their areas, for a terminal. */
export const table = (figures: readonly Figure[]): string => {
  const body = figures.map(cells);
  const widths = HEAD.map((_, column) => Math.max(...[HEAD, ...body].map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ');
  const lines = [line(HEAD)];
  for (const [n, figure] of figures.entries()) {
    if (figure.area !== figures[n - 1]?.area) lines.push('', figure.area);
    lines.push(line(body[n]!));
  }
  return lines.map((text) => text.trimEnd()).join('\n');
};
