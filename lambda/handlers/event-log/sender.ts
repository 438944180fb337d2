import type { SenderEdge } from '../../runtime/producer/edge';
import type { QueueCalls, TopicCalls } from '../../runtime/producer/transport';
import { host } from '../host';

const none = () =>
  Promise.reject(new Error('our functions neither schedule nor store what they send, nor look at backlogs'));

/** A sender's edge with the clients that a function of ours has. */
export const senderEdge = (calls: { readonly topic?: TopicCalls; readonly queue?: QueueCalls }): SenderEdge => ({
  ...host,
  uuid: () => crypto.randomUUID(),
  traceparent: () => undefined,
  topicCalls: async () => calls.topic ?? none(),
  queueCalls: async () => calls.queue ?? none(),
  scheduleCalls: none,
  storeCalls: none,
  tableCalls: none,
});
