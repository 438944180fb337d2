import type { EventLogSpec } from '../../../lib/private/contract';
import { EVENT_LOG_SNAPSHOTS } from '../../../lib/private/contract';
import { describe } from '../describe';
import type { LogEdge } from './edge';

/** A state that was remembered, and the version that it is of. */
export interface Snapshot<S> {
  readonly state: S;
  readonly version: number;
}

/** DynamoDB's limit of an item, less its keys. */
const MAX_BYTES = 400_000;

export interface Snapshots<S> {
  load(streamId: string): Promise<Snapshot<S> | undefined>;
  save(streamId: string, snapshot: Snapshot<S>): Promise<void>;
}

/** States of aggregates. A cache: what cannot be read is read from the log, and what cannot be kept is not kept. */
export class TableSnapshots<S> implements Snapshots<S> {
  constructor(
    private readonly edge: LogEdge,
    private readonly spec: EventLogSpec,
    private readonly name: string,
  ) {}

  async load(streamId: string): Promise<Snapshot<S> | undefined> {
    const { snapshots } = this.spec;
    if (snapshots === undefined) return undefined;
    return this.attempt('not read', streamId, async () => {
      const { getItem } = await this.edge.tableCalls();
      const { Item } = await getItem({ TableName: snapshots, Key: this.key(streamId) });
      if (!Item) return undefined;
      const version = Number(Item.version?.N);
      if (!Number.isSafeInteger(version) || version < 1) throw new Error('its row has no version');
      return { state: JSON.parse(Item.state?.S ?? '') as S, version };
    });
  }

  /** Unless a later one is there. */
  async save(streamId: string, { state, version }: Snapshot<S>): Promise<void> {
    const { snapshots, savesSnapshots } = this.spec;
    if (snapshots === undefined || savesSnapshots !== true) return;
    await this.attempt('not kept', streamId, async () => {
      const text = JSON.stringify(state);
      if (Buffer.byteLength(text) > MAX_BYTES) throw new Error(`got more than ${MAX_BYTES} bytes of state`);
      const { putItem } = await this.edge.tableCalls();
      await putItem({
        TableName: snapshots,
        Item: { ...this.key(streamId), state: { S: text }, version: { N: String(version) } },
        ConditionExpression: `attribute_not_exists(${EVENT_LOG_SNAPSHOTS.stream}) OR #version < :version`,
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':version': { N: String(version) } },
      }).catch((error) => {
        if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
      });
    });
  }

  private key(streamId: string) {
    return { [EVENT_LOG_SNAPSHOTS.stream]: { S: streamId }, [EVENT_LOG_SNAPSHOTS.aggregate]: { S: this.name } };
  }

  private async attempt<T>(what: string, streamId: string, task: () => Promise<T>): Promise<T | undefined> {
    try {
      return await task();
    } catch (error) {
      this.edge.log.warn(`snapshot ${what}`, { streamId, aggregate: this.name, error: describe(error) });
      return undefined;
    }
  }
}
