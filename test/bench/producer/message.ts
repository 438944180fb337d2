/** The order of the runtime's benchmark without most of its lines: about 300 bytes as JSON, a common size of an event. */
export const order = (n: number) => ({
  orderId: `order-${n}`,
  placedAt: '2026-11-24T10:15:30.123Z',
  customer: { id: `customer-${n % 97}`, email: `customer-${n % 97}@example.com` },
  currency: 'EUR',
  lines: [
    { sku: `SKU-${1000 + n}`, quantity: 1 + (n % 5), unitPrice: 1.5 },
    { sku: `SKU-${2000 + n}`, quantity: 2, unitPrice: 12.25 },
  ],
});

export type Order = ReturnType<typeof order>;
