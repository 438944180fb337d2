import { CfnParameter, Stack, Token } from 'aws-cdk-lib';
import { MessageFilter, MessageMatch } from '../../lib/message-filter';

const conditions = (match: MessageMatch) => MessageFilter.body({ key: match })._policy.key;

describe('matches are written as SNS reads them', () => {
  test.each<[string, MessageMatch, unknown]>([
    ['texts', MessageMatch.strings('a', 'b'), ['a', 'b']],
    ['an empty text', MessageMatch.strings(''), ['']],
    [
      'numbers, which compare as numbers and not as they are written',
      MessageMatch.numbers(1, -2.5),
      [{ numeric: ['=', 1] }, { numeric: ['=', -2.5] }],
    ],
    ['true and false', MessageMatch.bool(false), [false]],
    ['null', MessageMatch.ofNull(), [null]],
    ['prefixes', MessageMatch.prefix('a', 'b'), [{ prefix: 'a' }, { prefix: 'b' }]],
    ['suffixes', MessageMatch.suffix('a'), [{ suffix: 'a' }]],
    ['texts in any case', MessageMatch.equalsIgnoreCase('a'), [{ 'equals-ignore-case': 'a' }]],
    ['wildcards', MessageMatch.wildcard('*/a/*.js'), [{ wildcard: '*/a/*.js' }]],
    [
      'blocks of addresses',
      MessageMatch.cidr('10.0.0.0/24', '2001:db8::/32'),
      [{ cidr: '10.0.0.0/24' }, { cidr: '2001:db8::/32' }],
    ],
    ['presence', MessageMatch.exists(), [{ exists: true }]],
    ['absence', MessageMatch.absent(), [{ exists: false }]],
    ['anything but texts', MessageMatch.anythingBut('a', 'b'), [{ 'anything-but': ['a', 'b'] }]],
    ['anything but numbers', MessageMatch.anythingButNumbers(100, 500), [{ 'anything-but': [100, 500] }]],
    ['anything but a prefix', MessageMatch.anythingButPrefix('a'), [{ 'anything-but': { prefix: 'a' } }]],
    ['anything but a wildcard', MessageMatch.anythingButWildcard('a*'), [{ 'anything-but': { wildcard: 'a*' } }]],
    [
      'anything but a suffix, as a wildcard',
      MessageMatch.anythingButSuffix('.js'),
      [{ 'anything-but': { wildcard: '*.js' } }],
    ],
    [
      'anything but a suffix that looks like a wildcard',
      MessageMatch.anythingButSuffix('\\*'),
      [{ 'anything-but': { wildcard: '*\\\\\\*' } }],
    ],
    ['a lower bound', MessageMatch.numeric({ greaterThan: 0 }), [{ numeric: ['>', 0] }]],
    ['an upper bound', MessageMatch.numeric({ lessThanOrEqualTo: 0 }), [{ numeric: ['<=', 0] }]],
    [
      'both, the lower one first',
      MessageMatch.numeric({ lessThan: 150, greaterThanOrEqualTo: 0.5 }),
      [{ numeric: ['>=', 0.5, '<', 150] }],
    ],
    [
      'one of several',
      MessageMatch.anyOf(
        MessageMatch.strings('a'),
        MessageMatch.absent(),
        MessageMatch.anyOf(MessageMatch.prefix('b')),
      ),
      ['a', { exists: false }, { prefix: 'b' }],
    ],
  ])('%s', (_, match, expected) => {
    expect(conditions(match)).toEqual(expected);
  });
});

test('objects and alternatives nest', () => {
  const a = MessageMatch.strings('a');
  expect(
    MessageFilter.body({ top: MessageMatch.nested({ deep: a }, { x: a }, { y: a }) }, { p: a }, { q: a })._policy,
  ).toEqual({
    top: { deep: ['a'], $or: [{ x: ['a'] }, { y: ['a'] }] },
    $or: [{ p: ['a'] }, { q: ['a'] }],
  });
});

test('a filter says what it looks at', () => {
  expect(MessageFilter.attributes({ a: MessageMatch.exists() })._scope).toBe('MessageAttributes');
  expect(MessageFilter.body({ a: MessageMatch.exists() })._scope).toBe('MessageBody');
});

const texts = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`);
const strings = (count: number) => MessageMatch.strings(...texts(count));
const keys = (count: number) => Object.fromEntries(texts(count).map((key) => [key, MessageMatch.exists()]));
const patterns = (count: number, pattern: string) =>
  MessageMatch.wildcard(...texts(count).map((text) => text + pattern));
const { attributes, body } = { attributes: MessageFilter.attributes, body: MessageFilter.body };

describe('what SNS takes passes', () => {
  test.each<[string, () => MessageFilter]>([
    ['5 keys', () => attributes(keys(5))],
    [
      '5 keys below one, whatever it is itself',
      () =>
        body({
          top: MessageMatch.nested({ a: strings(1), b: strings(1), c: strings(1), d: strings(1), e: strings(1) }),
        }),
    ],
    ['a key twice, in two alternatives', () => body(keys(4), { x: strings(1) }, { x: strings(2) })],
    ['150 combinations', () => attributes({ a: strings(10), b: strings(15) })],
    ['150 combinations of alternatives', () => attributes({}, { a: strings(100) }, { b: strings(50) })],
    ['148 combinations at depth 2', () => body({ a: MessageMatch.nested({ b: strings(74) }) })],
    ['100 wildcard points', () => body({ a: patterns(10, '*') })],
    ['3 wildcards in a pattern', () => body({ a: MessageMatch.wildcard('*a*b*') })],
    ['escaped wildcards', () => body({ a: MessageMatch.wildcard('\\*\\*\\*\\**\\\\') })],
    ['the largest numbers', () => body({ a: MessageMatch.numbers(1e9, -1e9, 999_999_999.12345, 0.00001) })],
    ['the smallest block', () => body({ a: MessageMatch.cidr('10.0.0.0/31', '::/127', '0.0.0.0/0') })],
    ['a long attribute name', () => attributes({ ['a'.repeat(256)]: MessageMatch.exists() })],
    ['a dotted attribute name', () => attributes({ 'a.b-c_D.9': MessageMatch.exists() })],
  ])('%s', (_, make) => {
    expect(make).not.toThrow();
  });
});

describe('what SNS refuses, or takes and never matches, is refused with what, got, expected and what to do', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['no key', () => attributes({}), /^message filter: got nothing, expected at least one key; /],
    [
      'an empty object',
      () => body({ a: MessageMatch.nested({}), b: strings(1) }),
      /object or alternative .*: got nothing/,
    ],
    ['an empty alternative', () => body({ a: strings(1) }, {}, keys(1)), /object or alternative .*: got nothing/],
    ['an empty name', () => body({ '': strings(1) }), /key of a message filter: got nothing, expected a name/],
    [
      'no value',
      () => body({ a: MessageMatch.strings() }),
      /message filter on a: got nothing, expected at least one value/,
    ],
    [
      'nothing excluded',
      () => body({ a: MessageMatch.anythingBut() }),
      /on a: got nothing, expected at least one value; use MessageMatch.exists/,
    ],
    ['6 keys', () => attributes(keys(6)), /keys of a message filter: got 6, expected at most 5; /],
    [
      '6 keys, counted where they have values',
      () =>
        body(
          { ...keys(3), top: MessageMatch.nested({ x: strings(1), y: strings(1) }) },
          { p: strings(1) },
          { t0: strings(1) },
        ),
      /keys of a message filter: got 6/,
    ],
    ['151 combinations', () => attributes({ a: strings(151) }), /combinations of .*: got 151, expected at most 150/],
    ['160 combinations', () => attributes({ a: strings(10), b: strings(16) }), /combinations of .*: got 160/],
    [
      '151 of alternatives',
      () => attributes({}, { a: strings(100) }, { b: strings(51) }),
      /combinations of .*: got 151/,
    ],
    [
      'depth, which counts like values',
      () =>
        body({
          a: MessageMatch.nested({ b: MessageMatch.nested({ c: strings(4) }) }),
          d: MessageMatch.nested({ e: strings(7) }),
        }),
      /combinations of .*: got 168/,
    ],
    [
      '121 wildcard points',
      () => body({ a: patterns(11, '*') }),
      /wildcard points of .*: got 121, expected at most 100/,
    ],
    ['wildcards that cost 3 each', () => body({ a: patterns(4, '*b*c*') }), /wildcard points of .*: got 144/],
    [
      'exclusions beside a wildcard',
      () => body({ a: MessageMatch.anyOf(patterns(10, '*'), MessageMatch.anythingButPrefix('x')) }),
      /wildcard points of .*: got 121/,
    ],
    [
      '4 wildcards in a pattern',
      () => body({ a: MessageMatch.wildcard('*a*b*c*') }),
      /got \*a\*b\*c\*, expected at most 3 \*/,
    ],
    [
      'wildcards side by side',
      () => body({ a: MessageMatch.wildcard('a**') }),
      /got a\*\*, expected no two \* side by side/,
    ],
    [
      'an escape of nothing',
      () => body({ a: MessageMatch.wildcard('a\\b') }),
      /expected a backslash before \* or another one only/,
    ],
    ['an escape at the end', () => body({ a: MessageMatch.anythingButWildcard('a\\') }), /expected a backslash before/],
    ['an empty pattern', () => body({ a: MessageMatch.wildcard('') }), /got an empty text, expected a pattern/],
    ['an empty prefix', () => body({ a: MessageMatch.prefix('') }), /got an empty text, expected a text/],
    ['an empty suffix', () => body({ a: MessageMatch.suffix('') }), /got an empty text/],
    ['an empty excluded prefix', () => body({ a: MessageMatch.anythingButPrefix('') }), /got an empty text/],
    ['an empty excluded suffix', () => body({ a: MessageMatch.anythingButSuffix('') }), /got an empty text/],
    [
      '256 KB',
      () => body({ a: MessageMatch.strings('x'.repeat(256 * 1024)) }),
      /bytes of .*: got 262154, expected at most 262144/,
    ],
    [
      'too large a number',
      () => body({ a: MessageMatch.numbers(1e9 + 1) }),
      /got 1000000001, expected a number from -1e9 to 1e9 with 5 decimals/,
    ],
    ['too small a number', () => body({ a: MessageMatch.numeric({ lessThan: -1e9 - 1 }) }), /got -1000000001/],
    ['too fine a number', () => body({ a: MessageMatch.anythingButNumbers(0.000001) }), /got 0.000001/],
    ['no number', () => body({ a: MessageMatch.numbers(Number.NaN) }), /got NaN/],
    [
      'no bound',
      () => MessageMatch.numeric({}),
      /range of a message filter: got {}, expected a lower bound, an upper bound, or one of each/,
    ],
    [
      'two lower bounds',
      () => MessageMatch.numeric({ greaterThan: 1, greaterThanOrEqualTo: 1 }),
      /range of a message filter/,
    ],
    [
      'two upper bounds',
      () => MessageMatch.numeric({ lessThan: 1, lessThanOrEqualTo: 1 }),
      /range of a message filter/,
    ],
    [
      'bounds that meet',
      () => body({ a: MessageMatch.numeric({ greaterThanOrEqualTo: 1, lessThanOrEqualTo: 1 }) }),
      /got 1 to 1, expected a lower bound below the upper/,
    ],
    [
      'a single address',
      () => body({ a: MessageMatch.cidr('10.0.0.1/32') }),
      /got 10.0.0.1\/32, expected an IP address with \/0 to \/31/,
    ],
    ['a single IPv6 address', () => body({ a: MessageMatch.cidr('::1/128') }), /got ::1\/128/],
    ['no block', () => body({ a: MessageMatch.cidr('10.0.0.1') }), /got 10.0.0.1,/],
    ['no address', () => body({ a: MessageMatch.cidr('10.0.0.256/8') }), /got 10.0.0.256\/8/],
    [
      'an object in attributes',
      () => attributes({ a: MessageMatch.nested({ b: strings(1) }) }),
      /on a\.b: got an object in attributes/,
    ],
    [
      'a name that no attribute has',
      () => attributes({ 'a b': strings(1) }),
      /key of a message filter: got a b, expected the name of an attribute/,
    ],
    ['a name with two dots', () => attributes({ 'a..b': strings(1) }), /got a\.\.b/],
    ['a name with a dot at its end', () => attributes({ 'a.': strings(1) }), /got a\./],
    ['too long a name', () => attributes({ ['a'.repeat(257)]: strings(1) }), /expected the name of an attribute/],
    [
      'a quotation mark in attributes',
      () => attributes({ a: MessageMatch.strings('"') }),
      /got ", expected no quotation mark and no backslash/,
    ],
    [
      'a backslash in attributes',
      () => attributes({ a: MessageMatch.prefix('\\') }),
      /expected no quotation mark and no backslash/,
    ],
    [
      'one alternative',
      () => body({ a: strings(1) }, { b: strings(1) }),
      /alternatives of a message filter: got 1, expected at least 2, or none/,
    ],
    [
      '$or as a key',
      () => body({ $or: strings(1) }),
      /key of a message filter: got \$or, expected a key of the message/,
    ],
    [
      'an operator as a key of an alternative',
      () => body({}, { prefix: strings(1) }, { b: strings(1) }),
      /key in an alternative .*: got prefix/,
    ],
    [
      'an object where a value is',
      () => MessageMatch.anyOf(MessageMatch.nested(keys(1))),
      /anyOf of a message filter: got keys of an object/,
    ],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

test('tokens pass through, unvalidated', () => {
  const stack = new Stack();
  const text = new CfnParameter(stack, 'Text').valueAsString;
  const number = new CfnParameter(stack, 'Number', { type: 'Number' }).valueAsNumber;
  const filter = body({
    a: MessageMatch.numeric({ greaterThan: number, lessThan: 1 }),
    b: MessageMatch.anyOf(
      MessageMatch.cidr(text),
      MessageMatch.wildcard(text),
      MessageMatch.anythingButNumbers(number),
    ),
    c: MessageMatch.strings(Token.asString({ Ref: 'AWS::Region' })),
  });
  expect(stack.resolve(filter._policy)).toMatchObject({
    a: [{ numeric: ['>', { Ref: 'Number' }, '<', 1] }],
    b: [{ cidr: { Ref: 'Text' } }, { wildcard: { Ref: 'Text' } }, { 'anything-but': [{ Ref: 'Number' }] }],
    c: [{ Ref: 'AWS::Region' }],
  });
});
