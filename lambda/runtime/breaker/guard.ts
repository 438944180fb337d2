import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import { describe, sentence } from '../describe';
import type { Outcome } from '../outcome';
import { isDependencyError } from './dependency-error';
import type { Pass } from './pass';

export interface BreakerGuardOptions {
  readonly pass: Pass;
  readonly records: readonly SQSRecord[];
  /** What the handler counts as failures of the dependency, beyond what the library does. */
  isDependencyFailure?(thrown: unknown): boolean;
  /** What a failure makes of a record. */
  judge(record: SQSRecord, thrown: unknown): Outcome;
}

/** Tells the breaker how the records of a batch fare, and puts off what the dependency cannot do now. */
export class BreakerGuard {
  /** Failures of the dependency, judged when it is known whether the breaker has opened. */
  private readonly failures = new Map<SQSRecord, unknown>();

  constructor(private readonly options: BreakerGuardOptions) {}

  /** While it is a time, nothing may start, and what did not run rests until then. */
  get until(): number | undefined {
    return this.options.pass.until;
  }

  /** A probe is no stampede. */
  get isProbe(): boolean {
    return this.options.pass.probe;
  }

  handle(run: () => unknown): unknown {
    const { pass } = this.options;
    const failed = (thrown: unknown): never => {
      if (this.isDependencyFailure(thrown)) pass.failed();
      throw thrown;
    };
    try {
      const result = run();
      if (result instanceof Promise) return result.then(() => pass.succeeded(), failed);
      pass.succeeded();
      return undefined;
    } catch (thrown) {
      return failed(thrown);
    }
  }

  /** What it is for now, if it is a failure of the dependency. */
  outcomeOf(record: SQSRecord, thrown: unknown): Outcome | undefined {
    if (!this.isDependencyFailure(thrown)) return undefined;
    this.failures.set(record, thrown);
    return { kind: 'retry', reason: sentence(describe(thrown)) };
  }

  /** A failure of a dependency that is down is none of the message's: it rests until the breaker lets it through. */
  async finish(outcomes: readonly Outcome[], by: number): Promise<Outcome[]> {
    await this.options.pass.end(by);
    const { records, judge } = this.options;
    const { until } = this;
    return outcomes.map((outcome, i) => {
      const record = records[i]!;
      const isFailure = this.failures.has(record);
      if (until !== undefined && (isFailure || outcome.kind === 'deferred')) return { kind: 'deferred', until };
      return isFailure ? judge(record, this.failures.get(record)) : outcome;
    });
  }

  private isDependencyFailure(thrown: unknown): boolean {
    try {
      return isDependencyError(thrown) || this.options.isDependencyFailure?.(thrown) === true;
    } catch {
      return false;
    }
  }
}
