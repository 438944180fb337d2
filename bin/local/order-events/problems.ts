import { WORKER_IDS } from '../reference';
import type { Delivery, EventAccount, EventBooks } from './account';
import { isMissing } from './account';
import { correlationOf } from './expect';

function fateProblem({ expected, handled, dead }: Delivery, event: string, at: string): string | undefined {
  if (expected === 'handled' && dead.length > 0) return `${event} is dead at ${at}: ${dead[0]!.reason}`;
  if (expected === 'dead' && handled.length > 0) return `${event} was handled by ${at}, which is broken`;
  if (dead.some(({ reason }) => reason === undefined)) return `${event} is dead at ${at} without a reason`;
  return undefined;
}

function deliveryProblems(delivery: Delivery, { order, bookings }: EventAccount): (string | undefined)[] {
  const at = WORKER_IDS[delivery.subscriber];
  const event = `the event of ${order.id}`;
  if (isMissing(delivery)) return [`${event} is missing at ${at}`];
  if (delivery.copies === 0) return [];
  if (delivery.expected === undefined) {
    const why = bookings === 0 ? 'though that was not booked' : 'though its filter keeps that away';
    return [`${at} got ${event}, ${why}`];
  }
  const stranger = [...delivery.handled, ...delivery.dead].find(
    ({ correlationId, causationId }) => correlationId !== correlationOf(order) || causationId !== order.messageId,
  );
  return [
    delivery.copies > 1 ? `${at} got ${delivery.copies} copies of ${event}` : undefined,
    fateProblem(delivery, event, at),
    stranger &&
      `${event} came to ${at} with correlation ${stranger.correlationId} and cause ${stranger.causationId}, ` +
        `not ${correlationOf(order)} and ${order.messageId}`,
  ];
}

function accountProblems(account: EventAccount): (string | undefined)[] {
  const { order, bookings, eventIds, deliveries } = account;
  return [
    bookings > 0 && eventIds.length !== 1 ? `${order.id} was booked and made ${eventIds.length} events` : undefined,
    ...deliveries.flatMap((delivery) => deliveryProblems(delivery, account)),
  ];
}

/** What must not be, a line each: nothing if the books balance. */
export function problemsOf({ accounts, brokenGroups, waiting, strays }: EventBooks): string[] {
  return [
    ...accounts.flatMap(accountProblems).filter((problem) => problem !== undefined),
    ...brokenGroups.map((customer) => `the events of ${customer} were handled out of order`),
    ...(waiting > 0 ? [`the queues still hold ${waiting} copies`] : []),
    ...strays.map((orderId) => `there are copies of an event of ${orderId}, which was not sent by us`),
  ];
}
