import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type Item = Record<string, AttributeValue>;

export interface Placeholders {
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Item;
}

const invalid = (reason: string): Error => Object.assign(new Error(reason), { name: 'ValidationException' });

const compare = (a: AttributeValue, b: AttributeValue): number =>
  a.N !== undefined && b.N !== undefined ? Number(a.N) - Number(b.N) : a.S! < b.S! ? -1 : a.S! > b.S! ? 1 : 0;

const TOKEN = /\s*(attribute_(?:not_)?exists|AND|OR|BETWEEN|<=|>=|<|>|=|\(|\)|[#:]?\w+)/gy;

const known = new Map<string, readonly string[]>();
/** Queries ask for many items whether they match. */
const tokensOf = (condition: string): readonly string[] => {
  const tokens = known.get(condition) ?? [...condition.matchAll(TOKEN)].map(([, token]) => token!);
  if (!known.has(condition) && tokens.join('') !== condition.replace(/\s+/g, ''))
    throw invalid(`condition ${condition}`);
  known.set(condition, tokens);
  return tokens;
};

/** Carries out DynamoDB's expressions, as far as an event log has any, and refuses what DynamoDB would refuse. */
export class Expressions {
  private readonly unused: Set<string>;

  constructor(private readonly placeholders: Placeholders) {
    const { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} } = placeholders;
    this.unused = new Set([...Object.keys(names), ...Object.keys(values)]);
  }

  holds(condition: string, item: Item | undefined): boolean {
    const tokens = tokensOf(condition);
    let at = 0;
    const next = () => tokens[at++]!;
    const take = (token: string) => {
      if (next() !== token) throw invalid(`expected ${token} in ${condition}`);
    };
    const term = (): boolean => {
      const token = next();
      if (token === '(') {
        const inside = either();
        take(')');
        return inside;
      }
      if (token.startsWith('attribute_')) {
        take('(');
        const name = this.name(next());
        const found = item?.[name] !== undefined;
        take(')');
        return found === (token === 'attribute_exists');
      }
      const name = this.name(token);
      const left = item?.[name];
      const operator = next();
      const right = this.value(next());
      if (operator === 'BETWEEN') {
        take('AND');
        const last = this.value(next());
        return left !== undefined && compare(left, right) >= 0 && compare(left, last) <= 0;
      }
      if (left === undefined) return false;
      const order = compare(left, right);
      return operator === '='
        ? order === 0
        : operator === '<'
          ? order < 0
          : operator === '<='
            ? order <= 0
            : operator === '>='
              ? order >= 0
              : order > 0;
    };
    const both = (): boolean => {
      let result = term();
      while (tokens[at] === 'AND') {
        at++;
        result = term() && result;
      }
      return result;
    };
    const either = (): boolean => {
      let result = both();
      while (tokens[at] === 'OR') {
        at++;
        result = both() || result;
      }
      return result;
    };
    const result = either();
    if (at !== tokens.length) throw invalid(`condition ${condition}`);
    return result;
  }

  update(expression: string, item: Item): Item {
    const [, set = '', remove = ''] = /^SET (.*?)(?: REMOVE (.*))?$/.exec(expression) ?? [];
    const changed = { ...item };
    const touched = new Set<string>();
    const touch = (name: string): string => {
      if (touched.has(name)) throw invalid(`two paths overlap: ${name}`);
      touched.add(name);
      return name;
    };
    for (const part of set.split(', ')) {
      const [target, value] = part.split(' = ');
      changed[touch(this.name(target!))] = this.value(value!);
    }
    for (const part of remove.split(', ').filter((each) => each !== '')) delete changed[touch(this.name(part))];
    return changed;
  }

  /** To be asked when all expressions were carried out. */
  done(): void {
    if (this.unused.size > 0) throw invalid(`unused: ${[...this.unused].join()}`);
  }

  private name(token: string): string {
    if (!token.startsWith('#')) {
      // Words that DynamoDB has reserved, among those that a log uses.
      if (['type', 'data', 'at', 'state', 'owner', 'time', 'shard', 'total', 'cursor', 'error'].includes(token))
        throw invalid(`reserved: ${token}`);
      return token;
    }
    this.unused.delete(token);
    const name = this.placeholders.ExpressionAttributeNames?.[token];
    if (name === undefined) throw invalid(`no name ${token}`);
    return name;
  }

  private value(token: string): AttributeValue {
    this.unused.delete(token);
    const value = this.placeholders.ExpressionAttributeValues?.[token];
    if (value === undefined) throw invalid(`no value ${token}`);
    return value;
  }
}
