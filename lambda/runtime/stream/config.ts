import { ENV, STREAM_ENV, type StreamSpec } from '../../../lib/private/contract';

/** What the construct told the runtime; every part is missing in a unit test. */
export interface StreamConfig {
  readonly worker?: string;
  readonly deadLetterQueueUrl?: string;
  readonly spec?: StreamSpec;
}

export function readStreamConfig(env: Readonly<Record<string, string | undefined>>): StreamConfig {
  const spec = env[STREAM_ENV.spec];
  try {
    return {
      worker: env[ENV.worker],
      deadLetterQueueUrl: env[ENV.deadLetterQueueUrl],
      spec: spec === undefined ? undefined : (JSON.parse(spec) as StreamSpec),
    };
  } catch {
    throw new Error(
      `environment variable ${STREAM_ENV.spec}: got ${JSON.stringify(spec)}, expected the JSON that the construct writes`,
    );
  }
}
