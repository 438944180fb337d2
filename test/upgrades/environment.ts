import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';

/** The text of a variable, something standing for what CloudFormation puts in. */
const textOf = (value: any): string =>
  typeof value === 'string'
    ? value
    : 'Fn::Join' in value
      ? value['Fn::Join'][1].map((part: unknown) => (typeof part === 'string' ? part : 'token')).join('')
      : 'token';

/** What each function of a stack is told, by its logical id, as text. */
export const environmentsOf = (stack: Stack): Record<string, Record<string, string>> => {
  const functions = Object.entries<any>(Template.fromStack(stack).findResources('AWS::Lambda::Function'));
  return Object.fromEntries(
    functions.flatMap(([id, { Properties }]) => {
      const variables = Object.entries(Properties.Environment?.Variables ?? {});
      const ours = variables
        .filter(([name]) => name.startsWith('ASYNC_'))
        .map(([name, value]) => [name, textOf(value)]);
      return ours.length > 0 ? [[id, Object.fromEntries(ours)]] : [];
    }),
  );
};

export const environmentFile = (version: string): string => join(__dirname, version, 'environment.json');

/** What a version told its functions, by the form of the construct and the logical id of the function. */
export const recordedEnvironments = (version: string): Record<string, Record<string, Record<string, string>>> =>
  JSON.parse(readFileSync(environmentFile(version), 'utf8'));
