import { lookup } from 'node:dns/promises';
import { request } from 'node:https';
import { JOBS_ENV, type WebhookSpec } from '../../../lib/private/contract';
import { worker } from '../../runtime/worker';
import type { Delivery } from '../job-completions/completion';
import { isPublic } from './address';
import { Caller, checked } from './call';
import { secretKey } from './secret';

const { env } = process;
const { secretArn, timeout } = JSON.parse(env[JOBS_ENV.webhook] ?? '') as WebhookSpec;

const caller = new Caller({
  resolve: (hostname) => lookup(hostname, { all: true }),
  isAllowed: isPublic,
  request,
  now: Date.now,
  key: secretKey({ secretArn, env, now: Date.now, fetch }),
  timeout,
});

/** A worker like any other: retries with backoff, dead letters with reasons. */
export const handler = worker<Delivery>({
  concurrency: 10,
  process: (delivery, { signal }) => caller.call(checked(delivery), signal),
});
