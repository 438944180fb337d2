import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import { receiveCountOf } from './outcome';

/** Keeps count of receives that were no attempts: a breaker or a pacer. */
export interface Forgiving {
  /** Nothing if that cannot be told now. */
  forgiven(messageIds: readonly string[]): Promise<ReadonlyMap<string, number> | undefined>;
  forgive(messageIds: readonly string[], by: number): Promise<void>;
}

/** How often the messages of a batch have been handed out in earnest. */
export class Attempts {
  /** Receives that were no attempts; missing when the ledger does not answer. */
  private forgiven: ReadonlyMap<string, number> | undefined = new Map();

  constructor(
    private readonly maxReceiveCount: number,
    /** Missing: every receive is an attempt. */
    private readonly ledger?: Forgiving,
  ) {}

  /** Only who is at the end by the count of SQS needs to know what is forgiven. */
  async open(records: readonly SQSRecord[]): Promise<void> {
    if (!this.ledger) return;
    const spent = records.filter((record) => receiveCountOf(record) >= this.maxReceiveCount);
    if (spent.length > 0) this.forgiven = await this.ledger.forgiven(spent.map(({ messageId }) => messageId));
  }

  /** Without the ledger nobody is at the end: SQS counts on. */
  of(record: SQSRecord): number {
    const receives = receiveCountOf(record);
    if (receives < this.maxReceiveCount || !this.ledger) return receives;
    return this.forgiven ? Math.max(1, receives - (this.forgiven.get(record.messageId) ?? 0)) : 1;
  }

  /** These receives were no attempts. */
  async forgive(records: readonly SQSRecord[], by: number): Promise<void> {
    if (records.length === 0) return;
    await this.ledger?.forgive(
      records.map(({ messageId }) => messageId),
      by,
    );
  }
}
