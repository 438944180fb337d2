import type { Rule } from './microburst';

/** What a request to a service may meet on its way, each with the share of requests that do. They exclude each other. */
export const FAULTS = {
  throttle: 0.2,
  /** The connection is gone before the request has arrived. */
  reset: 0.05,
  /** It is gone when the request has been carried out: nobody hears of it. */
  'lost reply': 0.05,
  latency: 0.05,
  /** Nothing for five seconds, then 504. */
  timeout: 0.004,
} as const;

export type Fault = keyof typeof FAULTS;

/** What each service says when it throttles, as its SDK knows it. */
const THROTTLES = {
  sqs: 'RequestThrottled',
  sns: 'Throttled',
  dynamodb: 'ProvisionedThroughputExceededException',
  s3: 'SlowDown',
} as const;

export const SERVICES = Object.keys(THROTTLES) as (keyof typeof THROTTLES)[];

const TIMEOUT_MS = 5_000;
const LATENCY_MS = { min: 100, max: 1_000 };

const effectOf = (fault: Fault, service: keyof typeof THROTTLES): Partial<Rule> => {
  switch (fault) {
    case 'throttle':
      return { error: { code: THROTTLES[service], ...(service === 's3' && { status: 503 }) } };
    case 'reset':
      return { reset: true };
    case 'lost reply':
      return { response: { abort_bytes: 0 } };
    case 'latency':
      return { latency: LATENCY_MS };
    case 'timeout':
      return { timeout_ms: TIMEOUT_MS };
  }
};

/**
 * The rules in their order, of which the first that fires is the only one: so each is given the probability that makes its share of
 * all requests what is asked for.
 */
export const rulesOf = (shares: Readonly<Record<Fault, number>>): Rule[] =>
  SERVICES.flatMap((service) => {
    let left = 1;
    return (Object.entries(shares) as [Fault, number][]).map(([fault, share]) => {
      const rule = { service, probability: share / left, ...effectOf(fault, service) };
      left -= share;
      return rule;
    });
  });

/** Which of the faults an entry of the proxy's log is. */
export function faultOf(action: string): Fault | undefined {
  if (action.startsWith('error')) return 'throttle';
  if (action.startsWith('reset')) return 'reset';
  if (action.startsWith('timeout')) return 'timeout';
  if (action.startsWith('latency')) return 'latency';
  return action.includes('abort') ? 'lost reply' : undefined;
}
