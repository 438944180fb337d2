export type { AttributeValue } from './attributes';
export type { BackpressureSpec, PayloadSpec, QueueConnection, ScheduleSpec, TopicConnection } from './connection';
export { BackpressureError, SendAllError, SendError } from './errors';
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
