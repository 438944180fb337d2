/** Environment variables of a worker with a circuit breaker, and of the controller that pauses its event source mapping. */
export const BREAKER_ENV = {
  /** A `BreakerSpec` as JSON. */
  spec: 'ASYNC_CIRCUIT_BREAKER',
  /** The `MappingSpec`s of all its workers as JSON; the controller's alone. */
  mappings: 'ASYNC_MAPPINGS',
} as const;

/** A circuit breaker; times in seconds. */
export interface BreakerSpec {
  /** Its path in the construct tree, the value of the metrics' dimension. */
  readonly name: string;
  readonly table: string;
  readonly failureRatio: number;
  readonly minimumCalls: number;
  readonly window: number;
  readonly coolDown: number;
  readonly maxCoolDown: number;
}

/** An event source mapping that a breaker pauses, as the template has it. */
export interface MappingSpec {
  readonly id: string;
  readonly maxConcurrency?: number;
}

/** In tables that count what messages are forgiven; `message` is what the keys of messages begin with. */
export const LEDGER = { key: 'pk', ttl: 'ttl', message: 'message#' } as const;

/** The table of a breaker: one row is its state, the others are a ledger. */
export const BREAKER_TABLE = {
  key: 'pk',
  ttl: 'ttl',
  /** Key of the row that is the state. */
  row: 'breaker',
  /** Attributes by which the stream is filtered. */
  state: 'state',
  paused: 'paused',
} as const;

export const BREAKER_METRIC = {
  dimension: 'CircuitBreaker',
  /** 1 unless the breaker is closed; once a minute and at every change. */
  open: 'Open',
  /** Times that a worker could not reach the state and went on as if the breaker were closed. */
  unavailable: 'StateUnavailable',
} as const;
