import { App, CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import {
  AsyncWorker,
  Backoff,
  CircuitBreaker,
  FanOutTopic,
  Handler,
  Idempotency,
  MessageFilter,
  MessageMatch,
} from 'cdk-async-patterns';
import type { Construct } from 'constructs';
import { pacedJobs } from './reference/paced-jobs';
import { streamsAndLog } from './reference/streams-and-log';

/** From which total somebody should look at an order. */
const LARGE_ORDER = 500;

/**
 * An app to copy: a worker on a standard queue, one on a FIFO queue, one whose effects happen once, events that three workers
 * get a copy of, jobs over HTTP that are done at a pace, and a table for all.
 */
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
    // What is booked is told to everyone who asked, a customer's orders in order.
    const orderEvents = new FanOutTopic(this, 'OrderEvents', { fifo: true, alarmTopic });
    orderEvents.connectPublisher(orders.function);
    const subscriber = { maxConcurrency: 2, ...shared };
    const timeline = orderEvents.addWorker('Timeline', {
      handler: Handler.fromEntry('bin/handlers/timeline.ts'),
      ...subscriber,
    });
    const largeOrders = orderEvents.addWorker('LargeOrders', {
      handler: Handler.fromEntry('bin/handlers/large-orders.ts'),
      filter: MessageFilter.body({ total: MessageMatch.numeric({ greaterThanOrEqualTo: LARGE_ORDER }) }),
      unordered: true,
      ...subscriber,
    });
    // Broken on purpose, to see that nobody else notices.
    const broken = orderEvents.addWorker('Broken', {
      handler: Handler.fromEntry('bin/handlers/broken.ts'),
      unordered: true,
      maxReceiveCount: 2,
      ...subscriber,
    });

    streamsAndLog(this, { ledger, alarmTopic });

    // Each what its handler calls, no more.
    ledger.grant(orders, 'dynamodb:PutItem', 'dynamodb:UpdateItem');
    ledger.grant(shipments, 'dynamodb:UpdateItem');
    ledger.grant(payments, 'dynamodb:PutItem');
    ledger.grant(timeline, 'dynamodb:UpdateItem');
    ledger.grant(largeOrders, 'dynamodb:PutItem');

    pacedJobs(this, { ledger, alarmTopic });

    new CfnOutput(this, 'LedgerTableName', { value: ledger.tableName });
    new CfnOutput(this, 'OrdersQueueUrl', { value: orders.queue.queueUrl });
    new CfnOutput(this, 'OrdersDeadLetterQueueUrl', { value: orders.deadLetterQueue.queueUrl });
    new CfnOutput(this, 'ShipmentsQueueUrl', { value: shipments.queue.queueUrl });
    new CfnOutput(this, 'ShipmentsDeadLetterQueueUrl', { value: shipments.deadLetterQueue.queueUrl });
    new CfnOutput(this, 'PaymentsQueueUrl', { value: payments.queue.queueUrl });
    new CfnOutput(this, 'PaymentsDeadLetterQueueUrl', { value: payments.deadLetterQueue.queueUrl });
    new CfnOutput(this, 'TimelineQueueUrl', { value: timeline.queue.queueUrl });
    new CfnOutput(this, 'TimelineDeadLetterQueueUrl', { value: timeline.deadLetterQueue.queueUrl });
    new CfnOutput(this, 'LargeOrdersQueueUrl', { value: largeOrders.queue.queueUrl });
    new CfnOutput(this, 'LargeOrdersDeadLetterQueueUrl', { value: largeOrders.deadLetterQueue.queueUrl });
    new CfnOutput(this, 'BrokenQueueUrl', { value: broken.queue.queueUrl });
    new CfnOutput(this, 'BrokenDeadLetterQueueUrl', { value: broken.deadLetterQueue.queueUrl });
    // What operators invoke to hold the breaker open or closed.
    new CfnOutput(this, 'PaymentProviderController', { value: paymentProvider.controller.functionName });
  }
}

new ReferenceStack(new App(), 'Reference');
