import { SQSClient } from '@aws-sdk/client-sqs';
import { Producer } from 'sqs-producer';
import { batches, IN_FLIGHT, inLanes } from './lanes';

let producer: Producer | undefined;
let id = 0;

// It sends one request after another: as many calls at once as the others have requests under way.
export const send = (queueUrl: string, count: number): Promise<void> => {
  producer ??= Producer.create({ queueUrl, sqs: new SQSClient({ cacheMiddleware: true }) });
  const { send } = producer;
  return inLanes(batches(count), IN_FLIGHT, (batch) =>
    send.call(
      producer,
      batch.map((order) => ({ id: String(id++), body: JSON.stringify(order) })),
    ),
  );
};
