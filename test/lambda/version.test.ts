import { rowOf as breakerRowOf } from '../../lambda/runtime/breaker/row';
import { opened } from '../../lambda/runtime/breaker/state';
import { Store } from '../../lambda/runtime/breaker/store';
import { Expression, rowOf as paceRowOf } from '../../lambda/runtime/pace/row';
import { PaceStore } from '../../lambda/runtime/pace/store';
import { ifVersion, versionIn } from '../../lambda/runtime/version';
import { PACE_TABLE } from '../../lib/private/contract';
import { TABLE as BREAKERS, FakeTable as BreakerTable } from './breaker/fake-table';
import { TABLE as PACES, FakeTable as PaceTable } from './pace/fake-table';

const never = new AbortController().signal;
const LAST = String(Number.MAX_SAFE_INTEGER);

test.each<[unknown, number]>([
  [{ N: '1' }, 1],
  [{ N: '1.5' }, 1.5],
  [{ N: LAST }, Number.MAX_SAFE_INTEGER],
  [{ N: '0' }, 0],
  [{ N: '-3' }, 0],
  [{ N: '0.5' }, 0],
  [{ N: '9007199254740993' }, 0],
  [{ N: '1e125' }, 0],
  [{ S: '3' }, 0],
  [{ SS: ['3'] }, 0],
  [undefined, 0],
])('the version in %j is %d', (value, version) => {
  expect(versionIn(value as never)).toBe(version);
});

test('a change of a row that was seen depends on just that version', () => {
  const values: object[] = [];
  const place = (name: string, value: object) => {
    values.push({ [name]: value });
    return `:${name}`;
  };
  expect(ifVersion(7, '#version', place)).toBe('#version = :seen');
  expect(values).toEqual([{ seen: { N: '7' } }]);
});

const ROWS: readonly (object | undefined)[] = [
  undefined,
  {},
  { version: { N: '0' } },
  { version: { N: '-3' } },
  { version: { S: '3' } },
  { version: { N: '9007199254740993' } },
];

test.each(ROWS)('a breaker whose row is %j goes on from it, and nobody does who has not seen that', async (row) => {
  const table = new BreakerTable();
  if (row) table.items.set('breaker', { pk: { S: 'breaker' }, ...row });
  const store = new Store(table, BREAKERS);
  const seen = await store.read(never);
  expect(seen.version).toBe(0);
  const stage = opened(seen, { window: 1, coolDown: 1, maxCoolDown: 1 } as never, 1);
  expect(await store.enter(seen, stage, never)).toMatchObject({ applied: true, row: { state: 'open', version: 1 } });
  expect(await store.enter(seen, stage, never)).toMatchObject({ applied: false, row: { version: 1 } });
  expect(breakerRowOf(table.row).version).toBe(1);
});

test.each(ROWS)('a pace whose row is %j goes on from it, and nobody does who has not seen that', async (row) => {
  const table = new PaceTable();
  if (row) table.items.set(PACE_TABLE.row, { pk: { S: PACE_TABLE.row }, ...row });
  const store = new PaceStore(table, PACES);
  const seen = paceRowOf(await store.read(never));
  expect(seen.version).toBe(0);
  const change = () =>
    store.update(new Expression(PACE_TABLE.row).ifVersion(seen.version).set('version', { N: '1' }), never);
  expect(await change()).toMatchObject({ applied: true, item: { version: { N: '1' } } });
  expect(await change()).toMatchObject({ applied: false, item: { version: { N: '1' } } });
});
