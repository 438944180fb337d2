import {
  type BackoffSpec,
  BREAKER_ENV,
  type BreakerSpec,
  DEFAULT_BACKOFF,
  DEFAULT_MAX_RECEIVE_COUNT,
  ENV,
  type IdempotencySpec,
  JOBS_ENV,
  type JobsSpec,
  type LevelingSpec,
  PACE_ENV,
  type PayloadPlace,
} from '../../lib/private/contract';

/** What the construct told the runtime; every part is missing in a unit test. */
export interface Config {
  readonly worker?: string;
  readonly queueUrl?: string;
  readonly deadLetterQueueUrl?: string;
  readonly maxReceiveCount: number;
  readonly backoff: BackoffSpec;
  readonly idempotency?: IdempotencySpec;
  readonly circuitBreaker?: BreakerSpec;
  readonly payloads?: readonly PayloadPlace[];
  /** ARNs of the topics that deliver in SNS's envelope. */
  readonly envelopes?: readonly string[];
  readonly pace?: LevelingSpec;
  readonly jobs?: JobsSpec;
}

const json = (name: string, value: string): unknown => {
  try {
    return JSON.parse(value);
  } catch {
    throw new Error(
      `environment variable ${name}: got ${JSON.stringify(value)}, expected the JSON that the construct writes`,
    );
  }
};

export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const spec = <T>(name: string): T | undefined => {
    const value = env[name];
    return value === undefined ? undefined : (json(name, value) as T);
  };
  const maxReceiveCount = Number(env[ENV.maxReceiveCount] ?? DEFAULT_MAX_RECEIVE_COUNT);
  if (!(maxReceiveCount >= 1)) {
    throw new Error(
      `environment variable ${ENV.maxReceiveCount}: got ${env[ENV.maxReceiveCount]}, expected a number from 1`,
    );
  }
  const backoff = (): BackoffSpec => {
    const made = { ...DEFAULT_BACKOFF, ...spec<BackoffSpec>(ENV.backoff) };
    if ([made.initial, made.max, made.factor].every((value) => typeof value === 'number' && value >= 0)) return made;
    throw new Error(`environment variable ${ENV.backoff}: got ${env[ENV.backoff]}, expected numbers from 0`);
  };
  /** Each of them is kept in a table, and does without nothing but what is in it. */
  const withTable = <T extends { readonly table: string }>(name: string): T | undefined => {
    const value = spec<Partial<T>>(name);
    if (value === undefined || typeof value?.table === 'string') return value as T | undefined;
    throw new Error(
      `environment variable ${name}: got ${env[name]}, expected the spec with a table that the construct writes`,
    );
  };
  const list = <T>(name: string): readonly T[] | undefined => {
    const value = spec<readonly T[]>(name);
    if (value === undefined || Array.isArray(value)) return value;
    throw new Error(`environment variable ${name}: got ${env[name]}, expected the list that the construct writes`);
  };
  return {
    worker: env[ENV.worker],
    queueUrl: env[ENV.queueUrl],
    deadLetterQueueUrl: env[ENV.deadLetterQueueUrl],
    maxReceiveCount,
    backoff: backoff(),
    idempotency: withTable(ENV.idempotency),
    circuitBreaker: withTable(BREAKER_ENV.spec),
    payloads: list(ENV.payloads),
    envelopes: list(ENV.envelopes),
    pace: withTable(PACE_ENV.spec),
    jobs: withTable(JOBS_ENV.worker),
  };
}
