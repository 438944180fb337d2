import { type Duration, type Size, Token } from 'aws-cdk-lib';
import type { Problem } from '../problem';
import { SOURCE_RETENTION_DAYS } from '../sizing';

/** The numbers of an API; one that is not known at synth is not looked at. */
export interface ApiNumbers {
  readonly maxAge: Duration;
  readonly retention: Duration;
  readonly maxBodySize: Size;
  readonly rateLimit: number;
  readonly burstLimit: number;
  readonly memorySize: number;
}

const DAY = 86_400;
const MAX_BODY_BYTES = 1_000_000;

const duration = (what: string, value: Duration, min: number, max: number, todo: string): Problem[] => {
  if (value.isUnresolved()) return [];
  const seconds = value.toSeconds({ integral: false });
  if (Number.isInteger(seconds) && seconds >= min && seconds <= max) return [];
  return [{ what, got: `${seconds} s`, expected: `whole seconds from ${min} to ${max}`, todo }];
};

const whole = (what: string, value: number, min: number, max: number, todo: string): Problem[] =>
  Token.isUnresolved(value) || (Number.isInteger(value) && value >= min && value <= max)
    ? []
    : [{ what, got: value, expected: `a whole number from ${min} to ${max}`, todo }];

export function apiRefusals({ maxAge, retention, maxBodySize, ...numbers }: ApiNumbers): Problem[] {
  const bytes = maxBodySize.isUnresolved() ? 1 : maxBodySize.toBytes();
  return [
    // The queue must outlive the job, or it forgets one that might still be done.
    ...duration(
      'maxAge',
      maxAge,
      60,
      SOURCE_RETENTION_DAYS * DAY,
      `the queue keeps messages for ${SOURCE_RETENTION_DAYS} days`,
    ),
    ...duration('retention', retention, 60, 365 * DAY, 'say how long callers may ask for what has ended'),
    ...whole('maxBodySize in bytes', bytes, 1, MAX_BODY_BYTES, 'SQS takes no more; put what is larger in a bucket'),
    ...whole('rateLimit', numbers.rateLimit, 1, 1_000_000, 'give requests a second'),
    ...whole('burstLimit', numbers.burstLimit, 1, 1_000_000, 'give requests'),
    ...whole('memorySize', numbers.memorySize, 128, 10_240, 'give MiB'),
  ];
}
