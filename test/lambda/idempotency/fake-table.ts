import type { AttributeValue, BatchStatementError, BatchStatementRequest } from '@aws-sdk/client-dynamodb';
import type { StatementCalls } from '../../../lambda/runtime/idempotency/store';

type Item = Record<string, AttributeValue>;

const text = (value?: AttributeValue): string => value?.S ?? '';
const number = (value?: AttributeValue): number => Number(value?.N);

const ownedBy = (statement: string, item: Item, owner?: AttributeValue): boolean =>
  !statement.endsWith('AND "owner" = ?') || text(item.owner) === text(owner);

/**
 * What DynamoDB does with the four statements of the runtime, written from what they say and not from what the runtime means
 * by them.
 */
export class FakeTable implements StatementCalls {
  readonly items = new Map<string, Item>();
  /** How often a key went from running to done. */
  readonly completions = new Map<string, number>();
  readonly requests: BatchStatementRequest[][] = [];
  /** Whether DuplicateItem carries the item: AWS's documentation allows for both. */
  returnsDuplicates = false;
  /** Refuses statements one by one, as throttling does. */
  refuse: (request: BatchStatementRequest) => BatchStatementError | undefined = () => undefined;

  async batchExecuteStatement(statements: BatchStatementRequest[]) {
    this.requests.push(statements);
    if (statements.length > 25) throw new Error('ValidationException: more than 25 statements');
    return statements.map((request) => {
      const error = this.refuse(request) ?? this.apply(request);
      return error ? { Error: error } : {};
    });
  }

  private apply({ Statement, Parameters, ReturnValuesOnConditionCheckFailure }: BatchStatementRequest) {
    const p = Parameters ?? [];
    const failed = (item?: Item): BatchStatementError => ({
      Code: 'ConditionalCheckFailed',
      ...(item && ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && { Item: { ...item } }),
    });
    const [verb] = Statement!.split(' ');
    if (verb === 'INSERT') {
      const [pk, owner, hash, lease, ttl] = p;
      const existing = this.items.get(text(pk));
      const returns = this.returnsDuplicates && ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
      if (existing) return { Code: 'DuplicateItem' as const, ...(returns && { Item: { ...existing } }) };
      this.items.set(text(pk), { pk, owner, hash, lease, ttl, state: { S: 'running' } } as Item);
      return undefined;
    }
    if (verb === 'DELETE') {
      const [pk, owner] = p;
      const item = this.items.get(text(pk));
      if (!item || !ownedBy(Statement!, item, owner)) return failed(item);
      this.items.delete(text(pk));
      return undefined;
    }
    if (Statement!.includes('"lease" = ?')) {
      const [owner, hash, lease, ttl, pk, ...rest] = p;
      const item = this.items.get(text(pk));
      const heir = Statement!.endsWith(`AND "state" = 'running' AND "hash" = ? AND "lease" <= ?`);
      const met = heir
        ? item &&
          text(item.state) === 'running' &&
          text(item.hash) === text(rest[0]) &&
          number(item.lease) <= number(rest[1])
        : item &&
          Statement!.endsWith('AND "owner" = ? AND "state" = ? AND "lease" = ?') &&
          text(item.owner) === text(rest[0]) &&
          text(item.state) === text(rest[1]) &&
          number(item.lease) === number(rest[2]);
      if (!met) return failed(item);
      this.items.set(text(pk), { pk, owner, hash, lease, ttl, state: { S: 'running' } } as Item);
      return undefined;
    }
    const [result, ttl, pk, owner] = p;
    const item = this.items.get(text(pk));
    if (!item || !ownedBy(Statement!, item, owner)) return failed(item);
    if (text(item.state) !== 'done') this.completions.set(text(pk), (this.completions.get(text(pk)) ?? 0) + 1);
    Object.assign(item, { result, ttl, state: { S: 'done' } });
    return undefined;
  }
}
