/**
 * How a client of the SDK handles requests: by itself it waits for an answer for ever. One that does not come in time is given up and
 * the request sent again, as what was reset is, instead of costing the invocation all that it has.
 *
 * @param ms many times what the service takes
 */
export const answeredWithin = (ms: number) => ({
  connectionTimeout: 1_000,
  requestTimeout: ms,
  throwOnRequestTimeout: true,
});

/** DynamoDB answers in milliseconds, and a transaction of a hundred rows in some hundred. What is asked again does no harm. */
export const TABLE_ANSWERS = 4_000;
/** Longer, since what was accepted late and is sent again is there twice. */
export const QUEUE_ANSWERS = 15_000;
/** Bodies may have megabytes. */
export const STORE_ANSWERS = 15_000;
