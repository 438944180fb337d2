import { App, CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { AsyncWorker, Backoff, CircuitBreaker, Handler, Idempotency } from 'cdk-async-patterns';
import type { Construct } from 'constructs';

/** An app to copy: a worker on a standard queue, one on a FIFO queue, one whose effects happen once, and a table for all. */
export class ReferenceStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);

    // Someone has to hear of a dead letter: subscribe an address or a chat to this topic.
    const alarmKey = new Key(this, 'AlarmKey', { enableKeyRotation: true, removalPolicy: RemovalPolicy.DESTROY });
    const alarmTopic = new Topic(this, 'Alarms', { enforceSSL: true, masterKey: alarmKey });

    const ledger = new TableV2(this, 'Ledger', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.DESTROY,
    });

    const shared = {
      timeout: Duration.seconds(10),
      backoff: Backoff.exponential({ initial: Duration.seconds(1), max: Duration.seconds(5) }),
      alarmTopic,
      environment: { LEDGER_TABLE: ledger.tableName },
    };
    const orders = new AsyncWorker(this, 'Orders', {
      handler: Handler.fromEntry('bin/handlers/orders.ts'),
      maxConcurrency: 5,
      ...shared,
    });
    const shipments = new AsyncWorker(this, 'Shipments', {
      handler: Handler.fromEntry('bin/handlers/shipments.ts'),
      fifo: true,
      ...shared,
    });
    // Shared by all workers that call the provider; this app has one.
    const paymentProvider = new CircuitBreaker(this, 'PaymentProvider', { alarmTopic });
    const payments = new AsyncWorker(this, 'Payments', {
      handler: Handler.fromEntry('bin/handlers/payments.ts'),
      maxConcurrency: 5,
      idempotency: Idempotency.table(),
      circuitBreaker: paymentProvider,
      ...shared,
    });
    // Each what its handler calls, no more.
    ledger.grant(orders, 'dynamodb:PutItem');
    ledger.grant(shipments, 'dynamodb:UpdateItem');
    ledger.grant(payments, 'dynamodb:PutItem');

    new CfnOutput(this, 'LedgerTableName', { value: ledger.tableName });
    new CfnOutput(this, 'OrdersQueueUrl', { value: orders.queue.queueUrl });
    new CfnOutput(this, 'OrdersDeadLetterQueueUrl', { value: orders.deadLetterQueue.queueUrl });
    new CfnOutput(this, 'ShipmentsQueueUrl', { value: shipments.queue.queueUrl });
    new CfnOutput(this, 'ShipmentsDeadLetterQueueUrl', { value: shipments.deadLetterQueue.queueUrl });
    new CfnOutput(this, 'PaymentsQueueUrl', { value: payments.queue.queueUrl });
    new CfnOutput(this, 'PaymentsDeadLetterQueueUrl', { value: payments.deadLetterQueue.queueUrl });
    // What operators invoke to hold the breaker open or closed.
    new CfnOutput(this, 'PaymentProviderController', { value: paymentProvider.controller.functionName });
  }
}

new ReferenceStack(new App(), 'Reference');
