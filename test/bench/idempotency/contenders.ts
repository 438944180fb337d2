import { BREAKER_ENV, type BreakerSpec, ENV, type IdempotencySpec } from '../../../lib/private/contract';
import type { Contender } from '../contenders';
import { TABLE } from './store';

const PART = 'idempotency';
const WORKER = { [ENV.worker]: 'orders' };
const SPEC: IdempotencySpec = { table: TABLE, retention: 86_400 };
const BREAKER: BreakerSpec = {
  name: 'payments',
  table: 'payments-breaker',
  failureRatio: 0.5,
  minimumCalls: 10,
  window: 60,
  coolDown: 30,
  maxCoolDown: 300,
};
const IDEMPOTENT = { ...WORKER, [ENV.idempotency]: JSON.stringify(SPEC) };

/** On the store in their process. */
export const ON_STORE = {
  byHand: { part: PART, file: 'store-by-hand', label: 'by hand: conditional put + update, one after another' },
  bare: { part: PART, file: 'store-bare', label: 'ours without idempotency', env: WORKER },
  store: { part: PART, file: 'store-only', label: 'the store alone, asked what ours asks' },
  ours: { part: PART, file: 'store-ours', label: 'ours', env: IDEMPOTENT },
  powertools: { part: PART, file: 'store-powertools', label: 'Powertools batch + idempotency' },
} satisfies Record<string, Contender>;

/** Over the SDK; the first is what the others are measured against. */
export const OVER_SDK: readonly Contender[] = [
  { part: PART, file: 'sdk-powertools', label: 'Powertools batch + idempotency' },
  { part: PART, file: 'sdk-by-hand', label: 'by hand' },
  { part: PART, file: 'sdk-ours', label: 'ours', env: IDEMPOTENT, goal: 0.4 },
];

/** What has a client to load at start-up, and the same worker without one. */
export const STARTING: readonly (Contender & { readonly id: string })[] = [
  { id: 'ours-deployed', file: 'ours', label: 'ours as deployed, neither idempotency nor breaker on', env: WORKER },
  { id: 'ours-idempotency', part: PART, file: 'sdk-ours', label: 'ours, idempotency on', env: IDEMPOTENT },
  {
    id: 'ours-breaker',
    file: 'ours',
    label: 'ours, circuit breaker on',
    env: { ...WORKER, [BREAKER_ENV.spec]: JSON.stringify(BREAKER) },
  },
  { id: 'powertools-idempotency', part: PART, file: 'sdk-powertools', label: 'Powertools batch + idempotency' },
];
