import type { DeadLetter } from '../../../../bin/local/dead-letters';
import type { Made } from '../../../../bin/local/invoices/account';
import type { Reply } from '../../../../bin/local/invoices/client';
import type { Kind } from '../../../../bin/local/invoices/load';
import type { SubmittedJob } from '../../../../bin/local/invoices/submit';
import type { JobView } from '../../../../lambda/runtime';

const accepted = (id: string): Reply => ({ status: 202, body: { id, status: 'accepted' } });

/** A job under an id like that of its order. */
export const job = (orderId: string, kind: Kind = 'plain', of: Partial<SubmittedJob> = {}): SubmittedJob => ({
  kind,
  request: { orderId, country: kind === 'no tax rate' ? 'AQ' : 'CH', cents: 1_000 },
  replies: Array.from({ length: kind === 'sent twice' ? 2 : 1 }, () => accepted(`id-${orderId}`)),
  ...(kind === 'cancelled' && { cancellation: { status: 200, body: { status: 'cancelled' } } }),
  ...of,
});

export const view = (orderId: string, status: JobView['status'], of: Partial<JobView> = {}): JobView => ({
  id: `id-${orderId}`,
  status,
  createdAt: '',
  updatedAt: '',
  expiresAt: '',
  ...(status === 'succeeded' && { result: { orderId, netCents: 1_000, taxCents: 81 } }),
  ...(status === 'failed' && { problem: { type: 'about:blank', title: 'failed', detail: 'no tax rate for AQ' } }),
  ...of,
});

/** The later, the higher; a second apart. */
export const made = (orderId: string, second: number): Made => ({
  orderId,
  jobId: `id-${orderId}`,
  startedAt: second * 1000,
});

export const letter = (orderId: string): DeadLetter => ({
  messageId: `sqs-${orderId}`,
  receiveCount: 1,
  reason: 'no tax rate for AQ',
  body: JSON.stringify({ orderId }),
  groupId: undefined,
  attributes: {},
});
