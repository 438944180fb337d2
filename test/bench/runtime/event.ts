import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';

const LINES = 6;

const order = (n: number) => ({
  orderId: `order-${n}`,
  placedAt: '2026-11-24T10:15:30.123Z',
  customer: { id: `customer-${n % 97}`, email: `customer-${n % 97}@example.com`, name: 'Ada Lovelace' },
  address: { street: '12 Analytical Engine Way', city: 'London', postalCode: 'W1U 6TL', country: 'GB' },
  currency: 'EUR',
  lines: Array.from({ length: LINES }, (_, line) => ({
    sku: `SKU-${1000 + n + line}`,
    title: `A part with a name of some length, number ${line}`,
    quantity: 1 + ((n + line) % 5),
    unitPrice: 1.5 + line,
  })),
  note: 'Leave it with the neighbour.',
});

const record = (n: number): SQSRecord => ({
  messageId: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  receiptHandle: `AQEB${'x'.repeat(300)}${n}`,
  body: JSON.stringify(order(n)),
  attributes: {
    ApproximateReceiveCount: '1',
    SentTimestamp: '1795515330123',
    SenderId: 'AIDAEXAMPLE',
    ApproximateFirstReceiveTimestamp: '1795515330223',
  },
  messageAttributes: {},
  md5OfBody: '0123456789abcdef0123456789abcdef',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:eu-west-1:123456789012:orders',
  awsRegion: 'eu-west-1',
});

/** As Lambda hands it over: parsed from JSON, so that strings and shapes are what the engine sees there. */
export const event = (size: number, seed: number): SQSEvent =>
  JSON.parse(JSON.stringify({ Records: Array.from({ length: size }, (_, n) => record(seed * size + n)) }));

export const context: Context = {
  callbackWaitsForEmptyEventLoop: false,
  functionName: 'orders',
  functionVersion: '$LATEST',
  invokedFunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:orders',
  memoryLimitInMB: '512',
  awsRequestId: '3f1c9f2e-7a0e-4a52-9d9b-1c2d3e4f5a6b',
  logGroupName: '/aws/lambda/orders',
  logStreamName: '2026/11/24/[$LATEST]0123456789abcdef',
  getRemainingTimeInMillis: () => 30_000,
  done: () => {},
  fail: () => {},
  succeed: () => {},
};
