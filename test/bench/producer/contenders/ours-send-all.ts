import { type Producer, producer } from '../../../../lambda/runtime/producer';
import type { Order } from '../message';
import { orders } from './lanes';

let made: Producer<Order> | undefined;

export const send = async (queueUrl: string, count: number): Promise<void> => {
  made ??= producer<Order>({ queueUrl });
  const { sent } = await made.sendAll(orders(count));
  if (sent !== count) throw new Error(`${count - sent} messages were not accepted`);
};
