import type {
  AttributeValue,
  BatchStatementRequest,
  PutItemCommandInput,
  UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { StatementCalls } from '../../../lambda/runtime/idempotency/store';

type Item = Record<string, AttributeValue>;
type Calls = StatementCalls & {
  putItem(input: PutItemCommandInput): Promise<unknown>;
  updateItem(input: UpdateItemCommandInput): Promise<unknown>;
};

export const TABLE = 'orders-keys';

const DONE: AttributeValue = { S: 'done' };
const RUNNING: AttributeValue = { S: 'running' };

/** What the SDK throws, without the SDK: its bundle would be measured too. */
class ConditionalCheckFailed extends Error {
  override readonly name = 'ConditionalCheckFailedException';
  constructor(readonly Item: Item) {
    super('The conditional request failed');
  }
}

/**
 * DynamoDB in this process, for all contenders the same: the calls as its client takes them, with as little behind them as
 * can be. It knows the calls that the contenders make, and refuses others rather than answer them wrong.
 */
export class Store implements Calls {
  requests = 0;
  private items = new Map<string, Item>();

  /**
   * Makes every key a fresh one. Not by `clear`: a map's table refers to the one that replaces it, and a chain of them, once
   * it is old, keeps what is young alive.
   */
  forget(): void {
    this.items = new Map();
  }

  /** Every put is on the condition that there is no such key. */
  async putItem({ Item }: PutItemCommandInput) {
    this.requests++;
    const key = Item!.pk!.S!;
    const found = this.items.get(key);
    if (found) throw new ConditionalCheckFailed(found);
    this.items.set(key, Item!);
    return {};
  }

  /** Every update is the one that says that the work is done. */
  async updateItem({ Key, ExpressionAttributeValues: values }: UpdateItemCommandInput) {
    this.requests++;
    const item = this.items.get(Key!.pk!.S!)!;
    item.state = values![':state']!;
    item.ttl = values![':ttl']!;
    if (values![':result']) item.result = values![':result'];
    return {};
  }

  async batchExecuteStatement(statements: BatchStatementRequest[]) {
    this.requests++;
    return statements.map((statement) => this.execute(statement));
  }

  private execute({
    Statement,
    Parameters,
  }: BatchStatementRequest): Awaited<ReturnType<StatementCalls['batchExecuteStatement']>>[number] {
    const p = Parameters!;
    if (Statement!.startsWith('INSERT')) {
      const [pk, owner, hash, lease, ttl] = p as [AttributeValue, ...AttributeValue[]];
      // AWS's documentation does not promise the item here; without it a duplicate costs most.
      if (this.items.has(pk.S!)) return { Error: { Code: 'DuplicateItem' } };
      this.items.set(pk.S!, { pk, owner, hash, lease, ttl, state: RUNNING } as Item);
      return {};
    }
    const isCompletion = p.length === 4;
    const item = this.items.get((isCompletion ? p[2] : p[4])!.S!);
    if (isCompletion && item?.owner?.S === p[3]!.S) {
      item!.result = p[0]!;
      item!.ttl = p[1]!;
      item!.state = DONE;
      return {};
    }
    // An heir's, refused: no lease ends here while anybody holds it.
    if (p.length === 7 && item?.state === DONE) return { Error: { Code: 'ConditionalCheckFailed', Item: item } };
    throw new Error(`the store of the benchmark does not know this statement here: ${Statement}`);
  }
}
