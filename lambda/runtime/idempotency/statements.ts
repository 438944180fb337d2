import type { AttributeValue, BatchStatementRequest } from '@aws-sdk/client-dynamodb';
import type { Claim, Row } from './row';

const S = (value: string): AttributeValue => ({ S: value });
const N = (value: number): AttributeValue => ({ N: String(value) });

/**
 * What happens to a key. Each is one statement with its own condition, so that a batch of them is one request
 * (BatchExecuteStatement) in which each succeeds or fails alone.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.multiplestatements.batching.html
 */
export class Statements {
  private readonly insertText: string;
  private readonly inheritText: string;
  private readonly takeText: string;
  private readonly completeText: string;
  private readonly releaseText: string;

  constructor(
    table: string,
    /** Seconds that a key is remembered. */
    private readonly retention: number,
  ) {
    const name = `"${table.replaceAll('"', '""')}"`;
    this.insertText = `INSERT INTO ${name} VALUE {'pk': ?, 'owner': ?, 'hash': ?, 'lease': ?, 'ttl': ?, 'state': 'running'}`;
    const take = `UPDATE ${name} SET "owner" = ? SET "hash" = ? SET "lease" = ? SET "ttl" = ? SET "state" = 'running' REMOVE "result" WHERE "pk" = ?`;
    this.inheritText = `${take} AND "state" = 'running' AND "hash" = ? AND "lease" <= ?`;
    this.takeText = `${take} AND "owner" = ? AND "state" = ? AND "lease" = ?`;
    this.completeText = `UPDATE ${name} SET "state" = 'done' SET "result" = ? SET "ttl" = ? WHERE "pk" = ? AND "owner" = ?`;
    this.releaseText = `DELETE FROM ${name} WHERE "pk" = ? AND "owner" = ?`;
  }

  /** For a key that nobody has used. Fails with DuplicateItem. */
  insert({ key, owner, hash, lease }: Claim): BatchStatementRequest {
    return {
      Statement: this.insertText,
      Parameters: [S(key), S(owner), S(hash), N(lease), N(this.ttlOf(lease))],
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    };
  }

  /**
   * For a key that probably has a row: takes it from an attempt at the same work whose lease has ended. Fails with
   * ConditionalCheckFailed and, if there is a row, the row.
   */
  inherit(claim: Claim, now: number): BatchStatementRequest {
    return {
      Statement: this.inheritText,
      Parameters: [...this.taken(claim), S(claim.hash), N(now)],
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    };
  }

  /** For a row that was seen to be free, if it is still the same. Fails as `inherit` does. */
  take(claim: Claim, { owner, done, lease }: Row): BatchStatementRequest {
    return {
      Statement: this.takeText,
      Parameters: [...this.taken(claim), S(owner), S(done ? 'done' : 'running'), N(lease)],
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    };
  }

  /** Fails with ConditionalCheckFailed if another has taken the key. */
  complete({ key, owner }: Claim, result: string | undefined, now: number): BatchStatementRequest {
    const stored: AttributeValue = result === undefined ? { NULL: true } : S(result);
    return { Statement: this.completeText, Parameters: [stored, N(this.ttlOf(now)), S(key), S(owner)] };
  }

  /** For work that was not done: the next attempt need not wait for the lease to end. */
  release({ key, owner }: Claim): BatchStatementRequest {
    return { Statement: this.releaseText, Parameters: [S(key), S(owner)] };
  }

  private taken({ key, owner, hash, lease }: Claim): AttributeValue[] {
    return [S(owner), S(hash), N(lease), N(this.ttlOf(lease)), S(key)];
  }

  private ttlOf(time: number): number {
    return Math.ceil(time / 1000) + this.retention;
  }
}
