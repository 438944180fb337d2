import type { AttributeValue, BatchStatementRequest, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { Attempt, Ending, JobRow } from './job';

const S = (value: string): AttributeValue => ({ S: value });
const N = (value: number): AttributeValue => ({ N: String(value) });
const text = (value: string | undefined): AttributeValue => (value === undefined ? { NULL: true } : S(value));

const ENDING =
  'SET #state = :state, #result = :result, #stored = :stored, #problem = :problem, #ended = :now, #changed = :now, #ttl = :ttl';
const NAMES = /* @__PURE__ */ Object.fromEntries(
  /* @__PURE__ */ ['state', 'result', 'stored', 'problem', 'ended', 'changed', 'ttl', 'run'].map((name) => [
    `#${name}`,
    name,
  ]),
);
const STARTING = `SET "state" = 'running' SET "run" = ? SET "lease" = ? SET "attempt" = ? SET "changed" = ? SET "sendBy" = ?`;
/** What tells whether a row is still the one that was seen. */
const SEEN = `"state" = ? AND "run" = ? AND "lease" = ?`;
/** The queue deletes a message after so long at the latest: a row that outlives that is of no use. Seconds. */
const LONGEST_RETENTION = 14 * 86_400;

/**
 * What happens to a job, each on its own condition. What a batch has in common are statements: many are one request, in which
 * each succeeds or fails alone. Ends come one by one.
 */
export class JobStatements {
  private readonly insertText: string;
  private readonly sentText: string;
  private readonly startText: string;
  private readonly takeText: string;
  private readonly releaseText: string;
  private readonly progressText: string;

  constructor(
    private readonly table: string,
    /** Seconds that an ended job is remembered. */
    private readonly retention: number,
  ) {
    const name = `"${table.replaceAll('"', '""')}"`;
    const mine = `WHERE "pk" = ? AND "state" = 'running' AND "run" = ?`;
    this.insertText =
      `INSERT INTO ${name} VALUE {'pk': ?, 'state': 'accepted', 'owner': ?, 'hash': ?, 'created': ?, 'expires': ?, ` +
      `'sendBy': ?, 'run': '', 'lease': 0, 'attempt': 0, 'changed': ?, 'callback': ?, 'ttl': ?}`;
    this.sentText = `UPDATE ${name} SET "sendBy" = 0 WHERE "pk" = ? AND "created" = ? AND "state" = 'accepted'`;
    this.startText = `UPDATE ${name} ${STARTING} WHERE "pk" = ? AND "state" = 'accepted' AND "expires" > ?`;
    this.takeText = `UPDATE ${name} ${STARTING} SET "problem" = ? WHERE "pk" = ? AND ${SEEN}`;
    this.releaseText = `UPDATE ${name} SET "lease" = 0 SET "attempt" = ? ${mine}`;
    this.progressText = `UPDATE ${name} SET "progress" = ? SET "changed" = ? ${mine}`;
  }

  /** Fails with DuplicateItem if there is a job of that id. */
  insert({ id, owner, hash, created, expires, sendBy, callback }: JobRow): BatchStatementRequest {
    const ttl = Math.ceil(expires / 1000) + Math.max(this.retention, LONGEST_RETENTION);
    return {
      Statement: this.insertText,
      Parameters: [S(id), S(owner), S(hash), N(created), N(expires), N(sendBy), N(created), text(callback), N(ttl)],
    };
  }

  /** The queue has the message. Fails with the row if that has come further meanwhile, or has been given up. */
  sent({ id, created }: Pick<JobRow, 'id' | 'created'>): BatchStatementRequest {
    return {
      Statement: this.sentText,
      Parameters: [S(id), N(created)],
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    };
  }

  /** The first attempt at a job, as most are. Fails with ConditionalCheckFailed and the row, if there is one. */
  start(attempt: Attempt, now: number): BatchStatementRequest {
    return {
      Statement: this.startText,
      Parameters: [...this.started(attempt, now), S(attempt.jobId), N(now)],
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    };
  }

  /** An attempt at a job that was seen to be free, if it still is. */
  take(attempt: Attempt, seen: JobRow, now: number): BatchStatementRequest {
    return {
      Statement: this.takeText,
      Parameters: [...this.started(attempt, now), { NULL: true }, ...this.seen(seen)],
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    };
  }

  /** The end that an attempt brings about. Fails if the job is no longer its own: cancelled, expired, taken over. */
  end({ jobId, run }: Attempt, ending: Ending, now: number): UpdateItemCommandInput {
    return this.ended(jobId, ending, now, '#state = :from AND #run = :run', { ':from': S('running'), ':run': S(run) });
  }

  /** The end of a job that was seen to have none: cancelled, or its time is up. Fails if it was sent meanwhile. */
  finish({ id, state, run, sendBy }: JobRow, ending: Ending, now: number): UpdateItemCommandInput {
    const input = this.ended(id, ending, now, '#state = :from AND #run = :run AND #sendBy = :sendBy', {
      ':from': S(state),
      ':run': S(run),
      ':sendBy': N(sendBy),
    });
    return { ...input, ExpressionAttributeNames: { ...NAMES, '#sendBy': 'sendBy' } };
  }

  /**
   * An attempt that came to no end: the next need not wait for its lease.
   *
   * @param counts whether it was one in earnest
   */
  release({ jobId, run, attempt }: Attempt, counts: boolean): BatchStatementRequest {
    return { Statement: this.releaseText, Parameters: [N(counts ? attempt : attempt - 1), S(jobId), S(run)] };
  }

  progress({ jobId, run }: Attempt, share: number, now: number): BatchStatementRequest {
    return { Statement: this.progressText, Parameters: [N(share), N(now), S(jobId), S(run)] };
  }

  private started({ run, lease, attempt }: Attempt, now: number): AttributeValue[] {
    // Its message has come, so it was sent.
    return [S(run), N(lease), N(attempt), N(now), N(0)];
  }

  private seen({ id, state, run, lease }: JobRow): AttributeValue[] {
    return [S(id), S(state), S(run), N(lease)];
  }

  private ended(
    id: string,
    { state, result, stored, problem }: Ending,
    now: number,
    ConditionExpression: string,
    condition: Record<string, AttributeValue>,
  ): UpdateItemCommandInput {
    const json = (value: object | undefined) => text(value && JSON.stringify(value));
    return {
      TableName: this.table,
      Key: { pk: S(id) },
      UpdateExpression: ENDING,
      ConditionExpression,
      ExpressionAttributeNames: NAMES,
      ExpressionAttributeValues: {
        ...condition,
        ':state': S(state),
        ':result': text(result),
        ':stored': json(stored),
        ':problem': json(problem),
        ':now': N(now),
        ':ttl': N(Math.ceil(now / 1000) + this.retention),
      },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    };
  }
}
