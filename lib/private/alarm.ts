import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { grantToCloudWatch } from './key-grants';

/** An alarm of ours says what it means and what to do, and what silence means. */
export type OurAlarmProps = cloudwatch.AlarmProps &
  Required<Pick<cloudwatch.AlarmProps, 'alarmDescription' | 'treatMissingData'>>;

/** An alarm from its threshold upwards, which tells the topic, if there is one. */
export function alarm(
  scope: Construct,
  id: string,
  alarmTopic: sns.ITopic | undefined,
  props: OurAlarmProps,
): cloudwatch.Alarm {
  const made = new cloudwatch.Alarm(scope, id, {
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    ...props,
  });
  if (alarmTopic) {
    made.addAlarmAction(new SnsAction(alarmTopic));
    if (alarmTopic.masterKey) grantToCloudWatch(scope, alarmTopic.masterKey);
  }
  return made;
}
