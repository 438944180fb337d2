import { buildLoad, DEMO, type Message } from '../../../../bin/local/messages/load';

const of = (messages: readonly Message[], kind: Message['kind']) => messages.filter((message) => message.kind === kind);

describe('buildLoad', () => {
  const load = buildLoad(1);

  it('makes 500 messages for the demo, each with an id of its own', () => {
    expect(load).toHaveLength(500);
    expect(new Set(load.map(({ id }) => id)).size).toBe(500);
  });

  it('makes the same messages of the same seed', () => {
    expect(buildLoad(1)).toEqual(load);
  });

  it('makes other messages of another seed, as many of each kind', () => {
    const other = buildLoad(2);
    expect(other).not.toEqual(load);
    expect(other.map(({ kind }) => kind).sort()).toEqual(load.map(({ kind }) => kind).sort());
  });

  it.each(Object.entries(DEMO.orders))('makes orders that are %s: %i', (kind, count) => {
    expect(of(load, kind as Message['kind']).filter(({ worker }) => worker === 'orders')).toHaveLength(count);
  });

  it.each(Object.entries(DEMO.payments))('makes payments that are %s: %i, copies aside', (kind, count) => {
    const payments = of(load, kind as Message['kind']).filter(({ worker }) => worker === 'payments');
    expect(new Set(payments.map(({ work, id }) => work ?? id)).size).toBe(count);
  });

  it('makes three copies of a payment that differ in their id only, and sends two of them again', () => {
    for (const copies of Map.groupBy(of(load, 'sent three times'), ({ work }) => work).values()) {
      expect(copies.map(({ again }) => again)).toEqual([false, true, true]);
      expect(new Set(copies.map(({ body, attributes }) => JSON.stringify([body, attributes]))).size).toBe(1);
    }
  });

  it('reuses the key of a payment that can succeed, for another amount', () => {
    const healthy = new Map(of(load, 'healthy').map(({ id, body }) => [id, body]));
    for (const { body, again } of of(load, 'key reused')) {
      const original = healthy.get(JSON.parse(body).paymentId);
      expect(original).toBeDefined();
      expect(original).not.toBe(body);
      expect(again).toBe(true);
    }
  });

  it('lets the payment provider fail less often than its circuit breaker takes notice of', () => {
    expect(of(load, 'provider fails once').length).toBeLessThan(10);
  });

  it('mixes the kinds, so that batches hold good and bad ones', () => {
    const faulty = load.flatMap(({ worker, kind }, i) => (worker === 'orders' && kind !== 'healthy' ? [i] : []));
    expect(Math.max(...faulty.slice(1).map((position, i) => position - faulty[i]!))).toBeLessThan(50);
  });

  it('sends a group in the order of its steps, groups mixed', () => {
    const shipments = load.filter(({ worker }) => worker === 'shipments');
    const groups = new Set(shipments.map(({ groupId }) => groupId));
    expect(groups.size).toBe(DEMO.groups);
    expect(new Set(shipments.slice(0, DEMO.groupSize).map(({ groupId }) => groupId)).size).toBeGreaterThan(1);
    for (const group of groups) {
      const steps = shipments.filter(({ groupId }) => groupId === group).map(({ body }) => JSON.parse(body).step);
      expect(steps).toEqual(Array.from({ length: DEMO.groupSize }, (_, i) => `step ${i + 1}`));
    }
  });

  it('puts at most one fault into a group', () => {
    const faulty = load.filter(({ worker, kind }) => worker === 'shipments' && kind !== 'healthy');
    expect(new Set(faulty.map(({ groupId }) => groupId)).size).toBe(faulty.length);
    expect(faulty.length).toBeGreaterThan(0);
  });

  it('gives one order as many attributes as SQS takes', () => {
    expect(of(load, 'bad, 10 attributes').map(({ attributes }) => Object.keys(attributes).length)).toEqual([10]);
  });

  it('correlates every other order, and leaves the rest to begin a line', () => {
    const orders = load.filter(({ worker }) => worker === 'orders');
    const correlated = orders.filter(({ attributes }) => attributes.CorrelationId !== undefined);
    expect(Math.abs(correlated.length - orders.length / 2)).toBeLessThanOrEqual(1);
    expect(new Set(correlated.map(({ attributes }) => attributes.CorrelationId)).size).toBe(correlated.length);
  });

  it('writes a __proto__ key that a parser sees as a key of its own', () => {
    for (const { body } of of(load, '__proto__ key')) {
      expect(Object.keys(JSON.parse(body))).toContain('__proto__');
    }
  });

  it('writes bodies that are not JSON', () => {
    const broken = of(load, 'not JSON');
    expect(broken.length).toBeGreaterThan(0);
    for (const { body } of broken) expect(() => JSON.parse(body)).toThrow();
  });
});
