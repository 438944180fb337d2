import { CfnOutput, Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Stream, StreamEncryption } from 'aws-cdk-lib/aws-kinesis';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { AsyncFunction, AsyncWorker, Backoff, EventLog, Handler, StreamSource, StreamWorker } from 'cdk-async-patterns';

interface Shared {
  readonly ledger: TableV2;
  readonly alarmTopic: ITopic;
}

/** What is not about messages of a queue: records of a stream, invocations, and events that are kept. */
export function streamsAndLog(stack: Stack, { ledger, alarmTopic }: Shared): void {
  const shared = { timeout: Duration.seconds(10), alarmTopic, environment: { LEDGER_TABLE: ledger.tableName } };

  const stream = new Stream(stack, 'ReadingsStream', {
    shardCount: 2,
    encryption: StreamEncryption.MANAGED,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const readings = new StreamWorker(stack, 'Readings', {
    source: StreamSource.kinesis(stream),
    handler: Handler.fromEntry('bin/handlers/readings.ts'),
    // The local target takes no partial batches: of several it would lose those behind one that is to come back. Leave it out on AWS.
    batchSize: 1,
    ...shared,
  });

  const receipts = new AsyncFunction(stack, 'Receipts', {
    handler: Handler.fromEntry('bin/handlers/receipts.ts'),
    retryAttempts: 1,
    ...shared,
  });

  // Commands come to a queue, three are decided on at once, and what comes of them is in the log for good.
  const accountLog = new EventLog(stack, 'AccountLog', { alarmTopic, removalPolicy: RemovalPolicy.DESTROY });
  const accounts = new AsyncWorker(stack, 'Accounts', {
    handler: Handler.fromEntry('bin/handlers/accounts.ts'),
    maxConcurrency: 3,
    backoff: Backoff.exponential({ initial: Duration.seconds(1), max: Duration.seconds(5) }),
    ...shared,
  });
  accountLog.connectWriter(accounts.function);
  const balances = accountLog.addWorker('Balances', {
    handler: Handler.fromEntry('bin/handlers/balances.ts'),
    maxConcurrency: 2,
    ...shared,
  });
  // It reads what it has missed.
  accountLog.connectReader(balances.function);

  ledger.grant(readings, 'dynamodb:UpdateItem');
  ledger.grant(receipts, 'dynamodb:UpdateItem');
  ledger.grant(balances, 'dynamodb:GetItem', 'dynamodb:PutItem');

  const outputs: Record<string, string> = {
    ReadingsStreamName: stream.streamName,
    ReadingsDeadLetterQueueUrl: readings.deadLetterQueue.queueUrl,
    ReceiptsFunctionName: receipts.function.functionName,
    ReceiptsDeadLetterQueueUrl: receipts.deadLetterQueue!.queueUrl,
    AccountLogTableName: accountLog.table.tableName,
    AccountsQueueUrl: accounts.queue.queueUrl,
    AccountsDeadLetterQueueUrl: accounts.deadLetterQueue.queueUrl,
    BalancesQueueUrl: balances.queue.queueUrl,
    BalancesDeadLetterQueueUrl: balances.deadLetterQueue.queueUrl,
    // What operators invoke to replay.
    AccountLogReplayer: accountLog.replayer.functionName,
  };
  for (const [name, value] of Object.entries(outputs)) new CfnOutput(stack, name, { value });
}
