import type { StoreCalls } from './payload';
import type { GaugeCalls } from './pressure';
import type { ScheduleCalls } from './schedule';
import { activeTraceparent } from './trace';
import type { QueueCalls, TopicCalls } from './transport';

/** All that a sender reaches outside itself. */
export interface SenderEdge {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Drawn from [0, 1). */
  random(): number;
  /** Unique each time. */
  uuid(): string;
  /** W3C trace context of what runs now. */
  traceparent(): string | undefined;
  /** Each loads a client of the SDK, when it is first needed. */
  queueCalls(): Promise<QueueCalls>;
  topicCalls(): Promise<TopicCalls>;
  scheduleCalls(): Promise<ScheduleCalls>;
  storeCalls(): Promise<StoreCalls>;
  tableCalls(): Promise<GaugeCalls>;
}

/** Made when it is used, so that a bundle without senders mentions none of their clients. */
export const lambdaSenderEdge = (): SenderEdge => ({
  env: process.env,
  now: Date.now,
  random: Math.random,
  uuid: () => crypto.randomUUID(),
  traceparent: activeTraceparent,
  // The names are the contract's; a bundler needs to see them spelled out.
  queueCalls: async () => (await import('../async-patterns-sqs.js')).calls,
  topicCalls: async () => (await import('../async-patterns-sns.js')).calls,
  scheduleCalls: async () => (await import('../async-patterns-scheduler.js')).calls,
  storeCalls: async () => (await import('../async-patterns-s3.js')).calls,
  tableCalls: async () => (await import('../async-patterns-dynamodb.js')).calls,
});
