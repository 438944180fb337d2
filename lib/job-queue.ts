import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import type { JobsService } from './private/async-api/service';

/** A queue with a worker that can do jobs: what an `AsyncApi` sends to. An `AsyncWorker` is one. */
export interface IJobQueue extends IConstruct {
  /**
   * Where jobs are sent to.
   *
   * @internal
   */
  _jobQueue(): sqs.IQueue;

  /**
   * Has the worker keep the state of jobs.
   *
   * @internal
   */
  _serveJobs(service: JobsService): void;
}
