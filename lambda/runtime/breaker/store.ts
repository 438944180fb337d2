import type {
  AttributeValue,
  GetItemCommandInput,
  GetItemCommandOutput,
  UpdateItemCommandInput,
  UpdateItemCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { BREAKER_TABLE } from '../../../lib/private/contract';
import { ifVersion } from '../version';
import { type Calls, countersOf, spentCounters } from './counts';
import { attributesOf, type Row, rowOf, type Stage } from './row';

/** The two calls, as the SDK's client takes and answers them. */
export interface RowCalls {
  getItem(input: GetItemCommandInput, signal: AbortSignal): Promise<Pick<GetItemCommandOutput, 'Item'>>;
  /** Must not be repeated when its reply is lost: calls would count twice. */
  updateItem(input: UpdateItemCommandInput, signal: AbortSignal): Promise<Pick<UpdateItemCommandOutput, 'Attributes'>>;
}

export interface Written {
  /** Or refused, since the stage was no longer the one that was seen. */
  readonly applied: boolean;
  /** As it is now. */
  readonly row: Row;
}

interface Update {
  readonly set?: Readonly<Record<string, AttributeValue | undefined>>;
  readonly add?: Readonly<Record<string, AttributeValue>>;
  readonly take?: Readonly<Record<string, AttributeValue>>;
  readonly remove?: readonly string[];
}

const KEY = { [BREAKER_TABLE.key]: { S: BREAKER_TABLE.row } };
const VERSION = 'version';

/** An update of the row on the condition that its version is the one that was seen. */
function expressionOf(seen: number, { set = {}, add = {}, take = {}, remove = [] }: Update) {
  const names: Record<string, string> = {};
  const values: Record<string, AttributeValue> = {};
  const name = (attribute: string): string => {
    const placeholder = `#${attribute}`;
    names[placeholder] = attribute;
    return placeholder;
  };
  const value = (attribute: string, of: AttributeValue): string => {
    const placeholder = `:${attribute}`;
    values[placeholder] = of;
    return placeholder;
  };
  const defined = Object.entries(set).filter((entry): entry is [string, AttributeValue] => entry[1] !== undefined);
  const missing = Object.keys(set).filter((attribute) => set[attribute] === undefined);
  const clauses: [string, string[]][] = [
    ['SET', defined.map(([attribute, of]) => `${name(attribute)} = ${value(attribute, of)}`)],
    ['REMOVE', [...missing, ...remove].map(name)],
    ['ADD', Object.entries(add).map(([attribute, of]) => `${name(attribute)} ${value(attribute, of)}`)],
    ['DELETE', Object.entries(take).map(([attribute, of]) => `${name(attribute)} ${value(attribute, of)}`)],
  ];
  return {
    UpdateExpression: clauses
      .filter(([, parts]) => parts.length > 0)
      .map(([clause, parts]) => `${clause} ${parts.join(', ')}`)
      .join(' '),
    ConditionExpression: ifVersion(seen, name(VERSION), value),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

/** What a refused update found, nothing for any other error. */
function refusal(error: unknown): Row | undefined {
  const { name, Item } = (error ?? {}) as { name?: string; Item?: Record<string, AttributeValue> };
  return name === 'ConditionalCheckFailedException' ? rowOf(Item) : undefined;
}

/** The row in its table. Every write depends on the stage that was seen, and tells what it found. */
export class Store {
  constructor(
    private readonly calls: RowCalls,
    private readonly table: string,
  ) {}

  async read(signal: AbortSignal): Promise<Row> {
    const { Item } = await this.calls.getItem({ TableName: this.table, Key: KEY, ConsistentRead: true }, signal);
    return rowOf(Item);
  }

  /** Adds calls to the counters, whoever else does at the same time. */
  count(seen: Row, calls: Calls, window: number, now: number, signal: AbortSignal): Promise<Written> {
    const add = [...countersOf(calls, window, now)].map(([name, count]) => [name, { N: String(count) }]);
    const remove = spentCounters(seen.counters, window, now);
    return this.write(seen, { add: Object.fromEntries(add), remove }, signal);
  }

  /** Moves on to a stage. What was counted before it counts no more. */
  enter(seen: Row, stage: Stage, signal: AbortSignal): Promise<Written> {
    const set = { ...attributesOf(stage), [VERSION]: { N: String(seen.version + 1) } };
    return this.write(seen, { set, remove: [...seen.counters.keys()] }, signal);
  }

  /** Notes mappings that are about to be changed: before, so that a crash in between is not forgotten. */
  notePaused(seen: Row, ids: readonly string[], signal: AbortSignal): Promise<Written> {
    return this.write(seen, { add: { [BREAKER_TABLE.paused]: { SS: [...ids] } } }, signal);
  }

  forgetPaused(seen: Row, ids: readonly string[], signal: AbortSignal): Promise<Written> {
    return this.write(seen, { take: { [BREAKER_TABLE.paused]: { SS: [...ids] } } }, signal);
  }

  private async write(seen: Row, update: Update, signal: AbortSignal): Promise<Written> {
    try {
      const { Attributes } = await this.calls.updateItem(
        {
          TableName: this.table,
          Key: KEY,
          ...expressionOf(seen.version, update),
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        },
        signal,
      );
      return { applied: true, row: rowOf(Attributes) };
    } catch (error) {
      const row = refusal(error);
      if (!row) throw error;
      return { applied: false, row };
    }
  }
}
