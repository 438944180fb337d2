import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import type { JobsService } from './private/async-api/service';
import type { Pressure } from './private/fan-out/connect';

/** A queue with a worker that can do jobs: what an `AsyncApi` sends to. An `AsyncWorker` and a `LoadLevelingQueue` are. */
export interface IJobQueue extends IConstruct {
  /**
   * Where jobs are sent to.
   *
   * @internal
   */
  _jobQueue(): sqs.IQueue;

  /**
   * Where senders of jobs see the backlog; missing if they need not look.
   *
   * @internal
   */
  _pressure(): Pressure | undefined;

  /**
   * Has the worker keep the state of jobs.
   *
   * @internal
   */
  _serveJobs(service: JobsService): void;
}
