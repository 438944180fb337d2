import { Names } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct, type IConstruct } from 'constructs';
import { consoleUrl, linkAlarms } from './private/dashboard/link';
import { shownIn } from './private/dashboard/view';
import { Late, widgetsOf } from './private/dashboard/widgets';
import { InvalidInput } from './private/problem';

/** Properties of an `AsyncDashboard`. */
export interface AsyncDashboardProps {
  /**
   * What holds the patterns that are shown, however deep: a stack, a construct, or the app for all stacks of it. Those of
   * another stage are not.
   * @default - what the dashboard is made in
   */
  readonly patternsIn?: IConstruct;

  /**
   * Name of the dashboard, one of the account: letters, digits, - and _.
   * @default - made of the path of the construct
   * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
   */
  readonly dashboardName?: string;
}

const MAX_NAME = 255;

/**
 * One CloudWatch dashboard over all patterns in a scope, those made later included: backlog, age, time to drain, throughput,
 * dead letters and circuit breakers of all, outcomes and pace of each, and what they cost a day as far as metrics tell. The
 * descriptions of their alarms link to it.
 *
 * @example
 * new AsyncDashboard(this, 'Dashboard');
 */
export class AsyncDashboard extends Construct {
  /** What CloudWatch has: `addWidgets` puts yours below ours. */
  public readonly dashboard: cloudwatch.Dashboard;
  /** Its name. */
  public readonly dashboardName: string;
  /** Where the console shows it. */
  public readonly url: string;

  /** @throws InvalidInput if CloudWatch takes no such name */
  public constructor(scope: Construct, id: string, props: AsyncDashboardProps = {}) {
    super(scope, id);
    const shown = props.patternsIn ?? scope;
    // Known at synth: alarms of other stacks link to it, which their dashboard refers to already.
    const name = props.dashboardName ?? Names.uniqueResourceName(this, { maxLength: MAX_NAME, separator: '-' });
    if (!/^[A-Za-z0-9_-]{1,255}$/.test(name)) {
      throw new InvalidInput(
        {
          what: 'dashboardName',
          got: `'${name}'`,
          expected: `up to ${MAX_NAME} letters, digits, - and _`,
          todo: 'give such a name, and no token: links are made of it',
        },
        this,
      );
    }
    this.dashboardName = name;
    this.dashboard = new cloudwatch.Dashboard(this, 'Dashboard', {
      dashboardName: name,
      periodOverride: cloudwatch.PeriodOverride.INHERIT,
      widgets: [[new Late(() => widgetsOf(shownIn(shown, this), shown))]],
    });
    this.url = consoleUrl(name);
    linkAlarms(shown, this, name);
  }
}
