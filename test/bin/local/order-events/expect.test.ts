import { correlationOf, expectationOf } from '../../../../bin/local/order-events/expect';
import { order } from './world';

describe('expectationOf', () => {
  it.each([
    [499_99, undefined],
    [500_00, 'handled'],
    [500_01, 'handled'],
    [60_00, undefined],
  ])('judges whether LargeOrders gets an order of %i cents', (cents, fate) => {
    expect(expectationOf(order('a', cents)).fates).toEqual({ timeline: 'handled', largeOrders: fate, broken: 'dead' });
  });

  it('adds up cents, of which floating point makes less than there are', () => {
    // 0.29 x 100 is 28.999…, and a hundred times 5.00 less one cent is not enough.
    const items = [
      { sku: 'sku-1', quantity: 100, price: 4.71 },
      { sku: 'sku-2', quantity: 100, price: 0.29 },
    ];
    const body = JSON.stringify({ orderId: 'a', customer: 'customer-1', items });
    expect(expectationOf({ ...order('a'), body }).fates.largeOrders).toBe('handled');
  });
});

describe('correlationOf', () => {
  it("is the order's own, or its message id where it begins a line", () => {
    expect(correlationOf(order('a'))).toBe('sqs-a');
    expect(correlationOf(order('a', 100_00, { attributes: { CorrelationId: 'visit' } }))).toBe('visit');
  });
});
