import { Lazy } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { dashboardUrl } from './dashboard/link';
import { grantToCloudWatch } from './key-grants';

/** An alarm of ours says what it means and what to do, and what silence means. */
export type OurAlarmProps = cloudwatch.AlarmProps &
  Required<Pick<cloudwatch.AlarmProps, 'alarmDescription' | 'treatMissingData'>> & {
    /** The section of the runbooks that says more. */
    readonly runbook: string;
  };

const RUNBOOKS = 'https://github.com/cdk-async-patterns/cdk-async-patterns/blob/main/docs/operations.md';

/** An alarm from its threshold upwards, which tells the topic, if there is one. */
export function alarm(
  scope: Construct,
  id: string,
  alarmTopic: sns.ITopic | undefined,
  { alarmDescription, runbook, ...props }: OurAlarmProps,
): cloudwatch.Alarm {
  const made = new cloudwatch.Alarm(scope, id, {
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    ...props,
    // The dashboard may be made later.
    alarmDescription: Lazy.string({
      produce: () =>
        [alarmDescription, `${RUNBOOKS}#alarm-${runbook}`, dashboardUrl(scope)].filter((part) => part).join(' '),
    }),
  });
  if (alarmTopic) {
    made.addAlarmAction(new SnsAction(alarmTopic));
    if (alarmTopic.masterKey) grantToCloudWatch(scope, alarmTopic.masterKey);
  }
  return made;
}
