/** What a batch may do, from its start to its end. */
export interface Pass {
  /**
   * While it is a number, no record may start, and those that did not run rest until then, in milliseconds since the epoch.
   * It may become one while the batch runs.
   */
  readonly until: number | undefined;
  /** Whether records run one at a time. Over with the first success. */
  readonly probe: boolean;
  /** A record was handled. */
  succeeded(): void;
  /** The dependency failed a record. */
  failed(): void;
  /**
   * The batch is over: reports what is not reported. It has time until `by`, in milliseconds since the epoch; then `until` is
   * final. Never rejects.
   */
  end(by?: number): Promise<void>;
}

/** What a breaker does for its passes. */
export interface Gate {
  now(): number;
  /** Until when nothing may start, if so. */
  blocked(): number | undefined;
  /** Until when to put off what may not start, whatever is known. */
  restingTime(): number;
  /** A call in the stage of that version: one of an earlier stage says nothing about this one. */
  succeeded(version: number): void;
  failed(version: number): void;
  /** Ends a probe. Resolves to the version of the stage that the breaker then is in, nothing if that is not known. */
  settle(owner: string, verdict: 'closed' | 'open' | 'released'): Promise<number | undefined>;
  flush(): Promise<void>;
}

export class RefusedPass implements Pass {
  readonly probe = false;

  constructor(readonly until: number) {}

  succeeded(): void {}

  failed(): void {}

  async end(): Promise<void> {}
}

export class ClosedPass implements Pass {
  readonly probe = false;

  constructor(
    private readonly gate: Gate,
    private readonly version: number,
  ) {}

  get until(): number | undefined {
    return this.gate.blocked();
  }

  succeeded(): void {
    this.gate.succeeded(this.version);
  }

  failed(): void {
    this.gate.failed(this.version);
  }

  end(by?: number): Promise<void> {
    return untilTime(this.gate.flush(), this.gate, by);
  }
}

/** One record asks the dependency; if it answers, the rest of the batch is a batch like any other. */
export class ProbePass implements Pass {
  private verdict: 'closed' | 'open' | undefined;
  private restUntil: number | undefined;
  private settling: Promise<void> = Promise.resolve();
  /** Of the stage after the probe, once that is known. */
  private version: number | undefined;
  /** Failures before that. */
  private early = 0;

  constructor(
    private readonly gate: Gate,
    private readonly owner: string,
  ) {}

  get until(): number | undefined {
    if (this.verdict === 'open') return this.restUntil;
    return this.version === undefined ? undefined : this.gate.blocked();
  }

  get probe(): boolean {
    return this.verdict === undefined;
  }

  succeeded(): void {
    if (this.verdict === undefined) this.decide('closed');
    else if (this.version !== undefined) this.gate.succeeded(this.version);
  }

  failed(): void {
    if (this.verdict === undefined) this.decide('open');
    else if (this.version !== undefined) this.gate.failed(this.version);
    else this.early++;
  }

  end(by?: number): Promise<void> {
    const over = async (): Promise<void> => {
      if (this.verdict === undefined) await this.gate.settle(this.owner, 'released');
      await this.settling;
      await this.gate.flush();
    };
    return untilTime(over(), this.gate, by);
  }

  private decide(verdict: 'closed' | 'open'): void {
    this.verdict = verdict;
    this.restUntil = this.gate.restingTime();
    this.settling = this.gate.settle(this.owner, verdict).then((version) => {
      if (verdict === 'open') {
        this.restUntil = this.gate.restingTime();
        return;
      }
      this.version = version;
      if (version !== undefined) for (; this.early > 0; this.early--) this.gate.failed(version);
    });
  }
}

async function untilTime(work: Promise<void>, gate: Gate, by = Number.POSITIVE_INFINITY): Promise<void> {
  const left = by - gate.now();
  if (left === Number.POSITIVE_INFINITY) return work;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, left));
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
