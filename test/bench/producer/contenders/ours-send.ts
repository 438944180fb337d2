import { type Producer, producer } from '../../../../lambda/runtime/producer';
import type { Order } from '../message';
import { BATCH, IN_FLIGHT, inLanes, orders } from './lanes';

let made: Producer<Order> | undefined;

/** As many calls at once as the others have messages under way. */
export const send = (queueUrl: string, count: number): Promise<void> => {
  made ??= producer<Order>({ queueUrl });
  const to = made;
  return inLanes(orders(count), IN_FLIGHT * BATCH, (order) => to.send(order));
};
