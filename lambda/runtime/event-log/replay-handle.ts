import { EVENT_LOG_REPLAYS, type EventLogSpec } from '../../../lib/private/contract';
import type { LogEdge } from './edge';
import { progressOf, type ReplayOptions, type ReplayProgress, replayId, replayItem, requested } from './replay';

/** A replay that was asked for. */
export interface Replay {
  readonly id: string;
  progress(): Promise<ReplayProgress>;
  /** Ends it; what was sent stays sent. */
  cancel(): Promise<void>;
}

const tableOf = ({ table, replays }: EventLogSpec): string => {
  if (replays !== undefined) return replays;
  throw new Error(
    `replay of ${table}: this function may not; add log.connectReplayer(fn) to the stack, with the name of its connection`,
  );
};

export async function requestReplay(edge: LogEdge, spec: EventLogSpec, options: ReplayOptions): Promise<Replay> {
  const TableName = tableOf(spec);
  const now = edge.now();
  const progress = requested(options, replayId(now, edge.random()), now);
  const { putItem } = await edge.tableCalls();
  await putItem({
    TableName,
    Item: replayItem(progress),
    ConditionExpression: `attribute_not_exists(${EVENT_LOG_REPLAYS.id})`,
  });
  return replayHandle(edge, spec, progress.id);
}

export function replayHandle(edge: LogEdge, spec: EventLogSpec, id: string): Replay {
  const TableName = tableOf(spec);
  const Key = { [EVENT_LOG_REPLAYS.id]: { S: id } };
  return {
    id,
    async progress() {
      const { getItem } = await edge.tableCalls();
      const { Item } = await getItem({ TableName, Key, ConsistentRead: true });
      if (!Item) throw new Error(`replay ${id}: there is none; ended ones are forgotten after 90 days`);
      return progressOf(Item);
    },
    async cancel() {
      const { updateItem } = await edge.tableCalls();
      await updateItem({
        TableName,
        Key,
        UpdateExpression: 'SET #state = :cancelled, updatedAt = :now',
        ConditionExpression: '#state = :open',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: {
          ':cancelled': { S: 'cancelled' },
          ':open': { S: 'open' },
          ':now': { S: new Date(edge.now()).toISOString() },
        },
      }).catch((error) => {
        // It has ended.
        if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
      });
    },
  };
}
