import { Stage } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

const names = new WeakMap<IConstruct, { readonly name: string; readonly dashboard: IConstruct }>();

/** Has the alarms in a scope link to a dashboard; the first one stays. */
export function linkAlarms(scope: IConstruct, dashboard: IConstruct, name: string): void {
  if (!names.has(scope)) names.set(scope, { name, dashboard });
}

/** Where the console shows the dashboard of the nearest scope that has one. By name: a reference would close a circle. */
export function dashboardUrl(construct: IConstruct): string | undefined {
  const found = [...construct.node.scopes].reverse().flatMap((scope) => names.get(scope) ?? [])[0];
  // One of another stage does not show it.
  return found && Stage.of(found.dashboard) === Stage.of(construct) ? consoleUrl(found.name) : undefined;
}

/**
 * Dashboards belong to no region, so the link names none.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
 */
export const consoleUrl = (name: string): string =>
  `https://console.aws.amazon.com/cloudwatch/home#dashboards/dashboard/${name}`;
