/** What AWS asks for in us-east-1, in USD, beyond what is free and before discounts for volume; looked up in November 2026. */
export const PRICES = {
  /** A million requests of 64 KiB; those of fair queues cost 0.1 more. https://aws.amazon.com/sqs/pricing/ */
  sqs: { standard: 0.4, fifo: 0.5 },
  /** A million requests, and a GB-second by architecture. https://aws.amazon.com/lambda/pricing/ */
  lambda: { requests: 0.2, arm64: 0.0000133334, x86: 0.0000166667 },
  /** A million request units, on demand, since November 2024. https://aws.amazon.com/dynamodb/pricing/on-demand/ */
  dynamodb: { read: 0.125, write: 0.625 },
  /** A million messages published; copies to queues and functions cost nothing, or of FIFO topics next to it. https://aws.amazon.com/sns/pricing/ */
  sns: { standard: 0.5, fifo: 0.3 },
  /** A million requests to a REST API. https://aws.amazon.com/api-gateway/pricing/ */
  apiGateway: 3.5,
  /** A GB of logs taken in. https://aws.amazon.com/cloudwatch/pricing/ */
  logs: 0.5,
} as const;
