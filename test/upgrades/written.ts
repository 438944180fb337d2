import { Breaker } from '../../lambda/runtime/breaker/breaker';
import { rowOf } from '../../lambda/runtime/breaker/row';
import { claimed, heldOpen, opened, policyOf } from '../../lambda/runtime/breaker/state';
import { Store } from '../../lambda/runtime/breaker/store';
import { PermanentError } from '../../lambda/runtime/errors';
import { Ledger } from '../../lambda/runtime/ledger';
import { producerOn, publisherOn } from '../../lambda/runtime/producer/sender';
import { workerOn } from '../../lambda/runtime/worker';
import { sqsEvent } from '../../lambda/testing';
import { ENV } from '../../lib/private/contract';
import { FakeTable as BreakerTable, TABLE } from '../lambda/breaker/fake-table';
import { FakeTable as KeyTable } from '../lambda/idempotency/fake-table';
import { FakeService, FIFO_QUEUE, QUEUE, TOPIC } from '../lambda/producer/fake-service';
import { attributes, BODY, BREAKER, edgeOf, IDEMPOTENCY, LARGE, NOW, origin, PAYLOADS, SILENT } from './written/common';
import { eventLog } from './written/event-log';
import { functions } from './written/functions';
import { jobs } from './written/jobs';
import { paces } from './written/paces';
import { streams } from './written/streams';

const sentTo = async (send: (service: FakeService) => Promise<unknown>): Promise<FakeService> => {
  const service = new FakeService();
  await send(service);
  return service;
};

const schedule = { groupName: 'group', roleArn: 'arn:role', queueArn: 'arn:queue', deadLetterQueueArn: 'arn:dead' };

async function messages() {
  const standard = await sentTo((service) =>
    producerOn(service, { queueUrl: QUEUE }).send(BODY, { attributes, ...origin, tenant: 't', delay: 5 }),
  );
  const fifo = await sentTo((service) =>
    producerOn(service, { queueUrl: FIFO_QUEUE }).send(BODY, { groupId: 'g', deduplicationId: 'd' }),
  );
  const large = await sentTo((service) =>
    producerOn(service, { queueUrl: QUEUE, payloads: PAYLOADS }).send(LARGE, origin),
  );
  const published = await sentTo((service) =>
    publisherOn(service, { topicArn: TOPIC }).send(BODY, { attributes, ...origin }),
  );
  const scheduled = await sentTo(async (service) => {
    const later = producerOn(service, { queueUrl: QUEUE, schedule });
    const at = new Date(NOW + 3_600_000);
    await later.send(BODY, { at });
    await later.send(BODY, { at, attributes, ...origin });
  });
  return {
    standard: standard.accepted,
    fifo: fifo.accepted,
    large: { messages: large.accepted, objects: [...large.objects] },
    published: published.published,
    scheduled: scheduled.schedules,
  };
}

async function deadLetters() {
  const edge = edgeOf();
  const handler = workerOn(edge, {
    process: () => {
      throw new PermanentError('empty order');
    },
  });
  const many = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`a${i}`, `${i}`]));
  await handler(
    sqsEvent([{ messageId: 'm-1', body: BODY, attributes: many, receiveCount: 2, groupId: 'tenant' }], {
      sentAt: new Date(NOW - 60_000),
    }),
  );
  return edge.deadLetters;
}

async function idempotencyRows() {
  const edge = edgeOf({ [ENV.idempotency]: JSON.stringify(IDEMPOTENCY) });
  const table = new KeyTable();
  edge.statements = table;
  let running: unknown;
  const handler = workerOn<typeof BODY>(edge, {
    idempotencyKey: ({ orderId }) => orderId,
    process: () => {
      running = structuredClone([...table.items.values()]);
    },
  });
  await handler(sqsEvent([{ messageId: 'm-1', body: BODY }]));
  return { running, done: [...table.items.values()] };
}

async function breakerRows() {
  const never = new AbortController().signal;
  const table = new BreakerTable();
  const store = new Store(table, TABLE);
  const read = () => rowOf(table.row);
  const item = () => structuredClone(table.row);
  const breaker = new Breaker({
    spec: BREAKER,
    calls: table,
    edge: { now: () => NOW, write: () => {}, uuid: () => 'owner' },
    log: SILENT,
  });
  const pass = await breaker.admit(NOW + 30_000);
  pass.succeeded();
  pass.failed();
  await pass.end();
  const counted = item();
  await store.enter(read(), opened(read(), policyOf(BREAKER), NOW), never);
  await store.notePaused(read(), ['mapping-1'], never);
  const open = item();
  await store.enter(read(), claimed(read(), 'owner', NOW + 60_000), never);
  const probed = item();
  await store.enter(read(), heldOpen(read(), NOW), never);
  const held = item();
  await new Ledger(table, TABLE).forgive(['m-1'], NOW, never);
  return { counted, open, probed, held, forgiven: table.items.get('message#m-1') };
}

/** Bytes and what is undefined, as JSON has neither. */
export const plain = (value: unknown): any =>
  JSON.parse(
    JSON.stringify(value, (_, each) => (each instanceof Uint8Array ? Buffer.from(each).toString('base64') : each)),
  );

/** All that outlives a deployment: messages in queues, schedules and buckets, and rows in tables, as today's code writes it. */
export const written = async (): Promise<Record<string, any>> =>
  plain({
    messages: await messages(),
    deadLetters: await deadLetters(),
    idempotencyRows: await idempotencyRows(),
    breakerRows: await breakerRows(),
    paces: await paces(),
    streams: await streams(),
    jobs: await jobs(),
    functions: await functions(),
    eventLog: await eventLog(),
  });
