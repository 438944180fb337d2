import { asyncFunctionOn } from '../../../lambda/runtime/async-function/async-function';
import { PermanentError } from '../../../lambda/runtime/errors';
import { invokerOn } from '../../../lambda/runtime/invoker/invoker';
import { lambdaContext } from '../../../lambda/testing';
import { FakeFunctionEdge } from '../../lambda/async-function/fake-function-edge';
import { BODY, LARGE, NOW, origin, PAYLOADS } from './common';

async function events() {
  const payloads: string[] = [];
  const objects: [string, string][] = [];
  const edge = {
    env: {},
    now: () => NOW,
    random: () => 0,
    uuid: () => 'id-1',
    traceparent: () => undefined,
    invokeCalls: async () => ({
      invoke: async ({ Payload }: any) => {
        payloads.push(String(Payload));
        return { requestId: 'r-1' };
      },
    }),
    storeCalls: async () => ({
      putObject: async ({ Bucket, Key, Body }: any) => void objects.push([`${Bucket}/${Key}`, Body]),
      getObject: async () => '',
      sha256: (text: string) => `hash-of-${text.length}`,
    }),
  };
  const made = invokerOn<unknown>(edge, { functionArn: 'arn:aws:lambda:eu-west-1:1:function:f', payloads: PAYLOADS });
  await made.invoke(BODY, origin);
  await made.invoke(LARGE, origin);
  return { payloads, objects };
}

/** What an invoker wraps a payload in, and what is where failures go. */
export async function functions() {
  const { payloads, objects } = await events();
  const failures: Record<string, unknown> = {};
  for (const [kind, spec] of Object.entries({
    queue: { queueUrl: 'https://sqs.test/dead' },
    topic: { topicArn: 'arn:aws:sns:us-east-1:1:failed' },
    function: { functionArn: 'arn:aws:lambda:us-east-1:1:function:failed' },
  })) {
    const edge = new FakeFunctionEdge(spec);
    edge.now = () => NOW;
    const handler = asyncFunctionOn<unknown, unknown>(edge, {
      process: () => {
        throw new PermanentError('empty order');
      },
    });
    await handler(JSON.parse(payloads[0]!), { ...lambdaContext(), awsRequestId: 'r-1' });
    const [moved] = [...edge.queued, ...edge.published, ...edge.invoked];
    failures[kind] = moved.Payload === undefined ? moved : { ...moved, Payload: String(moved.Payload) };
  }
  return { events: payloads, objects, failures };
}
