import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnResource, type Stack } from 'aws-cdk-lib';
import * as contract from '../../lib/private/contract';
import { environmentFile, environmentsOf, recordedEnvironments } from './environment';
import { fullest } from './fullest';
import { lost, VERSIONS } from './versions';

/** Path and logical id of everything that a construct makes, in the order of the tree. */
const idsOf = (stack: Stack): string[] =>
  stack.node
    .findAll()
    .filter((each) => CfnResource.isCfnResource(each))
    .map((resource) => `${resource.node.path} ${stack.resolve(resource.logicalId)} ${resource.cfnResourceType}`);

/** What JSON looks like: its keys, and the types of its values. */
const shapeOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (value === null || typeof value !== 'object') return typeof value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, shapeOf(each)]),
  );
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** What the functions of a stack are told, by the names of their variables. */
const environmentOf = (stack: Stack): unknown => {
  const variables = Object.values(environmentsOf(stack)).flatMap((variables) => Object.entries(variables));
  return Object.fromEntries(variables.map(([name, value]) => [name, shapeOf(parsed(value))]).sort());
};

describe.each(fullest())('%s', (_, stack) => {
  test('makes what it made under the same ids: with another id, users lose the queue with its messages at an upgrade', () => {
    expect(idsOf(stack)).toMatchSnapshot();
  });

  test('tells its functions what it told them: a handler that is not deployed again reads the names and shapes of old', () => {
    expect(environmentOf(stack)).toMatchSnapshot();
  });
});

const told = () => Object.fromEntries(fullest().map(([name, stack]) => [name, environmentsOf(stack)]));

/** As text it is JSON: what was added to that is no loss. */
const opened = (forms: ReturnType<typeof recordedEnvironments>): unknown =>
  JSON.parse(JSON.stringify(forms), (_, value) => (typeof value === 'string' ? parsed(value) : value));

if (process.env.RECORD) {
  test(`what ${process.env.RECORD} tells its functions is recorded`, () => {
    writeFileSync(environmentFile(process.env.RECORD!), `${JSON.stringify(told(), undefined, 2)}\n`);
  });
}

test.each(VERSIONS)('what %s told its functions they are told still', (version) => {
  expect(lost(opened(recordedEnvironments(version)), opened(told()))).toEqual([]);
});

describe('the fullest forms', () => {
  const { types } = JSON.parse(readFileSync(join(__dirname, '..', '..', '.jsii'), 'utf8'));
  const constructs = Object.values<any>(types).filter(({ base }) => base === 'constructs.Construct');
  const source = readFileSync(join(__dirname, 'fullest.ts'), 'utf8');
  const isUsed = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(source);

  test('leave out no construct', () => {
    const names = fullest().map(([name]) => name);
    expect(constructs.map(({ name }) => name).filter((name) => !names.includes(name))).toEqual([]);
  });

  test('leave out nothing that adds to a construct or connects to it', () => {
    const methods = constructs.flatMap((it) => (it.methods ?? []).map(({ name }: any) => name));
    const adding = methods.filter((name) => /^(add|connect)[A-Z]/.test(name));
    expect(adding.length).toBeGreaterThan(5);
    expect(adding.filter((name) => !isUsed(name))).toEqual([]);
  });

  /** Changes a number or a name, and makes nothing. */
  const NUMBERS =
    /^(authorization|backoff|batchSize|bucket|burstLimit|coolDown|dashboardName|environment|failureRatio|filters|max[A-Z]\w+|memorySize|minimumCalls|parallelizationFactor|patternsIn|rateLimit|removalPolicy|reservedConcurrentExecutions|retention|retryAttempts|threshold|timeout|visibilityTimeout|window)$/;

  test('leave out no property that makes something', () => {
    const propsOf = (fqn: string): string[] =>
      (types[fqn]?.properties ?? [])
        .map(({ name }: any) => name)
        .concat((types[fqn]?.interfaces ?? []).flatMap(propsOf));
    const props = constructs.flatMap(({ initializer }) =>
      (initializer.parameters ?? []).flatMap(({ name, type }: any) => (name === 'props' ? propsOf(type.fqn) : [])),
    );
    expect(props.length).toBeGreaterThan(80);
    expect([...new Set(props)].filter((name) => !NUMBERS.test(name) && !isUsed(name))).toEqual([]);
  });
});

test.each(Object.entries(contract).filter(([, value]) => typeof value !== 'function'))(
  '%s of the contract is the same: constructs and runtime may be of different versions, and both go by it',
  (_, value) => {
    expect(value).toMatchSnapshot();
  },
);
