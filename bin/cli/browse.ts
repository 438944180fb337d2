import type { Aws, Handle } from './aws';
import { type Letter, letterOf } from './letter';

/** Seconds that a letter is out of the queue at most, should nobody put it back. */
export const HIDDEN_SECONDS = 120;
/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html */
export const BATCH = 10;

/** Letters that were taken out of a queue to look at, and go back. */
export class Looked {
  private readonly handles = new Map<string, string>();

  constructor(
    private readonly aws: Aws,
    private readonly url: string,
  ) {}

  get size(): number {
    return this.handles.size;
  }

  add({ id, receiptHandle }: Handle): void {
    this.handles.set(id, receiptHandle);
  }

  /** It is gone from the queue. */
  delete(id: string): void {
    this.handles.delete(id);
  }

  has(id: string): boolean {
    return this.handles.has(id);
  }

  /** Shows them again. What that fails for shows by itself within two minutes. */
  async putBack(): Promise<void> {
    const all = Array.from(this.handles, ([id, receiptHandle]) => ({ id, receiptHandle }));
    this.handles.clear();
    for (let i = 0; i < all.length; i += BATCH) {
      await this.aws.release(this.url, all.slice(i, i + BATCH)).catch(() => {});
    }
  }
}

/** Letters one after another, each once, until there are no more or nobody asks. They are hidden meanwhile. */
export async function* letters(aws: Aws, url: string, looked: Looked, stop: AbortSignal): AsyncGenerator<Letter[]> {
  for (let repeated = 0; !stop.aborted; ) {
    const batch = (await aws.receive(url, BATCH, HIDDEN_SECONDS)).map(letterOf);
    const fresh = batch.filter(({ id }) => !looked.has(id));
    for (const letter of batch) looked.add(letter);
    // Those that were looked at long ago come round again.
    repeated = fresh.length > 0 ? 0 : repeated + batch.length;
    if (batch.length === 0 || repeated > looked.size) return;
    if (fresh.length > 0) yield fresh;
  }
}
