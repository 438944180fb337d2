import { Duration, Token } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { PRICES } from './prices';
import type { Shown } from './view';

const DAY = Duration.days(1);
const MILLION = 1_000_000;
const GB = 1_000_000_000;
/** MiB and ms of a GB-second. */
const GB_SECOND = 1024 * 1000;
const LAMBDA_DEFAULT_MEMORY_MIB = 128;

/** A count that costs, and what: `price` for each `per` of it. */
interface Item {
  readonly metric: cloudwatch.IMetric;
  readonly price: number;
  readonly per: number;
}

const sum = { statistic: 'sum', period: DAY };

/** Each message as if it were sent, received and deleted alone. */
const ofQueue = (queue: sqs.IQueue): Item[] =>
  [
    queue.metricNumberOfMessagesSent(sum),
    queue.metricNumberOfMessagesReceived(sum),
    queue.metricNumberOfMessagesDeleted(sum),
    queue.metricNumberOfEmptyReceives(sum),
  ].map((metric) => ({ metric, price: queue.fifo ? PRICES.sqs.fifo : PRICES.sqs.standard, per: MILLION }));

function ofFunction(fn: lambda.IFunction): Item[] {
  const requests = { metric: fn.metricInvocations(sum), price: PRICES.lambda.requests, per: MILLION };
  const resource = fn.node.defaultChild;
  // Of an imported function nobody knows the memory, nor where it logs to.
  if (!(resource instanceof lambda.CfnFunction)) return [requests];
  const items = [requests, { metric: logged(fn, resource), price: PRICES.logs, per: GB }];
  const { memorySize = LAMBDA_DEFAULT_MEMORY_MIB } = resource;
  if (Token.isUnresolved(memorySize)) return items;
  const price = fn.architecture === lambda.Architecture.ARM_64 ? PRICES.lambda.arm64 : PRICES.lambda.x86;
  return [...items, { metric: fn.metricDuration(sum), price: price * memorySize, per: GB_SECOND }];
}

/** Bytes of its logs. */
function logged({ functionName }: lambda.IFunction, { loggingConfig }: lambda.CfnFunction): cloudwatch.Metric {
  const own = loggingConfig && 'logGroup' in loggingConfig ? loggingConfig.logGroup : undefined;
  return new cloudwatch.Metric({
    namespace: 'AWS/Logs',
    metricName: 'IncomingBytes',
    dimensionsMap: { LogGroupName: own ?? `/aws/lambda/${functionName}` },
    ...sum,
  });
}

const ofTable = (table: dynamodb.ITable): Item[] => [
  { metric: table.metricConsumedReadCapacityUnits(sum), price: PRICES.dynamodb.read, per: MILLION },
  { metric: table.metricConsumedWriteCapacityUnits(sum), price: PRICES.dynamodb.write, per: MILLION },
];

const ofTopic = (topic: sns.ITopic): Item => ({
  metric: topic.metricNumberOfMessagesPublished(sum),
  price: topic.fifo ? PRICES.sns.fifo : PRICES.sns.standard,
  per: MILLION,
});

/** What a pattern costs a day, in USD. */
function costOf(shown: Shown, index: number): cloudwatch.MathExpression | undefined {
  const { path, queue, deadLetterQueues = [], functions = [], tables = [], topic, requests } = shown;
  const items = [
    ...(queue ? [queue, ...deadLetterQueues] : deadLetterQueues).flatMap(ofQueue),
    ...functions.flatMap(ofFunction),
    ...tables.flatMap(ofTable),
    ...(topic ? [ofTopic(topic)] : []),
    ...(requests ? [{ metric: requests, price: PRICES.apiGateway, per: MILLION }] : []),
  ];
  if (items.length === 0) return undefined;
  // Names belong to the whole widget.
  const named = items.map((item, i) => ({ ...item, name: `c${index}x${i}` }));
  return new cloudwatch.MathExpression({
    // Without an exponent, which math does not read.
    expression: named.map(({ name, price, per }) => `FILL(${name},0)*${decimal(price)}/${per}`).join('+'),
    usingMetrics: Object.fromEntries(named.map(({ name, metric }) => [name, metric])),
    label: path,
    period: DAY,
  });
}

const decimal = (value: number): string => value.toFixed(10).replace(/\.?0+$/, '');

/** Of every pattern that costs something. */
export const costs = (shown: readonly Shown[]): cloudwatch.MathExpression[] =>
  shown.flatMap((pattern, i) => costOf(pattern, i) ?? []);
