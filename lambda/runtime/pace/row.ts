import type { AttributeValue, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { PACE_TABLE, type PaceSpec } from '../../../lib/private/contract';
import { ifVersion, versionIn } from '../version';
import { GAUGE, type Gauge, readGauge } from './gauge';
import type { Claim, Taken } from './slots';

export type Item = Record<string, AttributeValue>;

/** The row that is a pace. */
export interface PaceRow extends Taken {
  /** Grows with every change of the pace: whoever takes slots says by which. 0: there is no row yet. */
  readonly version: number;
  /** The pace as it is, and as the deployment gave it, both as JSON. */
  readonly pace: string;
  readonly base: string;
  /** When it was changed, in milliseconds since the epoch: a change that comes late must not undo a later one. */
  readonly changedAt: number;
  readonly taken: number;
  readonly gauge?: Gauge;
  /** Who runs, of a pace of one at a time, and when that is given up at the latest. */
  readonly owner?: string;
  readonly ownedUntil: number;
  /** The version that the event source mapping was last brought in line with. */
  readonly applied: number;
  /** The controller has disabled the mapping. */
  readonly paused: boolean;
}

const number = (value: AttributeValue | undefined): number | undefined =>
  value?.N === undefined ? undefined : Number(value.N);

export const rowOf = (item: Item | undefined): PaceRow => ({
  version: versionIn(item?.version),
  pace: item?.pace?.S ?? '',
  base: item?.base?.S ?? '',
  changedAt: number(item?.changedAt) ?? 0,
  next: number(item?.next),
  due: number(item?.due),
  taken: number(item?.taken) ?? 0,
  gauge: readGauge(item),
  owner: item?.owner?.S,
  ownedUntil: number(item?.ownedUntil) ?? 0,
  applied: number(item?.applied) ?? 0,
  paused: item?.paused?.BOOL ?? false,
});

const isAbove0 = (value: unknown): boolean =>
  typeof value === 'number' && value > 0 && value <= Number.MAX_SAFE_INTEGER;

function isPace(pace: PaceSpec): boolean {
  switch (pace.kind) {
    case 'rate':
      return isAbove0(pace.count) && isAbove0(pace.per) && isAbove0(pace.burst);
    case 'concurrency':
      return Number.isSafeInteger(pace.limit) && pace.limit >= 1;
    default:
      return pace.kind === 'closed';
  }
}

/** Nothing if it is none that this version knows. */
export function readPace(json: string): PaceSpec | undefined {
  try {
    const pace = JSON.parse(json) as PaceSpec;
    return isPace(pace) ? pace : undefined;
  } catch {
    return undefined;
  }
}

const n = (value: number): AttributeValue => ({ N: String(value) });

/** Gathers an expression with its names and values. */
export class Expression {
  private readonly names: Record<string, string> = {};
  private readonly values: Item = {};
  private readonly conditions: string[] = [];
  private readonly clauses = { SET: [] as string[], REMOVE: [] as string[], ADD: [] as string[] };

  constructor(private readonly key: string) {}

  set(attribute: string, value: AttributeValue | undefined): this {
    if (value) this.clauses.SET.push(`${this.name(attribute)} = ${this.value(attribute, value)}`);
    else this.clauses.REMOVE.push(this.name(attribute));
    return this;
  }

  /** Of an attribute that is there. */
  increase(attribute: string, by: number): this {
    const name = this.name(attribute);
    this.clauses.SET.push(`${name} = ${name} + ${this.value(attribute, n(by))}`);
    return this;
  }

  add(attribute: string, by: number): this {
    this.clauses.ADD.push(`${this.name(attribute)} ${this.value(attribute, n(by))}`);
    return this;
  }

  /** On the condition that it is the version that was seen. */
  ifVersion(seen: number): this {
    return this.if(ifVersion(seen, this.name('version'), (name, value) => this.value(name, value)));
  }

  if(condition: string): this {
    this.conditions.push(condition);
    return this;
  }

  name(attribute: string): string {
    this.names[`#${attribute}`] = attribute;
    return `#${attribute}`;
  }

  value(placeholder: string, value: AttributeValue): string {
    this.values[`:${placeholder}`] = value;
    return `:${placeholder}`;
  }

  input(TableName: string): UpdateItemCommandInput {
    const update = Object.entries(this.clauses)
      .filter(([, parts]) => parts.length > 0)
      .map(([clause, parts]) => `${clause} ${parts.join(', ')}`)
      .join(' ');
    return {
      TableName,
      Key: { [PACE_TABLE.key]: { S: this.key } },
      UpdateExpression: update,
      ...(this.conditions.length > 0 && { ConditionExpression: this.conditions.join(' AND ') }),
      ExpressionAttributeNames: this.names,
      ...(Object.keys(this.values).length > 0 && { ExpressionAttributeValues: this.values }),
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    };
  }
}

/** Carries out a claim, if the row is as the claim supposes. */
export function claimExpression(expression: Expression, claim: Claim): Expression {
  const { take, from, floor, latest, cost, due } = claim;
  if (due !== undefined) expression.set('due', n(due));
  if (take === 0) return expression;
  const next = expression.name('next');
  const bound = expression.value('floor', n(floor));
  if (from === 'floor') {
    return expression.set('next', n(floor + cost)).if(`(attribute_not_exists(${next}) OR ${next} < ${bound})`);
  }
  return expression.increase('next', cost).if(`${next} BETWEEN ${bound} AND ${expression.value('latest', n(latest))}`);
}

export const gaugeExpression = (expression: Expression, gauge: Gauge, seen: number | undefined): Expression => {
  for (const [key, name] of Object.entries(GAUGE)) expression.set(name, n(gauge[key as keyof Gauge]));
  const at = expression.name(GAUGE.at);
  return expression.if(
    seen === undefined ? `attribute_not_exists(${at})` : `${at} = ${expression.value('lastAt', n(seen))}`,
  );
};
