import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnResource, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as contract from '../../lib/private/contract';
import { fullest } from './fullest';

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

/** The text of a variable, something standing for what CloudFormation puts in. */
const textOf = (value: any): string =>
  typeof value === 'string'
    ? value
    : 'Fn::Join' in value
      ? value['Fn::Join'][1].map((part: unknown) => (typeof part === 'string' ? part : 'token')).join('')
      : 'token';

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** What the functions of a stack are told, by the names of their variables. */
const environmentOf = (stack: Stack): unknown => {
  const functions = Object.values<any>(Template.fromStack(stack).findResources('AWS::Lambda::Function'));
  const variables = functions.flatMap(({ Properties }) => Object.entries(Properties.Environment?.Variables ?? {}));
  const ours = variables.filter(([name]) => name.startsWith('ASYNC_'));
  return Object.fromEntries(ours.map(([name, value]) => [name, shapeOf(parsed(textOf(value)))]).sort());
};

describe.each(fullest())('%s', (_, stack) => {
  test('makes what it made under the same ids: with another id, users lose the queue with its messages at an upgrade', () => {
    expect(idsOf(stack)).toMatchSnapshot();
  });

  test('tells its functions what it told them: a handler that is not deployed again reads the names and shapes of old', () => {
    expect(environmentOf(stack)).toMatchSnapshot();
  });
});

test('the fullest forms leave out no construct', () => {
  const { types } = JSON.parse(readFileSync(join(__dirname, '..', '..', '.jsii'), 'utf8'));
  const constructs = Object.values<any>(types).filter(({ base }) => base === 'constructs.Construct');
  const names = fullest().map(([name]) => name);
  expect(constructs.map(({ name }) => name).filter((name) => !names.includes(name))).toEqual([]);
});

test.each(Object.entries(contract).filter(([, value]) => typeof value !== 'function'))(
  '%s of the contract is the same: constructs and runtime may be of different versions, and both go by it',
  (_, value) => {
    expect(value).toMatchSnapshot();
  },
);
