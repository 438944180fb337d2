import type { DynamoDBRecord } from 'aws-lambda/trigger/dynamodb-stream';
import { type Item, isEnd, type JobRow, rowOf } from '../../runtime/jobs/job';
import { type JobView, viewOf } from '../../runtime/jobs/view';

/** What is told of a job that has ended. */
export interface Completion extends JobView {
  /** The path of the API in the construct tree. */
  readonly api: string;
  /** The result is too large to be told: ask the API for it. */
  readonly resultOmitted?: true;
}

/** SNS takes 256 KiB, and there is more to tell than the result. */
const MAX_RESULT = 192 * 1024;

/** The job, if the change of its row is that it has ended. */
export function endedIn({ dynamodb }: DynamoDBRecord): JobRow | undefined {
  const { OldImage, NewImage } = dynamodb ?? {};
  if (!OldImage || !NewImage) return undefined;
  const row = rowOf(NewImage as Item);
  return isEnd(row.state) && !isEnd(rowOf(OldImage as Item).state) ? row : undefined;
}

export function completionOf(row: JobRow, api: string): Completion {
  if (!row.stored && Buffer.byteLength(row.result ?? '') <= MAX_RESULT) return { api, ...viewOf(row) };
  const { result, ...rest } = row;
  return { api, ...viewOf(rest), resultOmitted: true };
}

/** A call that the webhook's worker makes. */
export interface Delivery {
  /** The same at every attempt: receivers tell repetitions by it. */
  readonly id: string;
  readonly url: string;
  readonly completion: Completion;
}
