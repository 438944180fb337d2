import { type Edge, lambdaEdge } from '../edge';
import type { InvokerEdge } from '../invoker/edge';
import type { SenderEdge } from '../producer/edge';

/** All that an asynchronous function reaches outside itself. */
export interface FunctionEdge
  extends Pick<Edge, 'env' | 'now' | 'random' | 'write'>,
    Pick<SenderEdge, 'queueCalls' | 'topicCalls' | 'storeCalls'>,
    Pick<InvokerEdge, 'invokeCalls'> {}

/** Made when it is used, so that a bundle without such a function mentions none of the clients. */
export const lambdaFunctionEdge = (): FunctionEdge => ({
  env: lambdaEdge.env,
  now: lambdaEdge.now,
  random: lambdaEdge.random,
  write: lambdaEdge.write,
  // The names are the contract's; a bundler needs to see them spelled out.
  queueCalls: async () => (await import('../async-patterns-sqs.js')).calls,
  topicCalls: async () => (await import('../async-patterns-sns.js')).calls,
  invokeCalls: async () => (await import('../async-patterns-lambda.js')).calls,
  storeCalls: async () => (await import('../async-patterns-s3.js')).calls,
});
