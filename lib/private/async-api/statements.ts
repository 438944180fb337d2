import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IConstruct } from 'constructs';
import type { PayloadStore } from '../../payload-store';

const allow = (actions: string[], resource: string): iam.PolicyStatement =>
  new iam.PolicyStatement({ actions, resources: [resource] });

const KEY_ACTIONS = ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'];

const onTable = ({ tableArn, encryptionKey }: dynamodb.Table, actions: string[]): iam.PolicyStatement[] => [
  allow(actions, tableArn),
  ...(encryptionKey ? [allow(KEY_ACTIONS, encryptionKey.keyArn)] : []),
];

/** Of who does jobs: changes rows, looks whether one was cancelled. One request of many statements is authorized one by one. */
export const workerStatements = (table: dynamodb.Table): iam.PolicyStatement[] =>
  onTable(table, ['dynamodb:PartiQLUpdate', 'dynamodb:UpdateItem', 'dynamodb:BatchGetItem']);

/** Of who sends to a queue or a topic: no more than what the runtime calls. */
export const sendStatements = (action: string, arn: string, key: IKey | undefined): iam.PolicyStatement[] => [
  allow([action], arn),
  ...(key ? [allow(['kms:Decrypt', 'kms:GenerateDataKey'], key.keyArn)] : []),
];

/** Of who does jobs with results that do not fit in their row. */
export const storeStatements = (api: IConstruct, store: PayloadStore): iam.PolicyStatement[] => {
  const { bucket } = store;
  return [
    allow(['s3:PutObject'], bucket.arnForObjects(`${store.prefixFor(api)}*`)),
    ...(bucket.encryptionKey ? [allow(['kms:GenerateDataKey', 'kms:Decrypt'], bucket.encryptionKey.keyArn)] : []),
  ];
};

/** Of who submits jobs and asks for them. */
export const clientStatements = (table: dynamodb.Table): iam.PolicyStatement[] =>
  onTable(table, ['dynamodb:PartiQLInsert', 'dynamodb:PartiQLUpdate', 'dynamodb:UpdateItem', 'dynamodb:GetItem']);

export const streamStatements = ({ tableStreamArn, encryptionKey }: dynamodb.Table): iam.PolicyStatement[] => [
  allow(
    ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
    tableStreamArn!,
  ),
  ...(encryptionKey ? [allow(['kms:Decrypt'], encryptionKey.keyArn)] : []),
];
