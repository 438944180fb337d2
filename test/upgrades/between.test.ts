import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kinesisEvent, sqsEvent } from '../../lambda/testing';
import { BREAKER_ENV, CONNECTION_ENV, ENV, FUNCTION_ENV, JOBS_ENV, PACE_ENV } from '../../lib/private/contract';
import { TABLE as BREAKERS } from '../lambda/breaker/fake-table';
import { LOG, REPLAYS, SNAPSHOTS } from '../lambda/event-log/fake-table';
import { JOBS_SPEC } from '../lambda/jobs/spec';
import { proxyEvent } from '../lambda/jobs/world';
import { TABLE as PACES } from '../lambda/pace/fake-table';
import { Cloud } from './between/cloud';
import { Version } from './between/version';
import { sqsRecordOf } from './written/common';

// The bundles as they ship, one of a version and one of another, on the same tables and queues: what one writes the other
// reads. `npm run upgrades -- --previous <version>` takes a release for one of them; here the build is its own predecessor.

const BUILT = join(__dirname, '..', '..', 'lambda', 'dist', 'runtime');
const PAYLOADS = { bucket: 'payloads', prefix: 'orders/', threshold: 100 };
const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:orders';
const SCHEDULE = { groupName: 'group', roleArn: 'arn:aws:iam::1:role/r', queueArn: 'arn:aws:sqs:eu-west-1:1:orders' };

const json = (name: string, value: unknown): Record<string, string> => ({ [name]: JSON.stringify(value) });
const LOGS = json(`${CONNECTION_ENV.log}LOG`, {
  table: LOG,
  snapshots: SNAPSHOTS,
  savesSnapshots: true,
  replays: REPLAYS,
});
const BREAKER = {
  name: 'B',
  table: BREAKERS,
  failureRatio: 0.5,
  minimumCalls: 4,
  window: 60,
  coolDown: 30,
  maxCoolDown: 120,
};
const LEVELING = { table: PACES, pace: { kind: 'rate', count: 2, per: 1, burst: 1 }, lookahead: 900, batchSize: 10 };

const MESSAGE = { orderId: 'o-1', note: 'Grüße' };
const LARGE = { orderId: 'o-2', note: 'x'.repeat(200) };
const origin = { correlationId: 'c-1', causationId: 'm-0' };

const previous = process.env.UPGRADES_PREVIOUS;
const folder = mkdtempSync(join(tmpdir(), 'previous-runtime-'));
cpSync(previous ?? BUILT, folder, { recursive: true });
afterAll(() => rmSync(folder, { recursive: true }));

test('both are built', () => {
  for (const each of [BUILT, folder]) expect(existsSync(join(each, 'index.js'))).toBe(true);
});

const DIRECTIONS: [string, string, string][] = [
  ['what the previous version writes is read by this one', folder, BUILT],
  ['what this version writes is read by the previous one', BUILT, folder],
];

// Of one and the same build, one direction says it all.
describe.each(previous === undefined ? DIRECTIONS.slice(0, 1) : DIRECTIONS)('%s', (_, from, to) => {
  let cloud: Cloud;
  /** Queues are where their URLs say. */
  let QUEUE: string;
  let DEAD: string;
  let WORKER: Record<string, string>;
  let SENDERS: Record<string, string>;
  let writer: Version;
  let reader: Version;

  beforeEach(async () => {
    cloud = new Cloud();
    const endpoint = await cloud.start();
    QUEUE = `${endpoint}/123456789012/orders`;
    DEAD = `${endpoint}/123456789012/dead`;
    WORKER = { [ENV.worker]: 'Test/Worker', [ENV.queueUrl]: QUEUE, [ENV.deadLetterQueueUrl]: DEAD };
    const queue = { queueUrl: QUEUE, fifo: false, payloads: PAYLOADS, schedule: SCHEDULE };
    SENDERS = {
      ...json(`${CONNECTION_ENV.producer}ORDERS`, queue),
      ...json(`${CONNECTION_ENV.publisher}ORDERS`, { topicArn: TOPIC, fifo: false }),
      ...json(`${CONNECTION_ENV.invoker}ORDERS`, { functionArn: 'orders', maxBytes: 1_000, payloads: PAYLOADS }),
    };
    writer = new Version(from, endpoint);
    reader = new Version(to, endpoint);
  });
  afterEach(() => {
    writer.stop();
    reader.stop();
    cloud.stop();
  });

  const sent = (target: string, receiveCount = 1) => ({
    Records: cloud.of(target).map((entry, i) => {
      const record = sqsRecordOf(entry, i);
      return { ...record, attributes: { ...record.attributes, ApproximateReceiveCount: String(receiveCount) } };
    }),
  });

  test('messages with attributes and origin', async () => {
    await writer.run('send', { message: MESSAGE, options: { ...origin, attributes: { kind: 'order' } } }, SENDERS);
    await writer.run('publish', { message: MESSAGE, options: { ...origin, attributes: { kind: 'order' } } }, SENDERS);
    const read = { message: MESSAGE, ...origin, kind: 'order' };
    for (const target of [QUEUE, TOPIC]) {
      expect(await reader.run('work', { event: sent(target) }, WORKER)).toMatchObject({ seen: [read] });
    }
  });

  test('bodies that are stored, and messages that are scheduled', async () => {
    await writer.run('send', { message: LARGE }, SENDERS);
    await writer.run('send', { message: MESSAGE, options: { at: Date.now() + 7_200_000 } }, SENDERS);
    const env = { ...WORKER, ...json(ENV.payloads, [PAYLOADS]) };
    expect(await reader.run('work', { event: sent(QUEUE) }, env)).toMatchObject({ seen: [{ message: LARGE }] });
    const input = JSON.parse(cloud.schedules[0].Target.Input);
    cloud.of('scheduled').push(input.MessageBody ? input : { MessageBody: JSON.stringify(input) });
    expect(await reader.run('work', { event: sent('scheduled') }, WORKER)).toMatchObject({
      seen: [{ message: MESSAGE }],
    });
  });

  test('dead letters, of queues and of streams', async () => {
    await writer.run(
      'work',
      { event: sqsEvent([{ body: MESSAGE, attributes: { kind: 'order' } }]), fails: 'permanent' },
      WORKER,
    );
    await writer.run('stream', { event: kinesisEvent([{ data: MESSAGE }]) }, WORKER);
    const { seen } = await reader.run('work', { event: sent(DEAD) }, WORKER);
    expect(seen).toMatchObject([{ message: MESSAGE, kind: 'order' }, { message: MESSAGE }]);
  });

  test('idempotency keys', async () => {
    const env = { ...WORKER, ...json(ENV.idempotency, { table: 'keys', retention: 3_600 }) };
    const event = sqsEvent([{ body: MESSAGE }]);
    expect((await writer.run('work', { event, key: 'orderId' }, env)).seen).toHaveLength(1);
    expect(await reader.run('work', { event, key: 'orderId' }, env)).toEqual({
      reply: { batchItemFailures: [] },
      seen: [],
    });
    const other = sqsEvent([{ body: LARGE }]);
    expect((await reader.run('work', { event: other, key: 'orderId' }, env)).seen).toHaveLength(1);
  });

  test('a circuit breaker', async () => {
    const env = { ...WORKER, ...json(BREAKER_ENV.spec, BREAKER) };
    const event = sqsEvent(Array.from({ length: 4 }, (_x, i) => ({ messageId: `m-${i}`, body: i })));
    await writer.run('work', { event, fails: 'dependency' }, env);
    expect(cloud.breakers.row?.state).toEqual({ S: 'open' });
    const { reply, seen } = await reader.run('work', { event }, env);
    expect([reply.batchItemFailures.length, seen.length]).toEqual([4, 0]);
    // It was no attempt, and says so.
    expect([...cloud.breakers.items.keys()]).toContain('message#m-0');
  });

  test('a pace', async () => {
    const env = { ...WORKER, ...json(PACE_ENV.spec, LEVELING) };
    await writer.run('work', { event: sqsEvent([{ body: 1 }]) }, env);
    const next = Number(cloud.paces.row?.next?.N);
    const before = Date.now();
    expect((await reader.run('work', { event: sqsEvent([{ body: 2 }]) }, env)).seen).toHaveLength(1);
    // Its slot is behind the other's, and it has waited for it.
    expect(Number(cloud.paces.row?.next?.N)).toBeGreaterThanOrEqual(next + 500_000);
    expect(Date.now()).toBeGreaterThanOrEqual(Math.max(before, next / 1_000 - 50));
    expect(cloud.paces.row?.taken).toEqual({ N: '2' });
  });

  test('jobs', async () => {
    const spec = { ...JOBS_SPEC, table: 'jobs', queue: { queueUrl: QUEUE, fifo: false } };
    const api = json(JOBS_ENV.api, spec);
    const accepted = await writer.run('api', { event: proxyEvent({ body: JSON.stringify(MESSAGE) }) }, api);
    expect(accepted.statusCode).toBe(202);
    const { id } = JSON.parse(accepted.body);
    const get = { event: proxyEvent({ method: 'GET', id }) };
    expect(JSON.parse((await reader.run('api', get, api)).body)).toMatchObject({ id, status: 'accepted' });
    const worker = { ...WORKER, ...json(JOBS_ENV.worker, spec) };
    const done = await reader.run('work', { event: sent(QUEUE) }, worker);
    expect(done).toMatchObject({ reply: { batchItemFailures: [] }, seen: [{ message: MESSAGE, job: id }] });
    // Both ways: what the reader has written the writer reads.
    expect(JSON.parse((await writer.run('api', get, api)).body)).toMatchObject({
      status: 'succeeded',
      result: { done: true },
    });
    expect(await writer.run('work', { event: sent(QUEUE, 2) }, worker)).toMatchObject({ seen: [] });
  });

  test('an event log, its snapshots and its replays', async () => {
    const events = [1, 2].map((cents) => ({ type: 'Added', data: { cents } }));
    const named = { expectedVersion: 'none', appendId: 'append-1' };
    await writer.run('append', { stream: 'a', events, options: named }, LOGS);
    await writer.run('fold', { stream: 'a' }, LOGS);
    expect(await reader.run('read', { stream: 'a' }, LOGS)).toMatchObject(events);
    expect(await reader.run('append', { stream: 'a', events, options: named }, LOGS)).toEqual({
      version: 2,
      repeated: true,
    });
    const more = { stream: 'a', events: [{ type: 'Added', data: { cents: 3 } }], options: { expectedVersion: 2 } };
    await reader.run('append', more, LOGS);
    expect(await reader.run('fold', { stream: 'a' }, LOGS)).toEqual({ state: 6, version: 3 });
    expect(await writer.run('fold', { stream: 'a' }, LOGS)).toEqual({ state: 6, version: 3 });
    const id = await writer.run('replay', { options: { subscriber: '*', rate: 5 } }, LOGS);
    expect(await reader.run('progress', { id }, LOGS)).toMatchObject({ id, subscriber: '*', state: 'open', rate: 5 });
    await reader.run('cancel', { id }, LOGS);
    expect(await writer.run('progress', { id }, LOGS)).toMatchObject({ state: 'cancelled' });
  });

  test('asynchronous events, and where their failures go', async () => {
    await writer.run('invoke', { message: MESSAGE, options: origin }, SENDERS);
    await writer.run('invoke', { message: LARGE }, SENDERS);
    const [small, large] = cloud.of('orders').map((body) => JSON.parse(body));
    const env = { [ENV.worker]: 'Test/Function', ...json(ENV.payloads, [PAYLOADS]) };
    expect(await reader.run('run', { event: small }, env)).toEqual([{ message: MESSAGE, correlationId: 'c-1' }]);
    expect(await reader.run('run', { event: large }, env)).toMatchObject([{ message: LARGE }]);
    const failing = { ...env, ...json(FUNCTION_ENV.failure, { queueUrl: DEAD }) };
    await reader.run('run', { event: small, fails: true }, failing);
    const { requestPayload } = JSON.parse(cloud.of(DEAD)[0].MessageBody);
    expect(await writer.run('run', { event: requestPayload }, env)).toMatchObject([{ message: MESSAGE }]);
  });
});
