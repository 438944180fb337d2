import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Context } from 'aws-lambda/handler';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda/trigger/api-gateway-proxy';
import { JOBS_ENV, type JobsSpec } from '../../../lib/private/contract';
import { describe } from '../describe';
import { type Desk, deskOn } from './desk';
import { type JobsEdge, lambdaJobsEdge } from './edge';
import { type SubmitCode, SubmitError } from './errors';
import type { JobRow } from './job';
import { ownerOf } from './owner';
import { Refusal, refused, shown, unchanged } from './reply';
import { checkBody, headerOf, readBody, readCallback, readKey, readWait } from './request';
import { readJobsSpec } from './spec';
import { JobStore } from './store';
import { etagOf } from './view';
import { waitFor } from './wait';

export interface JobsApiOptions<T> {
  /**
   * What a body must be: a schema of zod, valibot, arktype or any other that implements https://standardschema.dev. What does
   * not match is refused with 400 and reaches no queue; what is sent is the body as it was, not what the schema makes of it.
   */
  readonly schema: StandardSchemaV1<unknown, T>;
  /**
   * Names who calls: only who has submitted a job sees it. Without a name the call is refused.
   * @default - the subject of a Cognito token, the principal of a Lambda authorizer, or the ARN of who has signed
   */
  owner?(event: APIGatewayProxyEvent): string | undefined;
}

/** A Lambda function handler for the REST API of an `AsyncApi`. */
export type JobsApiHandler = (event: APIGatewayProxyEvent, context?: Context) => Promise<APIGatewayProxyResult>;

const STATUS: Record<SubmitCode, readonly [status: number, title: string]> = {
  invalid: [400, 'Bad Request'],
  'too-large': [413, 'Content Too Large'],
  'key-reused': [422, 'Unprocessable Content'],
  busy: [429, 'Too Many Requests'],
  unavailable: [503, 'Service Unavailable'],
};
/** Seconds. */
const RETRY_AFTER: Partial<Record<SubmitCode, string>> = { unavailable: '5' };

const JOB = /^[\w-]{32}$/;
/** API Gateway gives up after 29 seconds: a reply must be on its way by then. */
const RESERVE = 2_000;

/** Where jobs are: with the stage, or the base path of a domain of the user's. */
function placeOf({ requestContext, path: ownPath }: APIGatewayProxyEvent): string {
  const path: unknown = requestContext?.path ?? ownPath;
  const encoded = (part: string): string => Array.from(Buffer.from(part), (byte) => `%${byte.toString(16)}`).join('');
  return typeof path === 'string' ? path.replace(/\/$/, '').replace(/[^\x21-\x7e]+/g, encoded) : '';
}

interface Parts {
  readonly desk: Desk;
  readonly store: JobStore;
}

/** `jobsApi` with its edge as a parameter: what the tests call. */
export function jobsApiOn<T>(edge: JobsEdge, options: JobsApiOptions<T>): JobsApiHandler {
  if (typeof options.schema?.['~standard']?.validate !== 'function') {
    throw new TypeError('jobsApi: got no schema, expected one that implements https://standardschema.dev');
  }
  const { env, now } = edge.sender;
  let read: JobsSpec | undefined;
  const specOf = (): JobsSpec => (read ??= readJobsSpec(env, JOBS_ENV.api));
  // In Lambda a missing connection is found at the deployment; a unit test may import what is never called.
  if (env.AWS_LAMBDA_FUNCTION_NAME !== undefined) specOf();
  let made: Promise<Parts> | undefined;
  const make = async (): Promise<Parts> => {
    const spec = specOf();
    const store = new JobStore(await edge.calls(), spec, now, edge.sender.storeCalls);
    return { store, desk: deskOn(edge.sender, spec, store) };
  };
  const parts = () => (made ??= make());

  const submit = async (event: APIGatewayProxyEvent, owner: string): Promise<APIGatewayProxyResult> => {
    const key = readKey(event);
    const callback = readCallback(event, specOf().callbacks);
    const input = readBody(event, specOf().maxBodyBytes);
    await checkBody(options.schema, input);
    const { desk, store } = await parts();
    const [answer] = await desk.submitAll([{ input, owner, key, callback }]);
    if (answer instanceof SubmitError) {
      const [status, title] = STATUS[answer.code];
      const retryAfter = answer.retryAfter?.toFixed() ?? RETRY_AFTER[answer.code];
      if (status >= 500) edge.log.error('job not accepted', { error: describe(answer), cause: describe(answer.cause) });
      throw new Refusal(status, title, answer.message, {}, retryAfter ? { 'Retry-After': retryAfter } : {});
    }
    return shown(202, await store.complete(answer!), { Location: `${placeOf(event)}/${answer!.id}` });
  };

  const owned = (row: JobRow | undefined, owner: string): JobRow => {
    // To whom it does not belong it does not exist.
    if (!row || row.owner !== owner) throw new Refusal(404, 'Not Found', 'there is no such job');
    return row;
  };

  const ask = async (event: APIGatewayProxyEvent, id: string, owner: string, context?: Context) => {
    const seconds = readWait(event.queryStringParameters?.wait);
    const known = headerOf(event, 'if-none-match');
    const { store } = await parts();
    const row = owned(await store.read(id), owner);
    const since = known ?? etagOf(row);
    let found = row;
    if (seconds > 0 && etagOf(row) === since) {
      const left = (context?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY) - RESERVE;
      const end = now() + Math.min(seconds * 1000, left);
      const last = await waitFor({
        read: () => store.read(id),
        seen: row,
        until: (it) => etagOf(it) !== since,
        now,
        end,
      });
      found = owned(last, owner);
    }
    return etagOf(found) === known ? unchanged(found) : shown(200, await store.complete(found));
  };

  const cancel = async (id: string, owner: string): Promise<APIGatewayProxyResult> => {
    const { store } = await parts();
    owned(await store.read(id), owner);
    const row = owned(await store.cancel(id), owner);
    if (row.state === 'cancelled') return shown(200, row);
    throw new Refusal(409, 'Conflict', `the job has ${row.state}`, { job: { id, status: row.state } });
  };

  return async (event, context) => {
    try {
      const owner = (options.owner ?? ownerOf)(event);
      if (!owner) throw new Refusal(403, 'Forbidden', 'it is not known who calls');
      const id = event.pathParameters?.id;
      if (id === undefined || id === null) {
        if (event.httpMethod === 'POST') return await submit(event, owner);
        throw new Refusal(405, 'Method Not Allowed', undefined, {}, { Allow: 'POST' });
      }
      if (event.httpMethod !== 'GET' && event.httpMethod !== 'DELETE') {
        throw new Refusal(405, 'Method Not Allowed', undefined, {}, { Allow: 'GET, DELETE' });
      }
      if (!JOB.test(id)) throw new Refusal(404, 'Not Found', 'there is no such job');
      return event.httpMethod === 'GET' ? await ask(event, id, owner, context) : await cancel(id, owner);
    } catch (error) {
      if (error instanceof Refusal) return refused(error);
      edge.log.error('request failed', { error: describe(error) });
      return refused(new Refusal(503, 'Service Unavailable', undefined, {}, { 'Retry-After': '5' }));
    }
  };
}

/**
 * Makes the handler of an `AsyncApi`: the door at which jobs are checked, taken, shown and cancelled.
 *
 * @throws TypeError if there is no schema
 * @throws Error in Lambda, if the function is not that of an `AsyncApi`
 */
export const jobsApi = <T>(options: JobsApiOptions<T>): JobsApiHandler => jobsApiOn(lambdaJobsEdge(), options);
