import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { DynamoDBStreamEvent } from 'aws-lambda/trigger/dynamodb-stream';
import { EVENT_LOG_ENV } from '../../../lib/private/contract';
import { answeredWithin, STORE_ANSWERS } from '../../runtime/answers';
import { required } from '../event-log/environment';
import { host } from '../host';
import { archive } from './archiver';

const client = new S3Client({ requestHandler: answeredWithin(STORE_ANSWERS) });
const name = required(EVENT_LOG_ENV.name);
const Bucket = required(EVENT_LOG_ENV.bucket);

/** Invoked by the stream of the log's table. */
export const handler = (event: DynamoDBStreamEvent) =>
  archive(event, {
    name,
    put: ({ key, body }) =>
      client.send(new PutObjectCommand({ Bucket, Key: key, Body: body, ContentType: 'application/x-ndjson' })),
    now: host.now,
    write: host.write,
  });
