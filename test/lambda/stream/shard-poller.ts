/** What a mapping is set to. */
export interface Mapping {
  readonly batchSize: number;
  readonly retryAttempts: number;
}

export interface Shard<R> {
  readonly records: readonly R[];
  sequenceNumberOf(record: R): string;
  /** Invokes the function; rejects where Lambda would see an error of the function. */
  invoke(
    records: readonly R[],
  ): Promise<{ readonly batchItemFailures?: readonly { readonly itemIdentifier: unknown }[] }>;
  /** What Lambda does with a batch whose retries are spent. */
  discard(records: readonly R[], attempts: number): Promise<void>;
  /** The shard is never read again before this record. */
  passed?(index: number): void;
}

/**
 * A shard and its event source mapping as AWS documents them, with partial batches and bisecting on: an error splits the batch
 * without spending a retry, a reply moves the checkpoint to the lowest sequence number that it names, a reply that names no
 * record of the batch is an error of all, and a batch whose retries are spent is discarded.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 */
export async function pollShard<R>(shard: Shard<R>, { batchSize, retryAttempts }: Mapping): Promise<number> {
  const { records, sequenceNumberOf, invoke, discard } = shard;
  let invocations = 0;
  /** The end of each part of a batch that was split, the next one last. */
  const ends: number[] = [];
  let start = 0;
  let attempts = 0;
  while (start < records.length) {
    const end = ends.at(-1) ?? Math.min(records.length, start + batchSize);
    const batch = records.slice(start, end);
    invocations++;
    const reply = await invoke(batch).catch(() => undefined);
    const failed = (reply?.batchItemFailures ?? []).map(({ itemIdentifier }) =>
      batch.findIndex((record) => sequenceNumberOf(record) === itemIdentifier),
    );
    const isError = reply === undefined || failed.includes(-1);
    const checkpoint = isError ? 0 : failed.length === 0 ? batch.length : Math.min(...failed);
    if (checkpoint > 0) {
      start += checkpoint;
      attempts = 0;
    } else if (isError && batch.length > 1) {
      if (ends.length === 0) ends.push(end);
      ends.push(start + Math.ceil(batch.length / 2));
      attempts = 0;
    } else if (++attempts > retryAttempts) {
      await discard(batch, attempts);
      start = end;
      attempts = 0;
    }
    while (ends.length > 0 && ends.at(-1)! <= start) ends.pop();
    shard.passed?.(start);
  }
  return invocations;
}
