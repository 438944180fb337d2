import type { StreamEvent } from '../../../lambda/runtime/stream/envelope';
import { type StreamWorkerOptions, streamWorkerOn } from '../../../lambda/runtime/stream/stream-worker';
import { lambdaContext } from '../../../lambda/testing';
import { STREAM_ENV } from '../../../lib/private/contract';
import { CONNECTED, FakeEdge } from '../fake-edge';

/** As a function of a StreamWorker has it. */
export const STREAMING = { ...CONNECTED, [STREAM_ENV.spec]: '{"window":false}' };
export const WINDOWED = { ...CONNECTED, [STREAM_ENV.spec]: '{"window":true}' };

/** An edge of a process that no construct has told anything but where the dead-letter queue is: it replies instead of throwing. */
export const replying = (): FakeEdge => new FakeEdge(CONNECTED);

export const run = (edge: FakeEdge, options: StreamWorkerOptions<any, any>, event: StreamEvent, ms?: number) =>
  streamWorkerOn<any, any>(edge, options)(event, lambdaContext(ms));

export const failuresOf = (reply: { batchItemFailures: readonly { itemIdentifier: unknown }[] }): unknown[] =>
  reply.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
