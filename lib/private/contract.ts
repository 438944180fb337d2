/**
 * What the constructs write and the runtime reads. Both worlds import this file; it imports nothing but its parts.
 */

export * from './contract/breaker';
export * from './contract/event-log';
export * from './contract/functions';
export * from './contract/inventory';
export * from './contract/jobs';
export * from './contract/pace';
export * from './contract/senders';
export * from './contract/streams';
export * from './contract/worker';
