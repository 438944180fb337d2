import { Aws, Stack, Stage, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

const names = new WeakMap<IConstruct, { readonly name: string; readonly dashboard: IConstruct }>();

/** Has the alarms in a scope link to a dashboard; the first one stays. */
export function linkAlarms(scope: IConstruct, dashboard: IConstruct, name: string): void {
  if (!names.has(scope)) names.set(scope, { name, dashboard });
}

/** Where the console shows the dashboard of the nearest scope that has one. By name: a reference would close a circle. */
export function dashboardUrl(construct: IConstruct): string | undefined {
  const found = [...construct.node.scopes].reverse().flatMap((scope) => names.get(scope) ?? [])[0];
  if (!found || Stage.of(found.dashboard) !== Stage.of(construct)) return undefined;
  const { region } = Stack.of(found.dashboard);
  return consoleUrl(found.name, Token.isUnresolved(region) ? Aws.REGION : region);
}

export const consoleUrl = (name: string, region: string): string =>
  `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${name}`;
