import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';

const allow = (actions: string[], resource: string): iam.PolicyStatement =>
  new iam.PolicyStatement({ actions, resources: [resource] });

/** What its table takes under a key of the user's. */
export const useOfKey = ({ encryptionKey }: dynamodb.Table): iam.PolicyStatement[] =>
  encryptionKey
    ? [allow(['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'], encryptionKey.keyArn)]
    : [];

/** What a worker needs of the breaker's table: the state, and what messages are forgiven. */
export const workerStatements = (table: dynamodb.Table): iam.PolicyStatement[] => [
  // A transaction is authorized by what it does to each item.
  allow(['dynamodb:GetItem', 'dynamodb:UpdateItem', 'dynamodb:BatchGetItem'], table.tableArn),
  ...useOfKey(table),
];

export const controllerStatements = (table: dynamodb.Table): iam.PolicyStatement[] => [
  allow(['dynamodb:GetItem', 'dynamodb:UpdateItem'], table.tableArn),
  allow(
    ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
    table.tableStreamArn!,
  ),
];

/** One statement for all: a policy has room for no more. */
export const mappingStatement = (mappingArn: string): iam.PolicyStatement =>
  allow(['lambda:GetEventSourceMapping', 'lambda:UpdateEventSourceMapping'], mappingArn);
