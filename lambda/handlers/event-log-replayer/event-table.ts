import type {
  BatchGetItemCommandInput,
  BatchGetItemCommandOutput,
  QueryCommandInput,
  QueryCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { EVENT_LOG_SHARDS, EVENT_LOG_TABLE } from '../../../lib/private/contract';
import type { Item, StoredEvent } from '../../runtime/event-log/stored';
import { EMPTY, nextHour, plus, startOfHour, type Tally, tallyOfRow } from '../event-log/archive';
import { eventIn } from '../event-log/records';
import type { EventTable, Page, Range } from './source';

export interface TableCalls {
  query(input: QueryCommandInput): Promise<Pick<QueryCommandOutput, 'Items' | 'Count' | 'LastEvaluatedKey'>>;
  batchGetItem(
    input: BatchGetItemCommandInput,
  ): Promise<Pick<BatchGetItemCommandOutput, 'Responses' | 'UnprocessedKeys'>>;
}

const { stream, version, shard, time, index } = EVENT_LOG_TABLE;
const ATTEMPTS = 8;
/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const MAX_KEYS = 100;

const idOf = (item: Item): string => `${item[stream]!.S}#${item[version]!.S}`;

/** The log's table and its index by time, which holds no more than keys. */
export class IndexedTable implements EventTable {
  constructor(
    private readonly calls: TableCalls,
    private readonly table: string,
    private readonly sleep: (ms: number) => Promise<unknown>,
  ) {}

  async firstAt(from: string): Promise<string | undefined> {
    const firsts = await each((n) =>
      this.calls.query({
        ...this.indexed(),
        KeyConditionExpression: '#shard = :shard AND #time >= :from',
        ExpressionAttributeValues: { ':shard': { S: String(n) }, ':from': { S: from } },
        Limit: 1,
      }),
    );
    const times = firsts.flatMap(({ Items = [] }) => Items.map((item) => item[time]!.S!.split('#')[0]!));
    return times.sort()[0];
  }

  async count(n: number, from: string, to: string): Promise<number> {
    let count = 0;
    for await (const page of this.pages(n, { from, to }, { Select: 'COUNT' })) count += page.Count ?? 0;
    return count;
  }

  async tally(hour: string): Promise<Tally> {
    const range = { from: startOfHour(hour), to: startOfHour(nextHour(hour)) };
    const tallies = await each(async (n) => {
      let sum = EMPTY;
      for await (const { Items = [] } of this.pages(n, range)) {
        for (const item of Items) sum = plus(sum, tallyOfRow(item[stream]!.S!, item[version]!.S!));
      }
      return sum;
    });
    return tallies.reduce(plus, EMPTY);
  }

  async page(n: number, range: Range, start: Item | undefined, limit: number): Promise<Page> {
    const { Items = [], LastEvaluatedKey } = await this.calls.query({
      ...this.between(n, range),
      Limit: Math.min(limit, MAX_KEYS),
      ...(start && { ExclusiveStartKey: start }),
    });
    const events = await this.get(Items);
    return { events, ...(LastEvaluatedKey && { next: LastEvaluatedKey }) };
  }

  /** The rows of these keys, in their order. */
  private async get(keys: readonly Item[]): Promise<StoredEvent[]> {
    const found = new Map<string, StoredEvent>();
    let left = keys.map((item) => ({ [stream]: item[stream]!, [version]: item[version]! }));
    for (let attempt = 0; left.length > 0; attempt++) {
      if (attempt === ATTEMPTS)
        throw new Error(`${this.table}: ${left.length} rows not read after ${ATTEMPTS} attempts`);
      if (attempt > 0) await this.sleep(50 * 2 ** attempt);
      const { Responses = {}, UnprocessedKeys = {} } = await this.calls.batchGetItem({
        RequestItems: { [this.table]: { Keys: left, ConsistentRead: true } },
      });
      for (const item of Responses[this.table] ?? []) {
        const event = eventIn(item);
        if (event) found.set(idOf(item), event);
      }
      left = (UnprocessedKeys[this.table]?.Keys ?? []) as typeof left;
    }
    return keys.flatMap((key) => found.get(idOf(key)) ?? []);
  }

  private async *pages(n: number, range: Range, more: Partial<QueryCommandInput> = {}) {
    let ExclusiveStartKey: Item | undefined;
    do {
      const page: Awaited<ReturnType<TableCalls['query']>> = await this.calls.query({
        ...this.between(n, range),
        ...more,
        ...(ExclusiveStartKey && { ExclusiveStartKey }),
      });
      yield page;
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
  }

  private indexed(): QueryCommandInput {
    return { TableName: this.table, IndexName: index, ExpressionAttributeNames: { '#shard': shard, '#time': time } };
  }

  /** Times of the index go on behind the second: nothing is at exactly `to`. */
  private between(n: number, { from, to }: Range): QueryCommandInput {
    return {
      ...this.indexed(),
      KeyConditionExpression: '#shard = :shard AND #time BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':shard': { S: String(n) }, ':from': { S: from }, ':to': { S: to } },
    };
  }
}

const each = <T>(task: (shard: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: EVENT_LOG_SHARDS }, (_, n) => task(n)));
