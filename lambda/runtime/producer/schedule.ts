import type { CreateScheduleCommandInput } from '@aws-sdk/client-scheduler';
import type { ScheduleSpec } from './connection';
import { CORRELATION_ID, type Draft } from './entry';
import { Refused } from './errors';

export interface ScheduleCalls {
  createSchedule(input: CreateScheduleCommandInput, signal: AbortSignal): Promise<unknown>;
}

/** Calls SQS with whatever it is told. https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html */
const SEND_MESSAGE = 'arn:aws:scheduler:::aws-sdk:sqs:sendMessage';
/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html */
const MAX_INPUT = 262_144;

/**
 * All that the scheduler takes, a day: a message that comes late is handled, one in a dead-letter queue needs a human.
 * https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html
 */
const RETRY = { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 };

// The scheduler replaces these wherever they stand; JSON can write them so that it does not see them.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
const unread = (json: string): string => json.replaceAll('<aws.scheduler.', '\\u003caws.scheduler.');

/** Whether the message is more than a body and a group: a queue as the target takes no more than these. */
const needsAttributes = ({ entry, isFirst }: Scheduled): boolean =>
  !isFirst ||
  entry.MessageDeduplicationId !== undefined ||
  Object.keys(entry.MessageAttributes).some((name) => name !== CORRELATION_ID);

type Scheduled = Pick<Draft, 'entry' | 'isFirst'>;

const attributesJson = (attributes: Draft['entry']['MessageAttributes']) =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, { BinaryValue, ...rest }]) => [
      name,
      BinaryValue === undefined ? rest : { ...rest, BinaryValue: Buffer.from(BinaryValue).toString('base64') },
    ]),
  );

/**
 * The schedule that sends a message once and deletes itself.
 *
 * @throws Refused if the message is too large for one, or SQS would refuse it when it is time
 */
export function scheduleOf(
  scheduled: Scheduled,
  { groupName, roleArn, queueArn, deadLetterQueueArn, kmsKeyArn, contentBasedDeduplication }: ScheduleSpec,
  queueUrl: string,
  name: string,
  at: number,
): CreateScheduleCommandInput {
  const { entry } = scheduled;
  if (contentBasedDeduplication === false && entry.MessageDeduplicationId === undefined) {
    throw new Refused(
      'InvalidOptions',
      'deduplicationId: got none, expected one: this queue is FIFO and does not deduplicate by content',
    );
  }
  const universal = needsAttributes(scheduled);
  const input = unread(
    universal
      ? JSON.stringify({
          QueueUrl: queueUrl,
          MessageBody: entry.MessageBody,
          MessageAttributes: attributesJson(entry.MessageAttributes),
          MessageGroupId: entry.MessageGroupId,
          MessageDeduplicationId: entry.MessageDeduplicationId,
        })
      : entry.MessageBody,
  );
  const bytes = Buffer.byteLength(input);
  if (bytes > MAX_INPUT) {
    throw new Refused(
      'MessageTooLong',
      `at: got ${bytes} bytes, expected at most ${MAX_INPUT} in a schedule; a payload store takes larger bodies`,
    );
  }
  return {
    Name: name,
    GroupName: groupName,
    // A repetition after a lost reply is the same schedule.
    ClientToken: name,
    // Whole seconds, never before its time.
    ScheduleExpression: `at(${new Date(Math.ceil(at / 1000) * 1000).toISOString().slice(0, 19)})`,
    ScheduleExpressionTimezone: 'UTC',
    FlexibleTimeWindow: { Mode: 'OFF' },
    ActionAfterCompletion: 'DELETE',
    ...(kmsKeyArn !== undefined && { KmsKeyArn: kmsKeyArn }),
    Target: {
      Arn: universal ? SEND_MESSAGE : queueArn,
      RoleArn: roleArn,
      Input: input,
      RetryPolicy: RETRY,
      ...(deadLetterQueueArn !== undefined && { DeadLetterConfig: { Arn: deadLetterQueueArn } }),
      ...(!universal &&
        entry.MessageGroupId !== undefined && { SqsParameters: { MessageGroupId: entry.MessageGroupId } }),
    },
  };
}
