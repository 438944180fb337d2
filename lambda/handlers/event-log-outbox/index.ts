import type { Context } from 'aws-lambda/handler';
import type { DynamoDBStreamEvent } from 'aws-lambda/trigger/dynamodb-stream';
import { EVENT_LOG_ENV } from '../../../lib/private/contract';
import { abortAt } from '../../runtime/abort-at';
import { publisherOn } from '../../runtime/producer/sender';
import { logger, required } from '../event-log/environment';
import { senderEdge } from '../event-log/sender';
import { topicCalls } from '../event-log/sns';
import { host } from '../host';
import { LogOutbox } from './outbox';

const name = required(EVENT_LOG_ENV.name);
const outbox = new LogOutbox({
  name,
  publisher: publisherOn(senderEdge({ topic: topicCalls }), {
    topicArn: required(EVENT_LOG_ENV.topicArn),
    fifo: true,
  }),
  log: logger(name),
  now: host.now,
  write: host.write,
});

/** Kept for the reply. */
const RESERVE = 2_000;

/** Invoked by the stream of the log's table. */
export const handler = async (event: DynamoDBStreamEvent, context: Context) => {
  const alarm = abortAt(host.now() + context.getRemainingTimeInMillis() - RESERVE, host.now());
  try {
    return await outbox.handle(event, alarm.signal);
  } finally {
    alarm.clear();
  }
};
