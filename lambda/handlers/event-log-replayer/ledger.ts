import type {
  GetItemCommandInput,
  PutItemCommandInput,
  ScanCommandInput,
  ScanCommandOutput,
  UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { EVENT_LOG_REPLAYS } from '../../../lib/private/contract';
import { progressOf, type ReplayProgress, type ReplayState, replayItem } from '../../runtime/event-log/replay';
import type { Item } from '../../runtime/event-log/stored';
import type { Cursor } from './source';

/** What the ledger asks of DynamoDB. */
export interface LedgerCalls {
  getItem(input: GetItemCommandInput): Promise<{ readonly Item?: Item | undefined }>;
  putItem(input: PutItemCommandInput): Promise<unknown>;
  updateItem(input: UpdateItemCommandInput): Promise<{ readonly Attributes?: Item | undefined }>;
  scan(input: ScanCommandInput): Promise<Pick<ScanCommandOutput, 'Items' | 'LastEvaluatedKey'>>;
}

/** A replay in hand: how far it is, and who has it. */
export interface Job {
  readonly progress: ReplayProgress;
  /** Where it goes on, as JSON; missing before its first step. */
  readonly cursor?: string;
  readonly owner: string;
}

/** What a step has added. */
export interface Step {
  readonly cursor?: Cursor;
  readonly sent: number;
  readonly passed: number;
  readonly total?: number;
}

/** Whoever has a replay and is not heard of for so long has died. */
const LEASE = 60_000;
const KEPT_SECONDS = 90 * 86_400;

/** The rows of replays. Who works on one has a lease on it, and notes each step. */
export class Ledger {
  constructor(
    private readonly calls: LedgerCalls,
    private readonly table: string,
    private readonly now: () => number,
  ) {}

  async add(progress: ReplayProgress): Promise<void> {
    await this.calls.putItem({
      TableName: this.table,
      Item: replayItem(progress),
      ConditionExpression: `attribute_not_exists(${EVENT_LOG_REPLAYS.id})`,
    });
  }

  async get(id: string): Promise<ReplayProgress | undefined> {
    const { Item } = await this.calls.getItem({ TableName: this.table, Key: keyOf(id), ConsistentRead: true });
    return Item && progressOf(Item);
  }

  /** All that are remembered, the first that was asked for first. */
  async all(): Promise<ReplayProgress[]> {
    const found: ReplayProgress[] = [];
    let ExclusiveStartKey: Item | undefined;
    do {
      const page = await this.calls.scan({ TableName: this.table, ConsistentRead: true, ExclusiveStartKey });
      found.push(...(page.Items ?? []).map(progressOf));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return found.sort((a, b) => (a.requestedAt < b.requestedAt ? -1 : 1));
  }

  /** Takes a replay that is open and that nobody has. */
  async claim(id: string, owner: string): Promise<Job | undefined> {
    const item = await this.update(id, {
      set: { owner: { S: owner }, lease: this.lease() },
      condition: `${OPEN} AND (attribute_not_exists(#lease) OR #lease <= :now)`,
    });
    if (!item) return undefined;
    const cursor = item.cursor?.S;
    return { progress: progressOf(item), owner, ...(cursor !== undefined && { cursor }) };
  }

  /** Whether it is still open and still the owner's. */
  async note({ progress, owner }: Job, { cursor, sent, passed, total }: Step): Promise<boolean> {
    const item = await this.update(progress.id, {
      set: {
        lease: this.lease(),
        sent: { N: String(sent) },
        passed: { N: String(passed) },
        ...(cursor && { cursor: { S: JSON.stringify(cursor) } }),
        ...(total !== undefined && { total: { N: String(total) } }),
      },
      remove: ['error'],
      condition: MINE,
      owner,
    });
    return item !== undefined;
  }

  async end({ progress, owner }: Job, state: ReplayState, error?: string): Promise<void> {
    const ttl = Math.ceil(this.now() / 1_000) + KEPT_SECONDS;
    await this.update(progress.id, {
      set: {
        state: { S: state },
        [EVENT_LOG_REPLAYS.ttl]: { N: String(ttl) },
        ...(error !== undefined && { error: { S: error } }),
      },
      remove: ['owner', 'lease', 'cursor'],
      condition: MINE,
      owner,
    });
  }

  /** Lets the next run go on with it. */
  async release({ progress, owner }: Job, error?: string): Promise<void> {
    await this.update(progress.id, {
      set: { ...(error !== undefined && { error: { S: error } }) },
      remove: ['owner', 'lease'],
      condition: MINE,
      owner,
    });
  }

  async cancel(id: string): Promise<void> {
    await this.update(id, { set: { state: { S: 'cancelled' } }, condition: OPEN });
  }

  private lease = () => ({ N: String(this.now() + LEASE) });

  /** The row as it is then; nothing if the condition did not hold. */
  private async update(id: string, { set, remove = [], condition, owner = '' }: Update): Promise<Item | undefined> {
    const now = this.now();
    const assigned = { ...set, updatedAt: { S: new Date(now).toISOString() } };
    const values: Item = {
      open: { S: 'open' },
      now: { N: String(now) },
      me: { S: owner },
      ...Object.fromEntries(Object.entries(assigned).map(([name, value]) => [`new_${name}`, value])),
    };
    const assignments = Object.keys(assigned).map((name) => `#${name} = :new_${name}`);
    const removals = remove.length > 0 ? ` REMOVE ${remove.map((name) => `#${name}`).join(', ')}` : '';
    const UpdateExpression = `SET ${assignments.join(', ')}${removals}`;
    // DynamoDB refuses names and values that no expression uses.
    const used = (mark: string) =>
      [...new Set(`${UpdateExpression} ${condition}`.match(new RegExp(`${mark}\\w+`, 'g')))].map((it) => it.slice(1));
    try {
      const { Attributes } = await this.calls.updateItem({
        TableName: this.table,
        Key: keyOf(id),
        UpdateExpression,
        ConditionExpression: condition,
        ExpressionAttributeNames: Object.fromEntries(used('#').map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: Object.fromEntries(used(':').map((name) => [`:${name}`, values[name]!])),
        ReturnValues: 'ALL_NEW',
      });
      return Attributes ?? {};
    } catch (error) {
      if ((error as Error)?.name === 'ConditionalCheckFailedException') return undefined;
      throw error;
    }
  }
}

const OPEN = '#state = :open';
const MINE = `${OPEN} AND #owner = :me`;
const keyOf = (id: string): Item => ({ [EVENT_LOG_REPLAYS.id]: { S: id } });

interface Update {
  readonly set: Item;
  readonly remove?: readonly string[];
  /** Of `:open`, `:now`, `:me` and names that begin with `#`. */
  readonly condition: string;
  readonly owner?: string;
}
