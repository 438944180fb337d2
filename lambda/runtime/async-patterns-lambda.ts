// The Lambda client, bundled into a file of its own that is loaded when a function is first invoked.
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { answeredWithin, QUEUE_ANSWERS } from './answers';
import type { InvokeCalls } from './invoker/invoker';

// Without options to `send`, so that the middleware is cached: see the client of SQS.
const client = new LambdaClient({ cacheMiddleware: true, requestHandler: answeredWithin(QUEUE_ANSWERS) });

export const calls: InvokeCalls = {
  invoke: async (input) => {
    const { $metadata } = await client.send(new InvokeCommand(input));
    return { requestId: $metadata.requestId ?? '' };
  },
};
