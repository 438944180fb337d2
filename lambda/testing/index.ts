export { lambdaContext } from './context';
export {
  deployLocally,
  type LocalDeadLetter,
  type LocalEffects,
  type LocalMessage,
  type LocalOptions,
  type LocalStack,
} from './local';
export { type SqsEventOptions, type SqsMessage, sqsEvent } from './sqs-event';
export {
  type DynamodbRecord,
  dynamodbEvent,
  type KafkaRecord,
  type KinesisRecord,
  kafkaEvent,
  kinesisEvent,
  type StreamEventOptions,
} from './stream-events';
export { maskAssets } from './template';
