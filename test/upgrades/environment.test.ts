import { readConfig } from '../../lambda/runtime/config';
import { readJobsSpec } from '../../lambda/runtime/jobs/spec';
import { readConnection } from '../../lambda/runtime/producer/connection';
import { readStreamConfig } from '../../lambda/runtime/stream/config';
import {
  BREAKER_ENV,
  CONNECTION_ENV,
  ENV,
  EVENT_LOG_ENV,
  FUNCTION_ENV,
  JOBS_ENV,
  PACE_ENV,
  STREAM_ENV,
} from '../../lib/private/contract';
import { recordedEnvironments } from './environment';
import { VERSIONS } from './versions';

// A handler's code and its environment may be of two versions: code is built when the app is, and a function whose deployment
// was rolled back, or that an operator updates alone, has the other one's.

type Environment = Record<string, string>;

const connected = (kind: keyof typeof CONNECTION_ENV) => (name: string, env: Environment) =>
  readConnection<object>(kind, name.slice(CONNECTION_ENV[kind].length), env);
const json = (name: string, env: Environment): unknown => JSON.parse(env[name]!);
const text = (name: string, env: Environment): unknown => env[name] || undefined;
const ofWorker = (_: string, env: Environment): unknown => readConfig(env);

/** What reads each variable, by what its name begins with; the longest that fits. */
const READERS: [string, (name: string, env: Environment) => unknown][] = [
  [CONNECTION_ENV.producer, connected('producer')],
  [CONNECTION_ENV.publisher, connected('publisher')],
  [CONNECTION_ENV.invoker, connected('invoker')],
  [CONNECTION_ENV.log, connected('log')],
  [JOBS_ENV.client, (name, env) => readJobsSpec(env, name, 'it')],
  [JOBS_ENV.api, (name, env) => readJobsSpec(env, name)],
  [JOBS_ENV.worker, ofWorker],
  [JOBS_ENV.completions, json],
  [JOBS_ENV.webhook, json],
  [STREAM_ENV.spec, (_, env) => readStreamConfig(env).spec],
  [FUNCTION_ENV.failure, json],
  [BREAKER_ENV.spec, ofWorker],
  [BREAKER_ENV.mappings, json],
  [PACE_ENV.spec, ofWorker],
  [PACE_ENV.mapping, text],
  [EVENT_LOG_ENV.subscribers, json],
  ...[EVENT_LOG_ENV.name, EVENT_LOG_ENV.table, EVENT_LOG_ENV.topicArn, EVENT_LOG_ENV.bucket, EVENT_LOG_ENV.replays].map(
    (name): [string, typeof text] => [name, text],
  ),
  ...Object.values(ENV).map((name): [string, typeof text] => [name, ofWorker]),
];

const isPrefix = (prefix: string): boolean => prefix.endsWith('_');
const readerOf = (name: string) =>
  READERS.find(([known]) => known === name)?.[1] ??
  READERS.find(([known]) => isPrefix(known) && name.startsWith(known))?.[1];

describe.each(VERSIONS)('what %s told its functions', (version) => {
  const functions = Object.entries(recordedEnvironments(version)).flatMap(([form, environments]) =>
    Object.entries(environments).map(([id, env]): [string, Environment] => [`${form}, ${id}`, env]),
  );

  test('names every connection that there is', () => {
    const names = functions.flatMap(([, env]) => Object.keys(env));
    const missing = Object.values(CONNECTION_ENV).filter((prefix) => !names.some((name) => name.startsWith(prefix)));
    expect(missing).toEqual([]);
  });

  test.each(functions)('%s', (_, env) => {
    for (const name of Object.keys(env)) {
      const read = readerOf(name);
      expect([name, typeof read]).toEqual([name, 'function']);
      expect(read!(name, env)).toBeDefined();
    }
  });
});
