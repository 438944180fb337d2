export interface Figure {
  readonly group: string;
  readonly id: string;
  readonly name: string;
  readonly median: number;
  readonly unit: string;
  /** Against the floor of its group. */
  readonly ratio?: number;
  /** The most that the median or the ratio may be. */
  readonly goal?: { readonly median?: number; readonly ratio?: number };
  /** What the table has no room for. */
  readonly detail?: Record<string, number>;
}

export const met = ({ goal, median, ratio }: Figure): boolean | undefined => {
  if (goal === undefined) return undefined;
  return (
    median <= (goal.median ?? Number.POSITIVE_INFINITY) && (ratio ?? 0) <= (goal.ratio ?? Number.POSITIVE_INFINITY)
  );
};

const number = (value: number): string =>
  Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : value.toFixed(2);

const goalText = ({ goal, unit }: Figure): string => {
  if (goal?.ratio !== undefined) return `<= ${goal.ratio} x`;
  return goal?.median === undefined ? '' : `<= ${goal.median.toLocaleString('en')} ${unit}`;
};

const cells = (figure: Figure): string[] => [
  figure.name,
  `${number(figure.median)} ${figure.unit}`,
  figure.ratio === undefined ? '' : `${figure.ratio.toFixed(2)} x`,
  goalText(figure),
  { true: 'met', false: 'MISSED', undefined: '' }[`${met(figure)}`],
];

export const table = (figures: readonly Figure[]): string => {
  const head = ['', 'median', 'ratio', 'goal', ''];
  const body = figures.map(cells);
  const widths = head.map((_, column) => Math.max(...[head, ...body].map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ');
  const lines = [line(head)];
  for (const [n, figure] of figures.entries()) {
    if (figure.group !== figures[n - 1]?.group) lines.push('', figure.group);
    lines.push(line(body[n]!));
  }
  return lines.map((text) => text.trimEnd()).join('\n');
};
