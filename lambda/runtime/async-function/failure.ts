import { ATTRIBUTE, type FailureSpec, ORIGIN } from '../../../lib/private/contract';
import { type SendAttribute, sqsText } from '../dead-letter';
import { jsonBody } from '../producer/entry';
import type { FunctionEdge } from './edge';
import type { InvocationRecord } from './record';

const MAX_REASON_BYTES = 1024;

export interface Failure {
  readonly record: InvocationRecord;
  readonly reason: string;
  readonly correlationId: string;
}

interface Reply {
  readonly Failed?: readonly { readonly Code?: string | undefined; readonly Message?: string | undefined }[];
}

/** Puts a record where Lambda puts those of failures. @throws whatever keeps it from being accepted */
export async function moveToFailures(edge: FunctionEdge, spec: FailureSpec, failure: Failure): Promise<void> {
  const body = jsonBody(failure.record);
  const { queueUrl, topicArn, functionArn } = spec;
  if (functionArn !== undefined) {
    const calls = await edge.invokeCalls();
    await calls.invoke({ FunctionName: functionArn, InvocationType: 'Event', Payload: Buffer.from(body) });
    return;
  }
  const attributes = attributesOf(failure);
  if (queueUrl !== undefined) {
    const entry = { Id: '0', MessageBody: body, MessageAttributes: attributes };
    accepted(await (await edge.queueCalls()).sendMessageBatch({ QueueUrl: queueUrl, Entries: [entry] }));
    return;
  }
  const entry = { Id: '0', Message: body, MessageAttributes: attributes };
  accepted(await (await edge.topicCalls()).publishBatch({ TopicArn: topicArn, PublishBatchRequestEntries: [entry] }));
}

const attributesOf = ({ reason, correlationId }: Failure): Record<string, SendAttribute> => ({
  [ATTRIBUTE.reason]: { DataType: 'String', StringValue: sqsText(reason, MAX_REASON_BYTES) },
  [ORIGIN.correlationId]: { DataType: 'String', StringValue: sqsText(correlationId, MAX_REASON_BYTES) },
});

function accepted({ Failed = [] }: Reply): void {
  const [refused] = Failed;
  if (refused) throw new Error(`the failure destination refused it: ${refused.Code}: ${refused.Message}`);
}
