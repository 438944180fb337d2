/** The attributes that add up to what a queue holds: waiting, in hand, delayed. */
export const SIZES = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

export const sizeOf = (attributes: Readonly<Record<string, string>> = {}): number =>
  SIZES.reduce((sum, name) => sum + Number(attributes[name] ?? 0), 0);
