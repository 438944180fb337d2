import type { BatchGetItemCommandInput, QueryCommandInput, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { TableCalls } from '../../../lambda/handlers/event-log-replayer/event-table';
import type { LedgerCalls } from '../../../lambda/handlers/event-log-replayer/ledger';
import type { LogCalls } from '../../../lambda/runtime/event-log/store';
import { Expressions, type Item, type Placeholders } from './expressions';

export const LOG = 'log';
export const SNAPSHOTS = 'snapshots';
export const REPLAYS = 'replays';

const refused = (Item: Item | undefined): Error =>
  Object.assign(new Error('The conditional request failed'), { name: 'ConditionalCheckFailedException', Item });

export const cancelled = (codes: readonly string[], items: readonly (Item | undefined)[] = []): Error =>
  Object.assign(new Error('Transaction cancelled'), {
    name: 'TransactionCanceledException',
    CancellationReasons: codes.map((Code, i) => ({ Code, Item: items[i] })),
  });

const invalid = (reason: string): Error => Object.assign(new Error(reason), { name: 'ValidationException' });

const keyOf = (item: Item): string => JSON.stringify([item.pk?.S ?? item.id?.S, item.sk?.S]);

interface Checked extends Placeholders {
  readonly TableName?: string;
  readonly ConditionExpression?: string;
  readonly ReturnValuesOnConditionCheckFailure?: string;
}

/** DynamoDB as far as an event log asks: it carries out the very expressions, and refuses what DynamoDB would refuse. */
export class FakeDynamoDB implements LogCalls, TableCalls, LedgerCalls {
  readonly tables = new Map<string, Map<string, Item>>(
    [LOG, SNAPSHOTS, REPLAYS].map((name) => [name, new Map<string, Item>()]),
  );
  readonly requests: string[] = [];
  /** Items on a page of a query, as DynamoDB has a megabyte. */
  pageSize = Number.POSITIVE_INFINITY;
  /** Runs before a request is carried out, and before it is answered; may throw. */
  before: (request: string, input: unknown) => unknown = () => {};
  after: (request: string, input: unknown) => unknown = () => {};
  private readonly tokens = new Map<string, string>();

  table(name: string): Map<string, Item> {
    return this.tables.get(name) ?? fail(`no table ${name}`);
  }

  /** Rows of a partition in their order. */
  rows(name: string, pk?: string): Item[] {
    return [...this.table(name).values()]
      .filter((item) => pk === undefined || item.pk?.S === pk)
      .sort((a, b) => (`${a.pk?.S} ${a.sk?.S}` < `${b.pk?.S} ${b.sk?.S}` ? -1 : 1));
  }

  private async request<T>(name: string, input: unknown, task: () => T): Promise<T> {
    this.requests.push(name);
    await this.before(name, input);
    const result = task();
    await this.after(name, input);
    return structuredClone(result);
  }

  putItem: LogCalls['putItem'] = (input) =>
    this.request('put', input, () => {
      const item = this.check(input, input.Item!);
      if (item) throw item;
      this.table(input.TableName!).set(keyOf(input.Item!), input.Item!);
      return {};
    });

  updateItem: LedgerCalls['updateItem'] = (input) =>
    this.request('update', input, () => {
      const table = this.table(input.TableName!);
      const before = table.get(keyOf(input.Key!));
      const expressions = new Expressions(input);
      const holds = expressions.holds(input.ConditionExpression!, before);
      const item = expressions.update(input.UpdateExpression!, { ...input.Key, ...before });
      expressions.done();
      if (!holds) throw refused(undefined);
      table.set(keyOf(item), item);
      return { Attributes: item };
    });

  transactWriteItems: LogCalls['transactWriteItems'] = (input) =>
    this.request('transact', input, () => {
      const { TransactItems = [], ClientRequestToken: token = '' } = input;
      if (token.length < 1 || token.length > 36) throw invalid('token');
      const text = JSON.stringify(TransactItems);
      if (this.tokens.has(token)) {
        if (this.tokens.get(token) === text) return {};
        throw Object.assign(new Error('other items'), { name: 'IdempotentParameterMismatchException' });
      }
      if (TransactItems.length > 100) throw invalid('more than 100 items');
      const keys = TransactItems.map(({ Put, ConditionCheck }) => keyOf((Put?.Item ?? ConditionCheck?.Key)!));
      if (new Set(keys).size < keys.length) throw invalid('one item twice');
      const failures = TransactItems.map((item) => this.failure(item));
      if (failures.some((failure) => failure !== undefined)) {
        throw cancelled(
          failures.map((failure) => (failure ? 'ConditionalCheckFailed' : 'None')),
          failures.map((failure) => (failure as { Item?: Item } | undefined)?.Item),
        );
      }
      for (const { Put } of TransactItems) if (Put) this.table(Put.TableName!).set(keyOf(Put.Item!), Put.Item!);
      this.tokens.set(token, text);
      return {};
    });

  query = (input: QueryCommandInput) =>
    this.request('query', input, () => {
      const { TableName, IndexName, KeyConditionExpression, ScanIndexForward = true, Limit, ExclusiveStartKey } = input;
      if (IndexName !== undefined && input.ConsistentRead) throw invalid('an index is not consistent');
      const sort = (item: Item) => (IndexName === undefined ? item.sk!.S! : `${item.time!.S} ${keyOf(item)}`);
      const expressions = new Expressions(input);
      const found = [...this.table(TableName!).values()]
        .filter((item) => (IndexName === undefined || item.shard) && expressions.holds(KeyConditionExpression!, item))
        .map((item) => ({ item, key: sort(item) }))
        .sort((a, b) => (a.key < b.key ? -1 : 1) * (ScanIndexForward ? 1 : -1))
        .map(({ item }) => item);
      // An empty table asks no expression for anything.
      expressions.holds(KeyConditionExpression!, {});
      expressions.done();
      const start = ExclusiveStartKey ? found.findIndex((item) => keyOf(item) === keyOf(ExclusiveStartKey)) + 1 : 0;
      const end = start + Math.min(Limit ?? Number.POSITIVE_INFINITY, this.pageSize);
      const page = found.slice(start, end);
      const keys = ({ pk, sk, shard, time }: Item): Item => ({ pk: pk!, sk: sk!, shard: shard!, time: time! });
      const Items = IndexName === undefined ? page : page.map(keys);
      return {
        ...(input.Select === 'COUNT' ? {} : { Items }),
        Count: Items.length,
        LastEvaluatedKey: end < found.length ? keys(page.at(-1)!) : undefined,
      };
    });

  getItem: LogCalls['getItem'] = (input) =>
    this.request('get', input, () => ({ Item: this.table(input.TableName!).get(keyOf(input.Key!)) }));

  scan: LedgerCalls['scan'] = (input) =>
    this.request('scan', input, () => ({ Items: [...this.table(input.TableName!).values()] }));

  batchGetItem = (input: BatchGetItemCommandInput) =>
    this.request('batchGet', input, () => {
      const { Keys = [] } = input.RequestItems![LOG]!;
      if (Keys.length < 1 || Keys.length > 100) throw invalid(`${Keys.length} keys`);
      // In no order, and not all at once.
      const some = Keys.slice(0, Math.ceil(Keys.length / 2));
      const left = Keys.slice(some.length);
      return {
        Responses: { [LOG]: some.map((key) => this.table(LOG).get(keyOf(key)) ?? fail('no such row')).reverse() },
        UnprocessedKeys: left.length > 0 ? { [LOG]: { Keys: left } } : undefined,
      };
    });

  private failure({ Put, ConditionCheck }: TransactWriteItem): Error | undefined {
    if (Put) return this.check(Put, Put.Item!);
    if (ConditionCheck) return this.check(ConditionCheck, ConditionCheck.Key!);
    throw invalid('neither updates nor deletes are allowed here');
  }

  private check(checked: Checked, key: Item): Error | undefined {
    if (checked.ConditionExpression === undefined) throw invalid('nobody may put without a condition');
    const found = this.table(checked.TableName!).get(keyOf(key));
    const expressions = new Expressions(checked);
    const holds = expressions.holds(checked.ConditionExpression, found);
    expressions.done();
    if (holds) return undefined;
    return refused(checked.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' ? found : undefined);
  }
}

const fail = (reason: string): never => {
  throw invalid(reason);
};
