export type { AttributeValue } from './attributes';
export type { PayloadSpec, QueueConnection, ScheduleSpec, TopicConnection } from './connection';
export { SendAllError, SendError } from './errors';
export { producer, publisher } from './sender';
export type { Origin } from './trace';
export type {
  Accepted,
  AllOptions,
  Producer,
  Publisher,
  PublishOptions,
  Sender,
  SenderOptions,
  SendOptions,
  Tally,
} from './types';
