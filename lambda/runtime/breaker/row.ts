import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { BREAKER_TABLE } from '../../../lib/private/contract';
import { versionIn } from '../version';
import { type Counters, isCounter } from './counts';

/** Where a breaker is. Every change of it replaces the whole. Times in milliseconds since the epoch. */
export interface Stage {
  readonly state: 'closed' | 'open' | 'halfOpen';
  /** By an operator: nothing but an operator ends it. */
  readonly held: boolean;
  /** How often it has opened since it was last healthy. */
  readonly opens: number;
  readonly openedAt?: number;
  /** From when on an open breaker may be probed. */
  readonly probeAt?: number;
  readonly closedAt?: number;
  /** Who is probing, and when that is given up. */
  readonly probeOwner?: string;
  readonly probeUntil?: number;
}

/** The row that is a breaker. */
export interface Row extends Stage {
  /** Grows with every change of the stage: to change it is to have seen it. 0: there was none yet. */
  readonly version: number;
  /** The calls of the recent past; only a closed breaker counts. */
  readonly counters: Counters;
  /** Ids of the event source mappings that the controller has changed and not yet put back. */
  readonly paused: readonly string[];
}

export const NEW_ROW: Row = {
  state: 'closed',
  held: false,
  opens: 0,
  version: 0,
  counters: new Map(),
  paused: [],
};

const number = (value: AttributeValue | undefined): number | undefined =>
  value?.N === undefined ? undefined : Number(value.N);

const stateOf = (value: string | undefined): Stage['state'] =>
  value === 'open' || value === 'halfOpen' ? value : 'closed';

export function rowOf(item: Record<string, AttributeValue> | undefined): Row {
  if (!item) return NEW_ROW;
  return {
    state: stateOf(item[BREAKER_TABLE.state]?.S),
    held: item.held?.BOOL ?? false,
    opens: number(item.opens) ?? 0,
    openedAt: number(item.openedAt),
    probeAt: number(item.probeAt),
    closedAt: number(item.closedAt),
    probeOwner: item.probeOwner?.S,
    probeUntil: number(item.probeUntil),
    version: versionIn(item.version),
    counters: new Map(
      Object.entries(item)
        .filter(([name]) => isCounter(name))
        .map(([name, value]) => [name, Number(value.N)]),
    ),
    paused: item[BREAKER_TABLE.paused]?.SS ?? [],
  };
}

/** The attributes of a stage; what it does not have is removed. */
export const attributesOf = (stage: Stage): Record<string, AttributeValue | undefined> => {
  const n = (value: number | undefined): AttributeValue | undefined =>
    value === undefined ? undefined : { N: String(value) };
  return {
    [BREAKER_TABLE.state]: { S: stage.state },
    held: stage.held ? { BOOL: true } : undefined,
    opens: n(stage.opens),
    openedAt: n(stage.openedAt),
    probeAt: n(stage.probeAt),
    closedAt: n(stage.closedAt),
    probeOwner: stage.probeOwner === undefined ? undefined : { S: stage.probeOwner },
    probeUntil: n(stage.probeUntil),
  };
};
