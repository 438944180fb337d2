import type { JobsSpec } from '../../../lib/private/contract';

export const JOBS_SPEC: JobsSpec = {
  name: 'Test/Invoices',
  table: 'jobs',
  queue: { queueUrl: 'https://sqs.test/123456789012/queue', fifo: false },
  maxAge: 3_600,
  retention: 86_400,
  maxBodyBytes: 1_024,
  callbacks: true,
};

export const BACKOFF_NONE = { initial: 1, max: 1, factor: 1, jitter: false };
