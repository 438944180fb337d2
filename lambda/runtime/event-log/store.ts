import type {
  GetItemCommandInput,
  GetItemCommandOutput,
  PutItemCommandInput,
  QueryCommandInput,
  QueryCommandOutput,
  TransactWriteItem,
  TransactWriteItemsCommandInput,
  UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { EVENT_LOG_TABLE } from '../../../lib/private/contract';
import { AFTER_VERSIONS, appendKey, type Item, itemOf, type StoredEvent, storedOf, versionKey } from './stored';

/** What the log asks of DynamoDB, as the SDK's client takes and answers it. */
export interface LogCalls {
  putItem(input: PutItemCommandInput): Promise<unknown>;
  transactWriteItems(input: TransactWriteItemsCommandInput): Promise<unknown>;
  query(input: QueryCommandInput): Promise<Pick<QueryCommandOutput, 'Items' | 'LastEvaluatedKey'>>;
  getItem(input: GetItemCommandInput): Promise<Pick<GetItemCommandOutput, 'Item'>>;
  updateItem(input: UpdateItemCommandInput): Promise<unknown>;
}

/** What became of a write. */
export type Written =
  | { readonly kind: 'done' }
  /** DynamoDB was busy with these very rows: try again. */
  | { readonly kind: 'busy' }
  /** Some row is there that must not, or is not there that must. By the place of each in the write, what is there. */
  | { readonly kind: 'refused'; readonly found: ReadonlyMap<number, Item | undefined> };

const NEW = { ConditionExpression: 'attribute_not_exists(pk)' };
const FOUND = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;

/** The rows of a log. */
export class LogStore {
  constructor(
    private readonly calls: () => Promise<LogCalls>,
    private readonly table: string,
  ) {}

  /** Of these versions, in their order, as DynamoDB hands them out: up to 1 MiB at a time. */
  async *pages(streamId: string, from: number, to: number): AsyncGenerator<StoredEvent[]> {
    const { query } = await this.calls();
    let ExclusiveStartKey: Item | undefined;
    do {
      const page: Awaited<ReturnType<LogCalls['query']>> = await query({
        TableName: this.table,
        KeyConditionExpression: 'pk = :stream AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: {
          ':stream': { S: streamId },
          ':from': { S: versionKey(from) },
          ':to': { S: versionKey(to) },
        },
        ConsistentRead: true,
        ...(ExclusiveStartKey && { ExclusiveStartKey }),
      });
      if (page.Items?.length) yield page.Items.map(storedOf);
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
  }

  async last(streamId: string): Promise<StoredEvent | undefined> {
    const { query } = await this.calls();
    const { Items = [] } = await query({
      TableName: this.table,
      KeyConditionExpression: 'pk = :stream AND sk < :end',
      ExpressionAttributeValues: { ':stream': { S: streamId }, ':end': { S: AFTER_VERSIONS } },
      ScanIndexForward: false,
      ConsistentRead: true,
      Limit: 1,
    });
    return Items[0] && storedOf(Items[0]);
  }

  /** At which version the append of that name ended; nothing if there was none. */
  async marked(streamId: string, appendId: string): Promise<number | undefined> {
    const { query } = await this.calls();
    const { Items = [] } = await query({
      TableName: this.table,
      KeyConditionExpression: 'pk = :stream AND sk = :mark',
      ExpressionAttributeValues: { ':stream': { S: streamId }, ':mark': { S: appendKey(appendId) } },
      ConsistentRead: true,
    });
    return Items[0] && Number(Items[0].version?.N);
  }

  /** One row needs no transaction, which would cost twice as much. */
  async putOne(event: StoredEvent): Promise<Written> {
    const { putItem } = await this.calls();
    try {
      await putItem({ TableName: this.table, Item: itemOf(event), ...NEW, ...FOUND });
      return { kind: 'done' };
    } catch (error) {
      const { name, Item } = error as { name?: string; Item?: Item };
      if (name === 'ConditionalCheckFailedException') return { kind: 'refused', found: new Map([[0, Item]]) };
      if (name === 'TransactionConflictException') return { kind: 'busy' };
      throw error;
    }
  }

  /** All of it or nothing. */
  async transact(items: readonly TransactWriteItem[], token: string): Promise<Written> {
    const { transactWriteItems } = await this.calls();
    try {
      await transactWriteItems({ TransactItems: [...items], ClientRequestToken: token });
      return { kind: 'done' };
    } catch (error) {
      const { name, CancellationReasons: reasons = [] } = error as {
        name?: string;
        CancellationReasons?: readonly { readonly Code?: string; readonly Item?: Item }[];
      };
      if (name === 'TransactionInProgressException') return { kind: 'busy' };
      if (name !== 'TransactionCanceledException') throw error;
      const codes = new Set(reasons.map(({ Code }) => Code));
      if (codes.has('ConditionalCheckFailed')) {
        const failed = reasons.map(({ Code, Item }, i) => ({ Code, entry: [i, Item] as const }));
        return {
          kind: 'refused',
          found: new Map(failed.filter(({ Code }) => Code === 'ConditionalCheckFailed').map(({ entry }) => entry)),
        };
      }
      if (reasons.length > 0 && reasons.every(({ Code }) => PASSING.has(Code ?? 'None'))) return { kind: 'busy' };
      throw error;
    }
  }

  put(item: Item): TransactWriteItem {
    return { Put: { TableName: this.table, Item: item, ...NEW, ...FOUND } };
  }

  /** That a version is there, and not from later than now. */
  check(streamId: string, at: number, now: string): TransactWriteItem {
    return {
      ConditionCheck: {
        TableName: this.table,
        Key: { [EVENT_LOG_TABLE.stream]: { S: streamId }, [EVENT_LOG_TABLE.version]: { S: versionKey(at) } },
        ConditionExpression: 'attribute_exists(pk) AND #at <= :now',
        ExpressionAttributeNames: { '#at': 'at' },
        ExpressionAttributeValues: { ':now': { S: now } },
        ...FOUND,
      },
    };
  }
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
const PASSING = new Set(['None', 'TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);
