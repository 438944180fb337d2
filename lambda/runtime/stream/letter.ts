import { isUtf8 } from 'node:buffer';
import { ATTRIBUTE, ENCODING_ATTRIBUTE, MAX_MESSAGE_BYTES } from '../../../lib/private/contract';
import { attributeBytes, type DeadLetter, MAX_REASON_BYTES, type SendAttribute, sqsText } from '../dead-letter';
import { isSqsText } from '../sqs-characters';
import type { Location } from './record';

/** What is dead: bytes of a stream, and where they were. */
export interface Remains {
  readonly id: string;
  readonly bytes: Buffer | undefined;
  /** Where the bytes are or were, when nobody has them. */
  readonly gone?: string;
  readonly location: Location;
  /** What else an operator should know; written as JSON. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** How the body of a letter holds the record. Text has no attribute. */
export type Encoding =
  | 'base64'
  | 'gzip+base64'
  /** The record has no bytes, and SQS takes no message without a body. */
  | 'empty'
  /** The body is where the record is, or was. */
  | 'location';

interface Body {
  readonly text: string;
  readonly encoding?: Encoding;
}

// Room for the attributes: the context, in which JSON writes some characters as six, then the reason and the names as well.
const MAX_CONTEXT_BYTES = 8_192;
const OVERHEAD = 10_240;
/** Not a constant: no bundler leaves out a sum that nobody uses. */
const fits = (bytes: number): boolean => bytes <= MAX_MESSAGE_BYTES - OVERHEAD;
/** A key of Kafka may be as long as a record, and its brokers are many. */
const MAX_NAME_CHARACTERS = 1_024;

const locationJson = ({ location, details }: Remains, now: number): string => {
  const { source, shardId, sequenceNumber, partitionKey, arrivedAt } = location;
  return JSON.stringify({
    source: source.slice(0, MAX_NAME_CHARACTERS),
    shardId: shardId?.slice(0, MAX_NAME_CHARACTERS),
    sequenceNumber,
    partitionKey: partitionKey?.slice(0, MAX_NAME_CHARACTERS),
    approximateArrival: arrivedAt === undefined ? undefined : new Date(arrivedAt).toISOString(),
    deadTimestamp: now,
    ...details,
  });
};

const asText = (bytes: Buffer): Body => {
  if (isUtf8(bytes)) {
    const text = bytes.toString('utf8');
    if (isSqsText(text)) return { text };
  }
  return { text: bytes.toString('base64'), encoding: 'base64' };
};

async function bodyOf(bytes: Buffer | undefined, location: string): Promise<Body> {
  if (bytes === undefined || bytes.length === 0) return { text: 'empty', encoding: 'empty' };
  const plain = asText(bytes);
  if (fits(Buffer.byteLength(plain.text))) return plain;
  // Records of Kinesis have up to 10 MiB. The module is loaded for those alone.
  const { gzip } = await import('node:zlib');
  const zipped = await new Promise<Buffer>((resolve, reject) => {
    gzip(bytes, (error, result) => (error ? reject(error) : resolve(result)));
  });
  const text = zipped.toString('base64');
  return fits(text.length) ? { text, encoding: 'gzip+base64' } : { text: location, encoding: 'location' };
}

/** The message that carries a record to the dead-letter queue: its bytes, where it was, and why it is there. */
export async function letterOf(remains: Remains, reason: string, now: number): Promise<DeadLetter> {
  const location = sqsText(locationJson(remains, now), MAX_CONTEXT_BYTES);
  const { text, encoding }: Body =
    remains.gone === undefined ? await bodyOf(remains.bytes, location) : { text: remains.gone, encoding: 'location' };
  const tooLarge =
    encoding === 'location' && remains.gone === undefined
      ? `; its ${remains.bytes?.length} bytes are more than a message holds: read it before it leaves the stream`
      : '';
  const why = sqsText(reason === '' ? 'no reason given' : reason, MAX_REASON_BYTES - Buffer.byteLength(tooLarge));
  const attributes: Record<string, SendAttribute> = {
    [ATTRIBUTE.context]: { DataType: 'String', StringValue: location },
    [ATTRIBUTE.reason]: { DataType: 'String', StringValue: why + tooLarge },
    ...(encoding && { [ENCODING_ATTRIBUTE]: { DataType: 'String', StringValue: encoding } }),
  };
  const bytes = Object.entries(attributes).reduce(
    (sum, [name, value]) => sum + attributeBytes(name, value),
    Buffer.byteLength(text),
  );
  return { messageId: remains.id, bytes, entry: { MessageBody: text, MessageAttributes: attributes } };
}
