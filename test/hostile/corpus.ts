/** Planted in every body: no piece of it may be in what is said of the body. */
export const SECRET = 'q7Zr9Kx2Vb4Nw8Td1Hs6Lm3Pf5Gc0Yj';

/** Of which a piece is telling. */
const PIECE = 12;
const PIECES = Array.from({ length: SECRET.length - PIECE + 1 }, (_, i) => SECRET.slice(i, i + PIECE));
const leaks = new RegExp(PIECES.join('|'));

/** Whether a text holds some of what was to be kept to itself. */
export const leaksSecret = (text: string): boolean => leaks.test(text);

/** JSON so deep that whoever follows it by calling itself falls off its stack. */
export const deep = (depth: number, open = '[', close = ']', inside = '1'): string =>
  open.repeat(depth) + inside + close.repeat(depth);

/** Texts where a text is expected. */
export const TEXTS: readonly string[] = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ufeff{}',
  '\ud800',
  'x\udc00y',
  '\ufffe\uffff',
  '\u001b[2J\u001b]0;owned\u0007',
  '\u009b31m',
  '\u202egnp.exe',
  'a\r\nSet-Cookie: a=b',
  '\u2028',
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'null',
  'undefined',
  '[object Object]',
  'NaN',
  'Infinity',
  '1e400',
  '-1e400',
  '-0',
  '-5',
  '1e30',
  '0x10',
  '1_000',
  '9007199254740993',
  '9'.repeat(400),
  '2026-11-24T10:00:00Z',
  '9999-99-99T99:99:99Z',
  '+275760-09-13T00:00:00.001Z',
  '-271821-04-19T23:59:59.999Z',
  '../../etc/passwd',
  '..%2f..%2fother',
  '%2e%2e/secret',
  './x',
  'payloads/../other/x',
  's3://other-bucket/key',
  'arn:aws:sqs:us-east-1:999999999999:other.fifo',
  'arn:aws:s3:::other-bucket/*',
  'https://user:password@169.254.169.254/latest/meta-data',
  'http://[::1]/',
  "'; DROP TABLE x; --",
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"a":1,"a":2}',
  '[{"a":1},{"__proto__":[]}]',
  '{"a":',
  '{"toJSON":1,"then":1}',
  '"\\ud800"',
  '{"\\u005f_proto__":1}',
  '4pyT=',
  '4py',
  '=====',
  '\u00ff\u00fe',
  'x'.repeat(3_000),
  '\ufffd'.repeat(2_000),
  '"'.repeat(2_000),
  deep(2_000),
  deep(2_000, '{"a":', '}'),
];

/** Numbers that somebody may write, in DynamoDB's range. */
export const NUMBERS: readonly string[] = [
  '0',
  '-1',
  '-5',
  '0.5',
  '1e-20',
  '1e30',
  '1e125',
  '-1e125',
  '9007199254740993',
  '8640000000000001',
  '4102444800000',
];

/** Values where some other is expected. */
export const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  0.5,
  1e21,
  1e300,
  -1e300,
  8.64e15 + 1,
  Number.MAX_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER + 1,
  [],
  [null],
  [[]],
  {},
  { length: -1 },
  { length: 1e9, 0: 'x' },
  { toString: 1, valueOf: null },
  { toJSON: 'x' },
  JSON.parse('{"then":1}'),
  { S: 1 },
  { N: 'NaN' },
  { N: '1e125' },
  { BOOL: 'true' },
  { M: null },
  { L: {} },
  { SS: [1] },
  JSON.parse('{"__proto__":{"polluted":true}}'),
  JSON.parse('{"constructor":{"prototype":{"polluted":true}}}'),
  JSON.parse('{"a":{"b":[{"__proto__":{"polluted":true}}]}}'),
  JSON.parse(deep(500)),
];

/** Names of what somebody might write into. */
export const KEYS: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'toJSON',
  'then',
  '',
  '0',
  '\u0000',
  'é',
];
