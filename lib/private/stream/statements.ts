import { Fn } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

const allow = (actions: string[], ...resources: string[]): iam.PolicyStatement =>
  new iam.PolicyStatement({ actions, resources });

export const decryptStatements = (key: kms.IKey | undefined): iam.PolicyStatement[] =>
  key ? [allow(['kms:Decrypt'], key.keyArn)] : [];

/** https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html */
export const kinesisStatements = (streamArn: string, consumerArn: string | undefined): iam.PolicyStatement[] => [
  allow(
    [
      'kinesis:DescribeStream',
      'kinesis:DescribeStreamSummary',
      'kinesis:GetRecords',
      'kinesis:GetShardIterator',
      'kinesis:ListShards',
    ],
    streamArn,
  ),
  ...(consumerArn ? [allow(['kinesis:DescribeStreamConsumer', 'kinesis:SubscribeToShard'], consumerArn)] : []),
];

export const kinesisRecovery = (streamArn: string): iam.PolicyStatement[] => [
  allow(['kinesis:GetRecords', 'kinesis:GetShardIterator'], streamArn),
];

/** https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html */
export const dynamodbStatements = (streamArn: string): iam.PolicyStatement[] => [
  allow(
    ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
    streamArn,
  ),
];

export const dynamodbRecovery = (streamArn: string): iam.PolicyStatement[] => [
  allow(['dynamodb:GetRecords', 'dynamodb:GetShardIterator'], streamArn),
];

/** https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html */
export const mskStatements = (clusterArn: string): iam.PolicyStatement[] => [
  allow(['kafka:DescribeCluster', 'kafka:DescribeClusterV2', 'kafka:GetBootstrapBrokers'], clusterArn),
];

/** What is within a cluster has its ARN from the cluster's. https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html */
export function mskIamStatements(clusterArn: string, topic: string, groupId: string): iam.PolicyStatement[] {
  const [prefix, cluster] = [0, 1].map((i) => Fn.select(i, Fn.split(':cluster/', clusterArn)));
  return [
    allow(['kafka-cluster:Connect', 'kafka-cluster:DescribeClusterDynamicConfiguration'], clusterArn),
    allow(['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'], `${prefix}:topic/${cluster}/${topic}`),
    allow(['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'], `${prefix}:group/${cluster}/${groupId}`),
  ];
}

/**
 * What Lambda needs to reach brokers in a VPC. EC2 knows no narrower resource for what describes, and Lambda tests creating
 * and deleting without one. https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html
 */
export const networkStatements = (): iam.PolicyStatement[] => [
  allow(
    [
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVpcs',
    ],
    '*',
  ),
];

export const secretStatements = (secrets: readonly (secretsmanager.ISecret | undefined)[]): iam.PolicyStatement[] =>
  secrets.flatMap((secret) =>
    secret
      ? [allow(['secretsmanager:GetSecretValue'], secret.secretArn), ...decryptStatements(secret.encryptionKey)]
      : [],
  );
