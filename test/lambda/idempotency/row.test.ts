import { type Claim, type Row, type Standing, standing } from '../../../lambda/runtime/idempotency/row';

const NOW = 1_000_000;
const claim: Claim = { key: 'k', owner: 'me', hash: 'h', lease: NOW + 1 };
const row: Row = { owner: 'another', hash: 'h', lease: NOW + 500, done: false, ttl: 2_000 };

test.each<[string, Partial<Row>, Standing]>([
  ['another at it', {}, { kind: 'running', until: NOW + 500 }],
  ['another whose lease has just ended', { lease: NOW }, { kind: 'free' }],
  ['another whose lease ends in a millisecond', { lease: NOW + 1 }, { kind: 'running', until: NOW + 1 }],
  ['another who has done it', { done: true }, { kind: 'finished' }],
  ['another who has done it, lease long over', { done: true, lease: 0 }, { kind: 'finished' }],
  ['another with another payload', { hash: 'x' }, { kind: 'mismatch' }],
  ['another with another payload who has done it', { hash: 'x', done: true }, { kind: 'mismatch' }],
  ['another with another payload who died', { hash: 'x', lease: 0 }, { kind: 'mismatch' }],
  ['a row that may be forgotten', { ttl: 1_000, done: true, hash: 'x' }, { kind: 'free' }],
  ['a row that may be forgotten in a second', { ttl: 1_001, done: true }, { kind: 'finished' }],
  ['the claim itself', { owner: 'me', lease: 0, ttl: 0, hash: 'x' }, { kind: 'ours' }],
])('a claim that finds %s', (_, found, expected) => {
  expect(standing({ ...row, ...found }, claim, NOW)).toEqual(expected);
});
