export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** Each value against the one of the same round: what disturbs the machine disturbs both. */
export const ratios = (values: readonly number[], floor: readonly number[]): number[] =>
  values.map((value, round) => value / floor[round]!);

export const differences = (values: readonly number[], floor: readonly number[]): number[] =>
  values.map((value, round) => value - floor[round]!);
