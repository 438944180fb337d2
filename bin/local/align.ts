/** Lines of cells, the first column to the left, numbers to the right. */
export function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
}

export const count = <T>(items: readonly T[], test: (item: T) => boolean): number => items.filter(test).length;

export const rule = (head: string): string => '─'.repeat(head.length);
