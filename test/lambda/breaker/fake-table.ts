import type { AttributeValue, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { BreakerCalls } from '../../../lambda/runtime/breaker/breaker';

export type Item = Record<string, AttributeValue>;

export const TABLE = 'breakers';

class Refused extends Error {
  override readonly name = 'ConditionalCheckFailedException';
  constructor(readonly Item: Item | undefined) {
    super('The conditional request failed');
  }
}

const invalid = (reason: string): Error => Object.assign(new Error(reason), { name: 'ValidationException' });

const clausesOf = (expression: string): Map<string, string[]> => {
  const parts = expression.split(/\b(SET|REMOVE|ADD|DELETE)\b/).map((part) => part.trim());
  const clauses = new Map<string, string[]>();
  for (let i = 1; i < parts.length; i += 2) {
    if (clauses.has(parts[i]!)) throw invalid(`two ${parts[i]} clauses`);
    clauses.set(
      parts[i]!,
      parts[i + 1]!.split(',').map((part) => part.trim()),
    );
  }
  return clauses;
};

/**
 * A table as far as the breaker asks: it carries out the very expressions, and refuses what DynamoDB would refuse, so that a
 * test of who writes them is a test of them.
 */
export class FakeTable implements BreakerCalls {
  readonly items = new Map<string, Item>();
  readonly requests: string[] = [];
  onChange: (item: Item, before: Item | undefined) => void = () => {};

  get row(): Item | undefined {
    return this.items.get('breaker');
  }

  getItem: BreakerCalls['getItem'] = async ({ TableName, Key, ConsistentRead }) => {
    this.requests.push('get');
    expect([TableName, ConsistentRead]).toEqual([TABLE, true]);
    return { Item: structuredClone(this.items.get(Key!.pk!.S!)) };
  };

  updateItem: BreakerCalls['updateItem'] = async (input) => {
    this.requests.push('update');
    expect([input.ReturnValues, input.ReturnValuesOnConditionCheckFailure]).toEqual(['ALL_NEW', 'ALL_OLD']);
    return { Attributes: this.apply(input) };
  };

  batchGetItem: BreakerCalls['batchGetItem'] = async ({ RequestItems }) => {
    this.requests.push('batchGet');
    const { Keys, ConsistentRead } = RequestItems![TABLE]!;
    expect(ConsistentRead).toBe(true);
    if (Keys!.length > 100) throw invalid('too many keys');
    return {
      Responses: { [TABLE]: Keys!.map(({ pk }) => this.items.get(pk!.S!)).filter((item) => item !== undefined) },
    };
  };

  transactWriteItems: BreakerCalls['transactWriteItems'] = async ({ TransactItems }) => {
    this.requests.push('transact');
    const keys = TransactItems!.map(({ Update }) => Update!.Key!.pk!.S!);
    if (keys.length > 100 || new Set(keys).size < keys.length) throw invalid('too many items, or one twice');
    for (const { Update } of TransactItems!) this.apply(Update as UpdateItemCommandInput);
  };

  private apply({
    TableName,
    Key,
    UpdateExpression,
    ConditionExpression,
    ExpressionAttributeNames: names = {},
    ExpressionAttributeValues: values = {},
  }: UpdateItemCommandInput): Item {
    expect(TableName).toBe(TABLE);
    const key = Key!.pk!.S!;
    const before = this.items.get(key);
    const unused = new Set([...Object.keys(names), ...Object.keys(values)]);
    const name = (placeholder: string): string => {
      unused.delete(placeholder);
      return names[placeholder] ?? fail(`no name ${placeholder}`);
    };
    const value = (placeholder: string): AttributeValue => {
      unused.delete(placeholder);
      const found = values[placeholder] ?? fail(`no value ${placeholder}`);
      if (Object.values(found).includes(undefined)) throw invalid(`nothing in ${placeholder}`);
      return found;
    };

    if (ConditionExpression !== undefined) {
      const other = /^\(attribute_not_exists\((#\w+)\) OR NOT \1 BETWEEN (:\w+) AND (:\w+)\)$/.exec(
        ConditionExpression,
      );
      const equal = /^(#\w+) = (:\w+)$/.exec(ConditionExpression);
      const [, placeholder, ...operands] = other ?? equal ?? fail(`condition ${ConditionExpression}`);
      const attribute = name(placeholder!);
      const found = before?.[attribute]?.N;
      const [least, most = least] = operands.map((operand) => value(operand).N!);
      const isWithin = Number(found) >= Number(least) && Number(found) <= Number(most);
      const holds = other ? !isWithin : found === least;
      if (!holds) throw new Refused(structuredClone(before));
    }

    const item: Item = { ...structuredClone(before), pk: { S: key } };
    const touched = new Set<string>();
    const touch = (placeholder: string): string => {
      const attribute = name(placeholder);
      if (touched.has(attribute)) throw invalid(`two paths overlap: ${attribute}`);
      touched.add(attribute);
      return attribute;
    };
    for (const [clause, parts] of clausesOf(UpdateExpression!)) {
      for (const part of parts) {
        const [, target, operand] = /^(#\w+)(?: =)?(?: (:\w+))?$/.exec(part) ?? fail(`${clause} ${part}`);
        const attribute = touch(target!);
        const old = item[attribute];
        if (clause === 'REMOVE') delete item[attribute];
        else if (clause === 'SET') item[attribute] = value(operand!);
        else if (clause === 'ADD') {
          const added = value(operand!);
          item[attribute] =
            added.N === undefined
              ? { SS: [...new Set([...(old?.SS ?? []), ...added.SS!])] }
              : { N: String(Number(old?.N ?? 0) + Number(added.N)) };
        } else {
          const left = (old?.SS ?? []).filter((member) => !value(operand!).SS!.includes(member));
          if (left.length > 0) item[attribute] = { SS: left };
          else delete item[attribute];
        }
      }
    }
    if (unused.size > 0) throw invalid(`unused: ${[...unused].join()}`);
    this.items.set(key, item);
    this.onChange(item, before);
    return structuredClone(item);
  }
}

const fail = (reason: string): never => {
  throw invalid(reason);
};
