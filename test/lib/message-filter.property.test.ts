import { BlockList } from 'node:net';
import fc from 'fast-check';
import { MessageFilter, MessageMatch } from '../../lib/message-filter';

// Two readings that know nothing of each other: what SNS's documentation says that a policy selects, and what the methods of
// MessageMatch say that they mean.

type Scalar = string | number | boolean | null;
interface Attribute {
  readonly Type: 'String' | 'Number' | 'String.Array';
  readonly Value: string;
}
type Json = Scalar | readonly Scalar[] | { readonly [key: string]: Json };

describe('the evaluator, against the examples of the documentation', () => {
  // https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html and its neighbours
  test.each<[policy: object, body: { [key: string]: Json }, selected: boolean]>([
    [{ sport: ['rugby', 'tennis'] }, { sport: 'rugby' }, true],
    [{ sport: ['rugby', 'tennis'] }, { sport: 'baseball' }, false],
    [{ sport: ['rugby'] }, { sport: 'Rugby' }, false],
    [{ sport: ['rugby'] }, { sport: ['tennis', 'rugby'] }, true],
    [{ sport: [{ 'anything-but': ['rugby', 'tennis'] }] }, { sport: 'baseball' }, true],
    [{ sport: [{ 'anything-but': ['rugby'] }] }, { sport: 'rugby' }, false],
    [{ event: [{ 'anything-but': { prefix: 'order-' } }] }, { event: 'data-entry' }, true],
    [{ event: [{ 'anything-but': { prefix: 'order-' } }] }, { event: 'order-cancelled' }, false],
    [{ sport: [{ 'anything-but': { wildcard: '*ball' } }] }, { sport: 'baseball' }, false],
    [{ sport: [{ 'equals-ignore-case': 'tennis' }] }, { sport: 'TENNIS' }, true],
    [{ address: [{ cidr: '10.0.0.0/24' }] }, { address: '10.0.0.255' }, true],
    [{ address: [{ cidr: '10.0.0.0/24' }] }, { address: '10.1.1.0' }, false],
    [{ sport: [{ prefix: 'bas' }] }, { sport: 'basketball' }, true],
    [{ sport: [{ suffix: 'ball' }] }, { sport: 'rugby' }, false],
    [{ path: [{ wildcard: '*/src/*.js' }] }, { path: 'app/src/index.js' }, true],
    [{ price: [{ numeric: ['=', 301.5] }] }, { price: 3.015e2 }, true],
    [{ price: [{ numeric: ['>', 0, '<=', 150] }] }, { price: 150 }, true],
    [{ price: [{ numeric: ['>', 0, '<=', 150] }] }, { price: 0 }, false],
    [{ price: [{ 'anything-but': [100, 500] }] }, { price: 101 }, true],
    [{ store: [{ exists: true }] }, { store: 'fans' }, true],
    [{ store: [{ exists: false }] }, { sport: 'tennis' }, true],
    [{ store: [{ exists: false }] }, { store: 'fans' }, false],
    [{ detail: [{ exists: true }] }, { detail: { state: 'on' } }, false],
    [{ sport: ['rugby'], price: [{ numeric: ['>', 100] }] }, { sport: 'rugby', price: 90 }, false],
    [{ source: ['ec2'], $or: [{ metric: ['cpu'] }, { space: ['x'] }] }, { source: 'ec2', space: 'x' }, true],
    [{ source: ['ec2'], $or: [{ metric: ['cpu'] }, { space: ['x'] }] }, { source: 'ec2', space: 'y' }, false],
    [{ detail: { state: ['on'] } }, { detail: { state: 'on' } }, true],
    [{ detail: { state: ['on'] } }, { state: 'on' }, false],
  ])('%j of %j: %s', (policy, body, selected) => {
    expect(selects(policy, leaves(body))).toBe(selected);
  });
});

/** The scalars of each key that has some, by its path. */
type Leaves = ReadonlyMap<string, readonly Scalar[]>;

function leaves(body: { readonly [key: string]: Json }, above = ''): Leaves {
  return new Map(
    Object.entries(body).flatMap(([key, value]) => {
      const path = `${above}/${key}`;
      if (Array.isArray(value)) return [[path, value as readonly Scalar[]] as const];
      return value !== null && typeof value === 'object'
        ? [...leaves(value as { readonly [key: string]: Json }, path)]
        : [[path, [value as Scalar]] as const];
    }),
  );
}

function attributeLeaves(attributes: { readonly [name: string]: Attribute }): Leaves {
  const scalars = ({ Type, Value }: Attribute): Scalar[] => {
    if (Type === 'String.Array') return JSON.parse(Value);
    return Type === 'Number' ? [Number(Value)] : [Value];
  };
  return new Map(Object.entries(attributes).map(([name, attribute]) => [`/${name}`, scalars(attribute)]));
}

function selects(policy: any, message: Leaves, above = ''): boolean {
  return Object.entries<any>(policy).every(([key, value]) => {
    if (key === '$or') return value.some((branch: any) => selects(branch, message, above));
    const path = `${above}/${key}`;
    if (!Array.isArray(value)) return selects(value, message, path);
    const scalars = message.get(path);
    return value.some((condition) => {
      if (condition?.exists === true) return scalars !== undefined;
      if (condition?.exists === false) return scalars === undefined && message.size > 0;
      return scalars?.some((scalar) => fits(condition, scalar)) ?? false;
    });
  });
}

function fits(condition: any, scalar: Scalar): boolean {
  if (condition === null || typeof condition !== 'object') return condition === scalar;
  const [[operator, operand]] = Object.entries<any>(condition) as [[string, any]];
  if (operator === 'anything-but') {
    if (Array.isArray(operand)) return !operand.includes(scalar);
    return typeof scalar === 'string' && !fits(operand, scalar);
  }
  if (operator === 'numeric') return typeof scalar === 'number' && inRange(operand, scalar);
  if (typeof scalar !== 'string') return false;
  switch (operator) {
    case 'prefix':
      return scalar.startsWith(operand);
    case 'suffix':
      return scalar.endsWith(operand);
    case 'equals-ignore-case':
      return scalar.toLowerCase() === operand.toLowerCase();
    case 'wildcard':
      return likeWildcard(operand, scalar);
    case 'cidr':
      return inBlock(operand, scalar);
    default:
      throw new Error(`SNS knows no ${operator}`);
  }
}

function inRange([operator, bound, ...more]: any[], value: number): boolean {
  const holds = {
    '=': value === bound,
    '<': value < bound,
    '<=': value <= bound,
    '>': value > bound,
    '>=': value >= bound,
  };
  return holds[operator as '='] && (more.length === 0 || inRange(more, value));
}

/** Character by character, without a regular expression. */
function likeWildcard(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  const [head, next] = pattern;
  if (head === '*')
    return likeWildcard(pattern.slice(1), text) || (text !== '' && likeWildcard(pattern, text.slice(1)));
  const [literal, rest] = head === '\\' ? [next, pattern.slice(2)] : [head, pattern.slice(1)];
  return text[0] === literal && likeWildcard(rest, text.slice(1));
}

function inBlock(cidr: string, text: string): boolean {
  const [address, bits] = cidr.split('/') as [string, string];
  const block = new BlockList();
  block.addSubnet(address, Number(bits), 'ipv4');
  return /^\d+\.\d+\.\d+\.\d+$/.test(text) && block.check(text, 'ipv4');
}

/** A match, and in plain words what it means for the values of a key (undefined: missing, in a message that has others). */
interface Meant {
  readonly match: MessageMatch;
  readonly means: (values: readonly Scalar[] | undefined) => boolean;
  /** Where the documentation says two things, or nothing. */
  readonly unclear?: (values: readonly Scalar[] | undefined) => boolean;
}

const text = fc.string({ unit: fc.constantFrom('a', 'b', 'B', '*', '.'), maxLength: 3 });
const affix = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), minLength: 1, maxLength: 2 });
const address = fc.constantFrom('10.0.0.1', '10.0.0.200', '10.0.7.1', '192.168.0.1');
const number = fc.constantFrom(-2, -1.5, 0, 0.00001, 1, 2, 2.5);
const isText = (value: Scalar): value is string => typeof value === 'string';

const some =
  (test: (value: Scalar) => boolean) =>
  (values: readonly Scalar[] | undefined): boolean =>
    values?.some(test) ?? false;
const notOne = (type: string) => (values: readonly Scalar[] | undefined) =>
  values !== undefined && (values.length !== 1 || typeof values[0] !== type);
const emptyOrNull = (values: readonly Scalar[] | undefined) =>
  values?.length === 0 || (values?.some((value) => value === '' || value === null) ?? false);

const meant = (isBody: boolean): fc.Arbitrary<Meant> => {
  const plainPattern = fc.constantFrom('*', 'a*', '*b', '*a*', 'a*b', '.*.', 'b');
  const pattern = isBody ? fc.oneof(plainPattern, fc.constantFrom('\\*', 'a\\**', '*\\*')) : plainPattern;
  const regexOf = (wildcard: string) =>
    new RegExp(`^${wildcard.replace(/\\\*|[.*]/g, (it) => ({ '\\*': '[*]', '.': '[.]', '*': '[^]*' })[it]!)}$`);
  const excludedSuffix = isBody ? affix : affix.filter((it) => !it.includes('*'));
  const simple: fc.Arbitrary<Meant> = fc.oneof(
    fc.array(text, { minLength: 1, maxLength: 3 }).map((all) => ({
      match: MessageMatch.strings(...all),
      means: some((value) => isText(value) && all.includes(value)),
    })),
    fc.array(number, { minLength: 1, maxLength: 2 }).map((all) => ({
      match: MessageMatch.numbers(...all),
      means: some((value) => all.some((it) => it === value)),
    })),
    fc.boolean().map((it) => ({ match: MessageMatch.bool(it), means: some((value) => value === it) })),
    fc.constant({ match: MessageMatch.ofNull(), means: some((value) => value === null) }),
    affix.map((it) => ({
      match: MessageMatch.prefix(it),
      means: some((value) => isText(value) && value.indexOf(it) === 0),
    })),
    affix.map((it) => ({
      match: MessageMatch.suffix(it),
      means: some((value) => isText(value) && value.slice(-it.length) === it),
    })),
    text.map((it) => ({
      match: MessageMatch.equalsIgnoreCase(it),
      means: some((value) => isText(value) && value.toUpperCase() === it.toUpperCase()),
    })),
    pattern.map((it) => ({
      match: MessageMatch.wildcard(it),
      means: some((value) => isText(value) && regexOf(it).test(value)),
    })),
    fc
      .constantFrom<[string, RegExp]>(
        ['10.0.0.0/24', /^10\.0\.0\./],
        ['10.0.0.0/16', /^10\.0\./],
        ['0.0.0.0/0', /^\d+\./],
      )
      .map(([block, like]) => ({
        match: MessageMatch.cidr(block),
        means: some((value) => isText(value) && like.test(value)),
      })),
    fc.constant({
      match: MessageMatch.exists(),
      means: (values: unknown) => values !== undefined,
      unclear: emptyOrNull,
    }),
    fc.constant({
      match: MessageMatch.absent(),
      means: (values: unknown) => values === undefined,
      unclear: emptyOrNull,
    }),
    fc.array(text, { minLength: 1, maxLength: 3 }).map((all) => ({
      match: MessageMatch.anythingBut(...all),
      means: some((value) => !all.some((it) => it === value)),
      unclear: notOne('string'),
    })),
    fc.array(number, { minLength: 1, maxLength: 3 }).map((all) => ({
      match: MessageMatch.anythingButNumbers(...all),
      means: some((value) => !all.some((it) => it === value)),
      unclear: notOne('number'),
    })),
    affix.map((it) => ({
      match: MessageMatch.anythingButPrefix(it),
      means: some((value) => isText(value) && value.indexOf(it) !== 0),
      unclear: notOne('string'),
    })),
    excludedSuffix.map((it) => ({
      match: MessageMatch.anythingButSuffix(it),
      means: some((value) => isText(value) && value.slice(-it.length) !== it),
      unclear: notOne('string'),
    })),
    pattern.map((it) => ({
      match: MessageMatch.anythingButWildcard(it),
      means: some((value) => isText(value) && !regexOf(it).test(value)),
      unclear: notOne('string'),
    })),
    fc
      .tuple(number, number, fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean())
      .filter(([low, high, hasLow, hasHigh]) => (hasLow || hasHigh) && (low < high || !hasLow || !hasHigh))
      .map(([low, high, hasLow, hasHigh, lowIn, highIn]) => ({
        match: MessageMatch.numeric({
          ...(hasLow && { [lowIn ? 'greaterThanOrEqualTo' : 'greaterThan']: low }),
          ...(hasHigh && { [highIn ? 'lessThanOrEqualTo' : 'lessThan']: high }),
        }),
        means: some(
          (value) =>
            typeof value === 'number' &&
            !(hasLow && (value < low || (value === low && !lowIn))) &&
            !(hasHigh && (value > high || (value === high && !highIn))),
        ),
      })),
  );
  return fc.oneof(
    { weight: 3, arbitrary: simple },
    {
      weight: 1,
      arbitrary: fc.tuple(simple, simple).map(
        (both): Meant => ({
          match: MessageMatch.anyOf(...both.map(({ match }) => match)),
          means: (values) => both.some(({ means }) => means(values)),
          unclear: (values) => both.some(({ unclear }) => unclear?.(values)),
        }),
      ),
    },
  );
};

/** Keys that must all match, and alternatives of which one must. */
interface Group {
  readonly keys: { readonly [path: string]: Meant };
  readonly alternatives: readonly { readonly [path: string]: Meant }[];
}

const PATHS = { attributes: ['/a', '/b', '/c'], body: ['/a', '/b', '/n/x', '/n/y'] };

const group = (isBody: boolean): fc.Arbitrary<Group> => {
  const paths = isBody ? PATHS.body : PATHS.attributes;
  const keys = (minLength: number) =>
    fc
      .uniqueArray(fc.tuple(fc.constantFrom(...paths), meant(isBody)), {
        selector: ([path]) => path,
        minLength,
        maxLength: 2,
      })
      .map((entries) => Object.fromEntries(entries));
  return fc.oneof(
    fc.record({ keys: keys(1), alternatives: fc.constant([]) }),
    fc.record({ keys: keys(0), alternatives: fc.array(keys(1), { minLength: 2, maxLength: 3 }) }),
  );
};

/** The keys of the map by path as the user would write them. */
function written(keys: { readonly [path: string]: Meant }): { [key: string]: MessageMatch } {
  const flat = Object.entries(keys).filter(([path]) => !path.startsWith('/n/'));
  const below = Object.entries(keys).filter(([path]) => path.startsWith('/n/'));
  return {
    ...Object.fromEntries(flat.map(([path, { match }]) => [path.slice(1), match])),
    ...(below.length > 0 && {
      n: MessageMatch.nested(Object.fromEntries(below.map(([path, { match }]) => [path.slice(3), match]))),
    }),
  };
}

const holds = (keys: { readonly [path: string]: Meant }, message: Leaves): boolean =>
  Object.entries(keys).every(([path, { means }]) => means(message.get(path)));

/** A filter, unless it happens to be beyond a limit, which is tested elsewhere. */
function filterOf({ keys, alternatives }: Group, isBody: boolean): MessageFilter | undefined {
  try {
    return MessageFilter[isBody ? 'body' : 'attributes'](written(keys), ...alternatives.map(written));
  } catch (error) {
    if (/^(combinations|wildcard points) /.test((error as Error).message)) return undefined;
    throw error;
  }
}

const scalar: fc.Arbitrary<Scalar> = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 1, arbitrary: address },
  { weight: 2, arbitrary: number },
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fc.constant(null) },
);
const values = fc.oneof(
  { weight: 3, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { minLength: 1, maxLength: 2 }) },
);

const isClear = ({ keys, alternatives }: Group, message: Leaves): boolean =>
  [keys, ...alternatives].every((all) =>
    Object.entries(all).every(([path, { unclear }]) => !unclear?.(message.get(path))),
  );

const means = ({ keys, alternatives }: Group, message: Leaves): boolean =>
  holds(keys, message) && (alternatives.length === 0 || alternatives.some((all) => holds(all, message)));

function check(it: Group, isBody: boolean, message: Leaves, seen: Set<boolean>): void {
  const filter = filterOf(it, isBody);
  fc.pre(filter !== undefined && isClear(it, message));
  const expected = means(it, message);
  seen.add(expected);
  // As SNS gets it, over the wire.
  expect(selects(JSON.parse(JSON.stringify(filter!._policy)), message)).toBe(expected);
}

describe('a policy selects what its filter means', () => {
  test('over attributes', () => {
    const attribute = values.map((value): Attribute => {
      if (typeof value === 'number') return { Type: 'Number', Value: String(value) };
      return typeof value === 'string'
        ? { Type: 'String', Value: value }
        : { Type: 'String.Array', Value: JSON.stringify(Array.isArray(value) ? value : [value]) };
    });
    const attributes = fc.record({ a: attribute, b: attribute, c: attribute, z: attribute }, { requiredKeys: ['z'] });
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(group(false), attributes, (it, message) => check(it, false, attributeLeaves(message), seen)),
      { numRuns: 3000 },
    );
    expect(seen.size).toBe(2);
  });

  test('over the body', () => {
    const body = fc.record(
      { a: values, b: values, n: fc.record({ x: values, y: values }, { requiredKeys: [] }), z: values },
      { requiredKeys: ['z', 'n'] },
    );
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(group(true), body, (it, message) =>
        check(it, true, leaves(message as { [key: string]: Json }), seen),
      ),
      { numRuns: 3000 },
    );
    expect(seen.size).toBe(2);
  });
});

describe('combinations are counted as the documentation does', () => {
  /** Every way through the alternatives, each a list of how many values a key has at which depth. */
  const ways = (policy: any, depth = 1): number[][] =>
    Object.entries<any>(policy).reduce<number[][]>(
      (before, [key, value]) => {
        const here =
          key === '$or'
            ? value.flatMap((branch: any) => ways(branch, depth))
            : Array.isArray(value)
              ? [[value.length * depth]]
              : ways(value, depth + 1);
        return before.flatMap((way) => here.map((more: number[]) => [...way, ...more]));
      },
      [[]],
    );
  const total = (policy: any): number =>
    ways(policy).reduce((sum, way) => sum + way.reduce((product, it) => product * it, 1), 0);

  const sizes = fc.dictionary(fc.constantFrom('p', 'q'), fc.integer({ min: 1, max: 12 }), { minKeys: 1, maxKeys: 2 });
  const list = (count: number) => Array.from({ length: count }, (_, i) => `${i}`);
  const matches = (all: Record<string, number>) =>
    Object.fromEntries(Object.entries(all).map(([key, count]) => [key, MessageMatch.strings(...list(count))]));
  const plain = (all: Record<string, number>) =>
    Object.fromEntries(Object.entries(all).map(([key, count]) => [key, list(count)]));

  test('and more than 150 are refused', () => {
    const seen = new Set<boolean>();
    fc.assert(
      fc.property(
        sizes,
        fc.array(sizes, { minLength: 2, maxLength: 3 }),
        fc.boolean(),
        (below, alternatives, isDeep) => {
          const count = total({
            a: plain(below),
            $or: alternatives.map((all) => (isDeep ? { b: plain(all) } : plain(all))),
          });
          const make = () =>
            MessageFilter.body(
              { a: MessageMatch.nested(matches(below)) },
              ...alternatives.map((all) => (isDeep ? { b: MessageMatch.nested(matches(all)) } : matches(all))),
            );
          seen.add(count > 150);
          if (count > 150) expect(make).toThrow(`got ${count}, expected at most 150`);
          else expect(make).not.toThrow();
        },
      ),
    );
    expect(seen.size).toBe(2);
  });
});
