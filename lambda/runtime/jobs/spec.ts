import { JOBS_ENV, type JobsSpec } from '../../../lib/private/contract';

/**
 * What the construct wrote about jobs.
 *
 * @throws Error if it has written nothing, or something else
 */
export function readJobsSpec(
  env: Readonly<Record<string, string | undefined>>,
  variable: string,
  name?: string,
): JobsSpec {
  const value = env[variable];
  const what = variable === JOBS_ENV.api ? 'jobsApi' : `jobs ${name}`;
  const todo =
    variable === JOBS_ENV.api
      ? 'make this function the handler of an AsyncApi'
      : `add api.connectClient(fn, '${name}') to the stack`;
  if (value === undefined) {
    throw new Error(
      `${what}: got no environment variable ${variable}, expected the one that its construct writes; ${todo}`,
    );
  }
  try {
    const spec = JSON.parse(value);
    if (typeof spec.table === 'string' && typeof spec.queue?.queueUrl === 'string') return spec;
  } catch {}
  throw new Error(
    `${what}: got ${JSON.stringify(value)} in ${variable}, expected JSON with table and queue as the construct writes it`,
  );
}
