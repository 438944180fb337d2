import { CfnOutput, Duration, type Stack } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { AsyncApi, Backpressure, Handler, LoadLevelingQueue, Pace } from 'cdk-async-patterns';

export interface PacedJobsProps {
  readonly ledger: TableV2;
  readonly alarmTopic: ITopic;
}

/** Invoices: asked for over HTTP as fast as one likes, made as fast as the tax office bears. */
export function pacedJobs(stack: Stack, { ledger, alarmTopic }: PacedJobsProps): void {
  const invoices = new LoadLevelingQueue(stack, 'Invoices', {
    handler: Handler.fromEntry('bin/handlers/invoices.ts'),
    pace: Pace.rate(4, Duration.seconds(1)),
    timeout: Duration.seconds(15),
    // Beyond it the API answers 429 with Retry-After.
    backpressure: Backpressure.timeToDrain(Duration.minutes(2)),
    environment: { LEDGER_TABLE: ledger.tableName },
    alarmTopic,
  });
  // Callers sign with IAM: api.grantInvoke(caller). `cloudWatchRole: true`, should no API of the account write logs yet.
  const api = new AsyncApi(stack, 'InvoicesApi', {
    queue: invoices,
    handler: Handler.fromEntry('bin/handlers/invoices-api.ts'),
    alarmTopic,
  });
  ledger.grant(invoices, 'dynamodb:PutItem');

  // Of api.url, https://<id>.execute-api.<region>.amazonaws.com/prod/jobs.
  new CfnOutput(stack, 'InvoicesApiId', { value: api.restApi.restApiId });
  new CfnOutput(stack, 'InvoicesQueueUrl', { value: invoices.queue.queueUrl });
  new CfnOutput(stack, 'InvoicesDeadLetterQueueUrl', { value: invoices.deadLetterQueue.queueUrl });
}
