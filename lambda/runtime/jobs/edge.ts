import type { Logger } from '../log';
import { jsonLoggers } from '../log';
import { lambdaSenderEdge, type SenderEdge } from '../producer/edge';
import type { JobCalls } from './store';

/** All that those reach outside themselves who submit jobs and ask for them. */
export interface JobsEdge {
  readonly sender: SenderEdge;
  readonly log: Logger;
  /** Loads the client of DynamoDB. */
  calls(): Promise<JobCalls>;
}

/** Made when it is used: see the senders' edge. */
export const lambdaJobsEdge = (): JobsEdge => {
  const sender = lambdaSenderEdge();
  const { env, now } = sender;
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  return {
    sender,
    log: jsonLoggers({ env, now, write })({}).own,
    calls: async () => (await import('../async-patterns-dynamodb.js')).calls,
  };
};
