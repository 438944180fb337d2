import { MAX_MESSAGE_BYTES } from './contract';
import type { Problem } from './problem';
import { MESSAGE_LIFETIME_DAYS } from './sizing';

/** @param threshold bytes, if known */
export const storeRefusals = (threshold: number | undefined): Problem[] =>
  threshold === undefined || (Number.isInteger(threshold) && threshold >= 0 && threshold <= MAX_MESSAGE_BYTES)
    ? []
    : [
        {
          what: 'threshold',
          got: `${threshold} bytes`,
          expected: `0 to ${MAX_MESSAGE_BYTES}`,
          todo: 'give a Size within: SQS takes no more',
        },
      ];

/** @param days if known */
export const expirationRefusals = (days: number | undefined): Problem[] =>
  days === undefined || (Number.isInteger(days) && days >= 1)
    ? []
    : [
        {
          what: 'expiration',
          got: `${days} days`,
          expected: 'whole days',
          todo: 'give a Duration of days: S3 forgets once a day',
        },
      ];

/** What a bucket that is given decides itself. */
export const givenBucketRefusals = (props: {
  readonly expiration?: unknown;
  readonly encryptionKey?: unknown;
}): Problem[] =>
  (['expiration', 'encryptionKey'] as const)
    .filter((what) => props[what] !== undefined)
    .map((what) => ({
      what,
      got: 'a value',
      expected: 'nothing with bucket',
      todo: 'set it on the bucket itself',
    }));

/**
 * @param expiration days that bodies are kept, if known
 * @param archive days that messages are kept to be delivered again
 */
export function userRefusals(store: string, expiration: number | undefined, archive: number): Problem[] {
  const lifetime = MESSAGE_LIFETIME_DAYS + archive;
  if (expiration === undefined || expiration >= lifetime) return [];
  return [
    {
      what: `expiration of ${store}`,
      got: `${expiration} days`,
      expected: `at least ${lifetime}, as long as a message can live`,
      todo: 'raise it: what comes later would find its body gone',
    },
  ];
}
