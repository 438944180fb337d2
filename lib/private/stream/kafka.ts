import { Names, Token } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { KafkaAuthentication } from '../../kafka-authentication';
import type { KafkaSourceOptions, MskSourceOptions } from '../../stream-source';
import { InvalidInput, type Problem } from '../problem';
import { within } from '../sizing';
import type { SourceBinding } from './source';
import { startOf } from './start';
import { mskIamStatements, mskStatements, networkStatements, secretStatements } from './statements';

/** https://docs.aws.amazon.com/lambda/latest/api/API_ProvisionedPollerConfig.html */
const MAX_MINIMUM_POLLERS = 200;
const MAX_POLLERS = 2_000;
/** https://docs.aws.amazon.com/lambda/latest/api/API_AmazonManagedKafkaEventSourceConfig.html */
const GROUP_ID = /^[a-zA-Z0-9\-/*:_+=.@]{1,200}$/;
/** https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html */
const TOPIC = /^[^.]([a-zA-Z0-9\-_.]{0,248})$/;
const SERVER =
  /^(([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])\.)*([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]):[0-9]{1,5}$/;
const MAX_SERVERS = 10;

const matches = (what: string, value: string, pattern: RegExp, expected: string): Problem[] =>
  Token.isUnresolved(value) || pattern.test(value)
    ? []
    : [{ what, got: JSON.stringify(value), expected, todo: 'see the limits of event source mappings of Kafka' }];

function commonProblems(topic: string, options: MskSourceOptions): Problem[] {
  const { minimumPollers = 1, maximumPollers, consumerGroupId } = options;
  const known = (value: number | undefined) => (Token.isUnresolved(value) ? undefined : value);
  const problems = [
    ...matches('topic', topic, TOPIC, '1 to 249 letters, digits, hyphens, dots and underscores'),
    ...(consumerGroupId === undefined
      ? []
      : matches('consumerGroupId', consumerGroupId, GROUP_ID, '1 to 200 letters, digits and -/*:_+=.@')),
    ...within(
      'minimumPollers',
      known(minimumPollers),
      1,
      MAX_MINIMUM_POLLERS,
      'see the scaling modes of Kafka pollers',
    ),
    ...within('maximumPollers', known(maximumPollers), 1, MAX_POLLERS, 'see the scaling modes of Kafka pollers'),
  ];
  const [least, most] = [known(minimumPollers), known(maximumPollers)];
  if (least !== undefined && most !== undefined && most < least) {
    problems.push({
      what: 'maximumPollers',
      got: most,
      expected: `at least minimumPollers, ${least}`,
      todo: 'raise it or lower minimumPollers',
    });
  }
  return problems;
}

const refuse = (problems: readonly Problem[], scope: Construct): void => {
  for (const problem of problems) throw new InvalidInput(problem, scope);
};

const authenticationProblem = (got: string, expected: string): Problem => ({
  what: 'authentication',
  got,
  expected,
  todo: 'choose what the cluster is set up for',
});

/** A name that stays with the construct: so a mapping that is replaced goes on where the last one was. */
const groupOf = (scope: Construct, { consumerGroupId }: MskSourceOptions): string =>
  consumerGroupId ??
  Names.uniqueResourceName(scope, { maxLength: 200, separator: '-', allowedSpecialCharacters: '-_.' });

/** Retries, splitting and partial batches of Kafka are there for provisioned pollers only. */
const pollers = ({ minimumPollers = 1, maximumPollers }: MskSourceOptions): lambda.ProvisionedPollerConfig => ({
  minimumPollers,
  maximumPollers,
});

const access = (type: lambda.SourceAccessConfigurationType, uri: string): lambda.SourceAccessConfiguration => ({
  type,
  uri,
});
const accessOf = ({ _type, _secret }: KafkaAuthentication): lambda.SourceAccessConfiguration[] =>
  _type && _secret ? [access(_type, _secret.secretArn)] : [];
const some = <T>(list: T[]): T[] | undefined => (list.length > 0 ? list : undefined);

export function bindMsk(
  scope: Construct,
  clusterArn: string,
  topic: string,
  options: MskSourceOptions,
  authentication: KafkaAuthentication,
): SourceBinding {
  refuse(
    [
      ...commonProblems(topic, options),
      ...(authentication._onMsk
        ? []
        : [authenticationProblem(authentication._name, 'iam, scram512 or mutualTls with MSK')]),
    ],
    scope,
  );
  const kafkaConsumerGroupId = groupOf(scope, options);
  return {
    kind: 'kafka',
    mapping: {
      eventSourceArn: clusterArn,
      kafkaTopic: topic,
      kafkaConsumerGroupId,
      sourceAccessConfigurations: some(accessOf(authentication)),
      provisionedPollerConfig: pollers(options),
      ...startOf(options),
    },
    statements: [
      ...mskStatements(clusterArn),
      ...(authentication._secret ? [] : mskIamStatements(clusterArn, topic, kafkaConsumerGroupId)),
      ...secretStatements([authentication._secret]),
      ...networkStatements(),
    ],
    recovery: [],
  };
}

export function bindKafka(
  scope: Construct,
  bootstrapServers: readonly string[],
  topic: string,
  options: KafkaSourceOptions,
): SourceBinding {
  const { authentication, vpc, vpcSubnets, securityGroup, rootCertificate } = options;
  const types = lambda.SourceAccessConfigurationType;
  const servers = Token.isUnresolved(bootstrapServers) ? [] : bootstrapServers;
  const problems = [
    ...commonProblems(topic, options),
    ...servers.flatMap((server) => matches('bootstrapServers', server, SERVER, 'hosts with their ports, host:9092')),
  ];
  if (!Token.isUnresolved(bootstrapServers) && (servers.length < 1 || servers.length > MAX_SERVERS)) {
    problems.push({
      what: 'bootstrapServers',
      got: servers.length,
      expected: `1 to ${MAX_SERVERS} servers`,
      todo: 'name some of the brokers: the others are found through them',
    });
  }
  if (authentication && !authentication._selfManaged) {
    problems.push(
      authenticationProblem(authentication._name, 'scram512, scram256, plain or mutualTls with a cluster of your own'),
    );
  }
  if (!authentication && !vpc) {
    problems.push({
      what: 'authentication',
      got: 'none',
      expected: 'one, for brokers that are reached over the internet',
      todo: 'give the authentication, or the vpc that the brokers are in',
    });
  }
  if ((vpc === undefined) !== (securityGroup === undefined)) {
    problems.push({
      what: 'vpc and securityGroup',
      got: vpc ? 'vpc alone' : 'securityGroup alone',
      expected: 'both or neither',
      todo: 'Lambda reaches brokers in a VPC through its subnets and a security group',
    });
  }
  refuse(problems, scope);
  return {
    kind: 'kafka',
    mapping: {
      kafkaBootstrapServers: [...bootstrapServers],
      kafkaTopic: topic,
      kafkaConsumerGroupId: groupOf(scope, options),
      sourceAccessConfigurations: some([
        ...(authentication ? accessOf(authentication) : []),
        ...(rootCertificate ? [access(types.SERVER_ROOT_CA_CERTIFICATE, rootCertificate.secretArn)] : []),
        ...(securityGroup ? [access(types.VPC_SECURITY_GROUP, securityGroup.securityGroupId)] : []),
        ...(vpc ? vpc.selectSubnets(vpcSubnets).subnetIds.map((id) => access(types.VPC_SUBNET, id)) : []),
      ]),
      provisionedPollerConfig: pollers(options),
      ...startOf(options),
    },
    statements: [...secretStatements([authentication?._secret, rootCertificate]), ...(vpc ? networkStatements() : [])],
    recovery: [],
  };
}
