import type { AttributeValue, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { PaceCalls } from '../../../lambda/runtime/pace/pacer';

export type Item = Record<string, AttributeValue>;

export const TABLE = 'paces';

class Refused extends Error {
  override readonly name = 'ConditionalCheckFailedException';
  constructor(readonly Item: Item | undefined) {
    super('The conditional request failed');
  }
}

const invalid = (reason: string): never => {
  throw Object.assign(new Error(reason), { name: 'ValidationException' });
};

const compare = (a: AttributeValue | undefined, b: AttributeValue | undefined): number | undefined => {
  if (a?.N !== undefined && b?.N !== undefined) return Number(a.N) - Number(b.N);
  if (a?.S !== undefined && b?.S !== undefined) return a.S < b.S ? -1 : a.S > b.S ? 1 : 0;
  return undefined;
};

/** One update: its expressions, and what of their names and values they have used. */
class Update {
  private readonly unused: Set<string>;

  constructor(
    private readonly input: UpdateItemCommandInput,
    private readonly before: Item | undefined,
  ) {
    this.unused = new Set([
      ...Object.keys(input.ExpressionAttributeNames ?? {}),
      ...Object.keys(input.ExpressionAttributeValues ?? {}),
    ]);
  }

  holds(): boolean {
    const tokens = (this.input.ConditionExpression ?? '').match(/[#:]?\w+|[()<=]/g) ?? [];
    if (tokens.length === 0) return true;
    const or = (): boolean => {
      let result = and();
      while (tokens[0] === 'OR') {
        tokens.shift();
        const right = and();
        result ||= right;
      }
      return result;
    };
    const and = (): boolean => {
      let result = atom();
      while (tokens[0] === 'AND') {
        tokens.shift();
        const right = atom();
        result &&= right;
      }
      return result;
    };
    const expect = (token: string): unknown => tokens.shift() === token || invalid(`no ${token}`);
    const atom = (): boolean => {
      const token = tokens.shift()!;
      if (token === '(') {
        const result = or();
        expect(')');
        return result;
      }
      if (token === 'NOT') return !atom();
      if (token === 'attribute_not_exists') {
        expect('(');
        const found = this.found(tokens.shift()!);
        expect(')');
        return found === undefined;
      }
      const left = this.found(token);
      const operator = tokens.shift();
      const right = this.value(tokens.shift()!);
      if (operator === 'BETWEEN') {
        expect('AND');
        const upper = this.value(tokens.shift()!);
        return (compare(left, right) ?? -1) >= 0 && (compare(left, upper) ?? 1) <= 0;
      }
      const order = compare(left, right);
      if (operator === '<') return order !== undefined && order < 0;
      return operator === '=' ? order === 0 : invalid(`operator ${operator}`);
    };
    const result = or();
    if (tokens.length > 0) invalid(`left: ${tokens.join(' ')}`);
    return result;
  }

  apply(): Item {
    const item: Item = { ...structuredClone(this.before), pk: this.input.Key!.pk! };
    const touched = new Set<string>();
    const parts = this.input.UpdateExpression!.split(/\b(SET|REMOVE|ADD)\b/).map((part) => part.trim());
    const clauses: string[] = [];
    for (let i = 1; i < parts.length; i += 2) {
      const clause = parts[i]!;
      if (clauses.includes(clause)) invalid(`two ${clause} clauses`);
      clauses.push(clause);
      for (const part of parts[i + 1]!.split(',')) {
        const words = part.trim().split(/\s+/);
        const attribute = this.name(words[0]!);
        if (touched.has(attribute)) invalid(`two paths overlap: ${attribute}`);
        touched.add(attribute);
        const old = this.before?.[attribute];
        if (clause === 'REMOVE') delete item[attribute];
        else if (clause === 'ADD') item[attribute] = sum(old ?? { N: '0' }, this.value(words[1]!));
        else if (words.length === 3) item[attribute] = this.value(words[2]!);
        else if (words.length === 5 && words[2] === words[0] && words[3] === '+') {
          item[attribute] = sum(old ?? invalid(`${attribute} does not exist`), this.value(words[4]!));
        } else invalid(`${clause} ${part}`);
      }
    }
    if (this.unused.size > 0) invalid(`unused: ${[...this.unused].join()}`);
    return item;
  }

  private found(placeholder: string): AttributeValue | undefined {
    const name = this.name(placeholder);
    return this.before?.[name];
  }

  private name(placeholder: string): string {
    this.unused.delete(placeholder);
    return this.input.ExpressionAttributeNames?.[placeholder] ?? invalid(`no name ${placeholder}`);
  }

  private value(placeholder: string): AttributeValue {
    this.unused.delete(placeholder);
    return this.input.ExpressionAttributeValues?.[placeholder] ?? invalid(`no value ${placeholder}`);
  }
}

const sum = (a: AttributeValue, b: AttributeValue): AttributeValue => {
  const [left, right] = [Number(a.N), Number(b.N)];
  if (Number.isNaN(left) || Number.isNaN(right)) invalid('not a number');
  return { N: String(left + right) };
};

/** A table as far as a pace asks: it carries out the very expressions, and refuses what DynamoDB would refuse. */
export class FakeTable implements PaceCalls {
  readonly items = new Map<string, Item>();
  readonly requests = { get: 0, update: 0, batchGet: 0, transact: 0 };
  refused = 0;
  onUpdate: (key: string, after: Item, before: Item | undefined) => void = () => {};

  get row(): Item | undefined {
    return this.items.get('pace');
  }

  get total(): number {
    return Object.values(this.requests).reduce((a, b) => a + b, 0);
  }

  getItem: PaceCalls['getItem'] = async ({ TableName, Key, ConsistentRead }) => {
    this.requests.get++;
    expect([TableName, ConsistentRead]).toEqual([TABLE, true]);
    return { Item: structuredClone(this.items.get(Key!.pk!.S!)) };
  };

  updateItem: PaceCalls['updateItem'] = async (input) => {
    this.requests.update++;
    expect([input.ReturnValues, input.ReturnValuesOnConditionCheckFailure]).toEqual(['ALL_NEW', 'ALL_OLD']);
    return { Attributes: this.apply(input) };
  };

  batchGetItem: PaceCalls['batchGetItem'] = async ({ RequestItems }) => {
    this.requests.batchGet++;
    const { Keys } = RequestItems![TABLE]!;
    if (Keys!.length > 100) invalid('too many keys');
    return {
      Responses: { [TABLE]: Keys!.map(({ pk }) => this.items.get(pk!.S!)).filter((item) => item !== undefined) },
    };
  };

  transactWriteItems: PaceCalls['transactWriteItems'] = async ({ TransactItems }) => {
    this.requests.transact++;
    const keys = TransactItems!.map(({ Update }) => Update!.Key!.pk!.S!);
    if (keys.length > 100 || new Set(keys).size < keys.length) invalid('too many items, or one twice');
    for (const { Update } of TransactItems!) this.apply(Update as UpdateItemCommandInput);
  };

  private apply(input: UpdateItemCommandInput): Item {
    expect(input.TableName).toBe(TABLE);
    const key = input.Key!.pk!.S!;
    const before = this.items.get(key);
    const update = new Update(input, before);
    if (!update.holds()) {
      this.refused++;
      throw new Refused(structuredClone(before));
    }
    const after = update.apply();
    this.items.set(key, after);
    this.onUpdate(key, after, before);
    return structuredClone(after);
  }
}
