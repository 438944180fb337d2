import type { Duration, Size } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { ApiAuthorization } from './api-authorization';
import type { FanOutTopic } from './fan-out-topic';
import type { Handler } from './handler';
import type { IJobQueue } from './job-queue';
import type { PayloadStore } from './payload-store';
import type { Webhook } from './webhook';

/** Properties of an `AsyncApi`. */
export interface AsyncApiProps {
  /**
   * The worker that does the jobs: an `AsyncWorker` on a standard queue or a `LoadLevelingQueue`, in this stack, without
   * `idempotency`. With `backpressure` it answers 429 while the queue is behind.
   */
  readonly queue: IJobQueue;

  /**
   * The function behind the API, an entry that exports `jobsApi({ schema })` of `cdk-async-patterns/runtime`: what does not match
   * the schema is refused there.
   */
  readonly handler: Handler;

  /**
   * Who may call.
   * @default ApiAuthorization.iam()
   */
  readonly authorization?: ApiAuthorization;

  /**
   * How long a job may take from its acceptance on, 1 minute to 4 days. Then it is expired, and is not started any more.
   * @default Duration.days(1)
   */
  readonly maxAge?: Duration;

  /**
   * How long an ended job can be asked for, up to 1 year. As long an Idempotency-Key is remembered.
   * @default Duration.days(7)
   */
  readonly retention?: Duration;

  /**
   * The largest body, up to 1,000,000 bytes.
   * @default Size.kibibytes(256)
   */
  readonly maxBodySize?: Size;

  /**
   * Requests a second, of all callers together. More are refused with 429.
   * @default 100
   */
  readonly rateLimit?: number;

  /**
   * Requests at once, beyond the rate.
   * @default 200
   */
  readonly burstLimit?: number;

  /**
   * Memory in MiB of the function behind the API; CPU grows with it.
   * @default 256
   */
  readonly memorySize?: number;

  /**
   * Where results lie of more than 300 KiB, up to 5 MB.
   * @default - a job with such a result fails
   */
  readonly payloadStore?: PayloadStore;

  /**
   * A topic that is told of every job that has ended, with the attribute `status` to filter by.
   * @default - nobody is told
   */
  readonly completions?: FanOutTopic;

  /**
   * Calls back when a job has ended.
   * @default - nobody is called
   */
  readonly webhook?: Webhook;

  /**
   * Make the role by which API Gateway writes logs in this account and region. One is enough for all APIs; without any, AWS
   * refuses the deployment of an API that logs.
   * @default false
   * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
   */
  readonly cloudWatchRole?: boolean;

  /**
   * Customer-managed key for the table, the logs, the functions' environments and the webhook's queues.
   * @default - AWS-owned keys
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Who hears of alarms.
   * @default - the alarms exist and notify nobody
   */
  readonly alarmTopic?: sns.ITopic;
}
