import { publisher, worker } from 'cdk-async-patterns/runtime';
import { effect } from './effect';
import type { Work } from './work';

const events = publisher<Work>('events');

/** Tells of each order, whose message is acknowledged only when its event is accepted. */
export const handler = worker<Work>({
  async process(work, context) {
    await effect('orders', work, context);
    // Its trouble is its own: subscribers have it easy.
    const event = { ...work, fails: 0 };
    await events.with(context).send(event, { attributes: { size: sizeOf(work) }, signal: context.signal });
  },
});

/** Every other order is large. */
const sizeOf = ({ step = 0 }: Work): string => (step % 2 === 0 ? 'large' : 'small');
