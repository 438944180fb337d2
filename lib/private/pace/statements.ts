import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import { PACE_TABLE } from '../contract';

const allow = (actions: string[], resource: string): iam.PolicyStatement =>
  new iam.PolicyStatement({ actions, resources: [resource] });

const useOfKey = ({ encryptionKey }: dynamodb.Table, ...actions: string[]): iam.PolicyStatement[] =>
  encryptionKey ? [allow(actions, encryptionKey.keyArn)] : [];

const READ_AND_WRITE = ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'];

/** What a worker needs of the table: slots, and what messages are forgiven. */
export const workerStatements = (table: dynamodb.Table): iam.PolicyStatement[] => [
  // A transaction is authorized by what it does to each item.
  allow(['dynamodb:GetItem', 'dynamodb:UpdateItem', 'dynamodb:BatchGetItem'], table.tableArn),
  ...useOfKey(table, ...READ_AND_WRITE),
];

/** What a producer needs of it: to look at the one row that tells of the backlog. */
export const producerStatements = (table: dynamodb.Table): iam.PolicyStatement[] => [
  new iam.PolicyStatement({
    actions: ['dynamodb:GetItem'],
    resources: [table.tableArn],
    conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [PACE_TABLE.row] } },
  }),
  ...useOfKey(table, 'kms:Decrypt', 'kms:DescribeKey'),
];

export const controllerStatements = (table: dynamodb.Table, queueArn: string): iam.PolicyStatement[] => [
  allow(['dynamodb:GetItem', 'dynamodb:UpdateItem'], table.tableArn),
  allow(['sqs:GetQueueAttributes'], queueArn),
  ...useOfKey(table, ...READ_AND_WRITE),
];

export const mappingStatement = (mappingArn: string): iam.PolicyStatement =>
  allow(['lambda:GetEventSourceMapping', 'lambda:UpdateEventSourceMapping'], mappingArn);
