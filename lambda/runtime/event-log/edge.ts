import { setTimeout as sleep } from 'node:timers/promises';
import { lambdaEdge } from '../edge';
import { jsonLoggers, type Logger } from '../log';
import type { LogCalls } from './store';

/** All that a log reaches outside itself. */
export interface LogEdge {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Drawn from [0, 1). */
  random(): number;
  /** Unique each time, 36 characters at most. */
  uuid(): string;
  sleep(ms: number): Promise<unknown>;
  readonly log: Logger;
  /** Loads the client of the SDK, when it is first needed. */
  tableCalls(): Promise<LogCalls>;
}

/** Made when it is used: what nobody uses need not be in a bundle. */
export const lambdaLogEdge = (): LogEdge => ({
  env: process.env,
  now: Date.now,
  random: Math.random,
  uuid: () => crypto.randomUUID(),
  sleep: (ms) => sleep(ms),
  log: jsonLoggers(lambdaEdge)({}).own,
  // The name is the contract's; a bundler needs to see it spelled out.
  tableCalls: async () => (await import('../async-patterns-dynamodb.js')).logCalls,
});
