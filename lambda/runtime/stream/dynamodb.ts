import type { AttributeValue, DynamoDBRecord } from 'aws-lambda/trigger/dynamodb-stream';
import { kindOf } from '../envelope';
import { NO_HEADERS, notAStream, type StreamRecord, textOr, timeOf } from './record';
import { type Native, unmarshallItem } from './unmarshall';

/** What happened to an item. The images are there as far as the stream's view type has them. */
export interface Change<T = { [name: string]: Native }> {
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly keys: { readonly [name: string]: Native };
  readonly newImage?: T;
  readonly oldImage?: T;
  /** Whether DynamoDB removed the item because its time to live was over. */
  readonly expired: boolean;
}

type Item = Record<string, AttributeValue>;

/** The same text for the same keys, whatever their order. */
const keyText = (keys: Item | undefined): string =>
  JSON.stringify(Object.entries(keys ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));

const readChange = ({ dynamodb = {}, eventName, userIdentity }: DynamoDBRecord): Change => ({
  eventName: eventName as Change['eventName'],
  keys: unmarshallItem(dynamodb.Keys ?? {}),
  ...(dynamodb.NewImage && { newImage: unmarshallItem(dynamodb.NewImage) }),
  ...(dynamodb.OldImage && { oldImage: unmarshallItem(dynamodb.OldImage) }),
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
  expired: eventName === 'REMOVE' && userIdentity?.principalId === 'dynamodb.amazonaws.com',
});

/** @throws TypeError if it lacks what it is reported by */
export function dynamodbRecord(raw: DynamoDBRecord, where: string): StreamRecord {
  const { dynamodb, eventID, eventSourceARN } = raw;
  const sequenceNumber = dynamodb?.SequenceNumber;
  if (typeof sequenceNumber !== 'string' || sequenceNumber === '') {
    throw notAStream(`${where} has no dynamodb.SequenceNumber (got ${kindOf(raw)})`);
  }
  const created = dynamodb?.ApproximateCreationDateTime;
  return {
    id: textOr(eventID, sequenceNumber),
    itemIdentifier: sequenceNumber,
    line: '',
    key: keyText(dynamodb?.Keys),
    location: {
      source: textOr(eventSourceARN, ''),
      sequenceNumber,
      partitionKey: JSON.stringify(dynamodb?.Keys ?? {}),
      arrivedAt: timeOf(typeof created === 'number' && created * 1000),
    },
    headers: NO_HEADERS,
    raw,
    bytes: () => Buffer.from(JSON.stringify(raw)),
    read: () => readChange(raw),
  };
}
