import { ENV, STREAM_ENV, type StreamSpec } from '../../../lib/private/contract';

/** What the construct told the runtime; every part is missing in a unit test. */
export interface StreamConfig {
  readonly worker?: string;
  readonly deadLetterQueueUrl?: string;
  readonly spec?: StreamSpec;
}

export function readStreamConfig(env: Readonly<Record<string, string | undefined>>): StreamConfig {
  const text = env[STREAM_ENV.spec];
  return {
    worker: env[ENV.worker],
    deadLetterQueueUrl: env[ENV.deadLetterQueueUrl],
    ...(text !== undefined && { spec: specOf(text) }),
  };
}

function specOf(text: string): StreamSpec {
  try {
    const spec = JSON.parse(text) as StreamSpec;
    if (typeof spec.window === 'boolean') return spec;
  } catch {}
  throw new Error(
    `environment variable ${STREAM_ENV.spec}: got ${JSON.stringify(text)}, expected the JSON that the construct writes`,
  );
}
