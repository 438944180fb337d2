import type { SenderEdge } from '../producer/edge';
import { activeTraceparent } from '../producer/trace';
import type { InvokeCalls } from './invoker';

/** All that an invoker reaches outside itself. */
export interface InvokerEdge
  extends Pick<SenderEdge, 'env' | 'now' | 'random' | 'uuid' | 'traceparent' | 'storeCalls'> {
  /** Loads the Lambda client, when it is first needed. */
  invokeCalls(): Promise<InvokeCalls>;
}

/** Made when it is used, and apart from the senders': a bundle has beside it each client that it mentions. */
export const lambdaInvokerEdge = (): InvokerEdge => ({
  env: process.env,
  now: Date.now,
  random: Math.random,
  uuid: () => crypto.randomUUID(),
  traceparent: activeTraceparent,
  // The names are the contract's; a bundler needs to see them spelled out.
  invokeCalls: async () => (await import('../async-patterns-lambda.js')).calls,
  storeCalls: async () => (await import('../async-patterns-s3.js')).calls,
});
