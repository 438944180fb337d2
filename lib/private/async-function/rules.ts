import type { Problem } from '../problem';

/** https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html */
const MIN_AGE_SECONDS = 60;
const MAX_AGE_SECONDS = 21_600;
const MAX_RETRIES = 2;

/**
 * The numbers of an asynchronous function, in seconds where they are times. One that is not known at synth (a token) is
 * missing, and no rule looks at it.
 */
export interface AsyncNumbers {
  readonly timeout?: number;
  readonly memorySize?: number;
  readonly reservedConcurrentExecutions?: number;
  readonly retryAttempts?: number;
  readonly maxEventAge?: number;
}

const within = (what: string, value: number | undefined, min: number, max: number, todo: string): Problem[] =>
  value === undefined || (Number.isInteger(value) && value >= min && value <= max)
    ? []
    : [{ what, got: value, expected: `a whole number from ${min} to ${max}`, todo }];

export const asyncRefusals = (numbers: AsyncNumbers): Problem[] => [
  ...within('timeout', numbers.timeout, 1, 900, 'give whole seconds; longer work belongs in a durable function'),
  ...within('memorySize', numbers.memorySize, 128, 10_240, 'give MiB'),
  ...within(
    'reservedConcurrentExecutions',
    numbers.reservedConcurrentExecutions,
    1,
    100_000,
    'at 0 Lambda gives every event to the failure destination unseen',
  ),
  ...within(
    'retryAttempts',
    numbers.retryAttempts,
    0,
    MAX_RETRIES,
    'use an AsyncWorker for more attempts, or for other rests than 1 and 2 minutes',
  ),
  ...within(
    'maxEventAge',
    numbers.maxEventAge,
    MIN_AGE_SECONDS,
    MAX_AGE_SECONDS,
    'give whole seconds; what must wait longer belongs in a queue',
  ),
];

/** Lambda accepts neither as a destination at run time. */
export const fifoProblem = (what: string): Problem => ({
  what,
  got: 'a FIFO one',
  expected: 'a standard one',
  todo: 'give a standard one: Lambda delivers records of asynchronous invocations to no FIFO queue or topic',
});

/** Seconds that Lambda rests before its second and its third attempt. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html */
const RESTS = [60, 120];

/** Seconds within which the last attempt begins, if none was throttled. */
export const lastAttemptAfter = (retryAttempts: number, timeout: number): number =>
  RESTS.slice(0, retryAttempts).reduce((sum, rest) => sum + rest + timeout, 0);
