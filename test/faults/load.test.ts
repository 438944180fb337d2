import { ALWAYS, buildLoad, sizeOf, withDerived } from './load';

test('the same seed makes the same load, another one another', () => {
  expect(buildLoad(7, 500)).toEqual(buildLoad(7, 500));
  expect(buildLoad(7, 500)).not.toEqual(buildLoad(8, 500));
});

test.each([500, 5_000, 50_000])('of %d messages there are about as many, what comes of others included', (messages) => {
  expect(Math.abs(sizeOf(withDerived(buildLoad(1, messages))) / messages - 1)).toBeLessThan(0.02);
});

const load = withDerived(buildLoad(1, 5_000));

test('every pattern has good ones, bad ones and such as fail at first', () => {
  for (const works of [load.charges, load.steps, load.documents, load.mails, load.orders, load.clicks]) {
    expect(works.some(({ bad }) => bad)).toBe(true);
    expect(works.some(({ fails }) => fails === 2)).toBe(true);
    expect(works.filter(({ bad }) => bad).length).toBeLessThan(works.length / 10);
  }
  expect(load.charges.some(({ fails }) => fails === ALWAYS)).toBe(true);
});

test('ids are unique, and some charges share a key', () => {
  for (const works of Object.values(load)) expect(new Set(works.map(({ id }) => id)).size).toBe(works.length);
  expect(new Set(load.charges.map(({ key }) => key)).size).toBeLessThan(load.charges.length * 0.95);
});

test('of three attempts that Lambda makes a thumbnail spends one at most', () => {
  expect(Math.max(...load.thumbnails.map(({ fails }) => fails))).toBeLessThanOrEqual(1);
});

test('what comes of a good order reaches billing, and of every other one audit; nothing comes of a bad one', () => {
  const good = load.orders.filter(({ bad }) => !bad).map(({ id }) => id);
  expect(load.billing.map(({ id }) => id)).toEqual(good);
  expect(load.audit.every(({ id }) => good.includes(id))).toBe(true);
  expect(load.audit.length).toBeGreaterThan(good.length * 0.4);
});

test('the steps of a group are numbered without a gap', () => {
  for (const own of Map.groupBy(load.steps, ({ group }) => group).values()) {
    expect(own.map(({ step }) => step)).toEqual(own.map((_, i) => i + 1));
  }
});
