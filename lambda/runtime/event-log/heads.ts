/** A version that is known to be in the log, and when it was appended. Rows never change, so what was seen once stays true. */
export interface Head {
  readonly version: number;
  /** In ISO 8601. */
  readonly at: string;
}

const KEPT = 1_000;

/** The last versions of streams that this process has seen, of those it has seen lately. */
export class Heads {
  private readonly heads = new Map<string, Head>();

  get(streamId: string): Head | undefined {
    return this.heads.get(streamId);
  }

  saw(streamId: string, version: number, at: string): void {
    const known = this.heads.get(streamId);
    if (known && known.version >= version) return;
    this.heads.delete(streamId);
    this.heads.set(streamId, { version, at });
    if (this.heads.size > KEPT) this.heads.delete(this.heads.keys().next().value!);
  }
}
