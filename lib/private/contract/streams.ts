/** Environment variables of a stream worker, beside those of every worker. */
export const STREAM_ENV = {
  /** A `StreamSpec` as JSON. */
  spec: 'ASYNC_STREAM',
} as const;

/** Message attribute of a dead record whose body is not its text: base64, gzip+base64, empty, or location. */
export const ENCODING_ATTRIBUTE = 'DeadLetterEncoding';

/** The event source mapping of a stream worker, as far as the runtime goes by it. */
export interface StreamSpec {
  /** Whether it has tumbling windows. */
  readonly window: boolean;
}
