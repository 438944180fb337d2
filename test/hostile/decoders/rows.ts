import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { Controller as BreakerController } from '../../../lambda/handlers/breaker-controller/controller';
import { Controller as PaceController } from '../../../lambda/handlers/pace-controller/controller';
import { Attempts } from '../../../lambda/runtime/attempts';
import { Breaker } from '../../../lambda/runtime/breaker/breaker';
import { Ledger } from '../../../lambda/runtime/ledger';
import { Pacer } from '../../../lambda/runtime/pace/pacer';
import { workerOn } from '../../../lambda/runtime/worker';
import { lambdaContext, sqsEvent } from '../../../lambda/testing';
import { ENV, type LevelingSpec } from '../../../lib/private/contract';
import { TABLE as BREAKERS, FakeTable as BreakerTable } from '../../lambda/breaker/fake-table';
import { CONNECTED, FakeEdge } from '../../lambda/fake-edge';
import { FakeTable as KeyTable } from '../../lambda/idempotency/fake-table';
import { TABLE as PACES, FakeTable as PaceTable } from '../../lambda/pace/fake-table';
import { accepted, type Decoder, refused } from '../decoder';

export type Item = Record<string, AttributeValue>;

const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d{1,2})?$/i;

/** What of a value DynamoDB could hold. */
const attributeOf = (value: any): AttributeValue | undefined => {
  if (typeof value?.S === 'string') return { S: value.S };
  if (typeof value?.N === 'string' && NUMBER.test(value.N) && value.N.length < 40) return { N: value.N };
  if (typeof value?.BOOL === 'boolean') return { BOOL: value.BOOL };
  if (value?.NULL !== undefined) return { NULL: true };
  if (Array.isArray(value?.SS) && value.SS.length > 0)
    return { SS: value.SS.map((it: unknown) => (typeof it === 'string' ? it : 'x')) };
  if (Array.isArray(value?.L)) return { L: value.L.flatMap((item: unknown) => attributeOf(item) ?? []) };
  return undefined;
};

/** The row that somebody has written by hand. */
export const itemOf = (mutated: unknown, key: Item): Item => ({
  ...Object.fromEntries(
    Object.entries((mutated ?? {}) as object).flatMap(([name, value]) => {
      const attribute = name === '' ? undefined : attributeOf(value);
      return attribute ? [[name, attribute]] : [];
    }),
  ),
  ...key,
});

/** DynamoDB refuses what is no number. */
function checkNumbers(input: { ExpressionAttributeValues?: Record<string, AttributeValue> | undefined }): void {
  for (const [name, { N }] of Object.entries(input.ExpressionAttributeValues ?? {})) {
    if (N !== undefined && !Number.isFinite(Number(N))) throw new Error(`${name} is ${N}`);
  }
}

const NOW = Date.parse('2026-11-24T10:00:00Z');
const HOUR = 3_600_000;

const logTo = (lines: unknown[]) => {
  const log = (message: string, fields?: unknown): void => void lines.push({ message, fields });
  return { debug: log, info: log, warn: log, error: log };
};

const BREAKER = {
  name: 'Test/Breaker',
  table: BREAKERS,
  failureRatio: 0.5,
  minimumCalls: 4,
  window: 60,
  coolDown: 30,
  maxCoolDown: 120,
};
const bucket = Math.floor((NOW * 10) / 60_000);
const CLOSED = {
  state: { S: 'closed' },
  opens: { N: '1' },
  closedAt: { N: String(NOW - HOUR) },
  version: { N: '7' },
  [`f${bucket}`]: { N: '1' },
  [`s${bucket}`]: { N: '5' },
  paused: { SS: ['mapping-1'] },
};
const OPEN = {
  state: { S: 'open' },
  held: { BOOL: false },
  opens: { N: '2' },
  openedAt: { N: String(NOW - 1_000) },
  probeAt: { N: String(NOW + 29_000) },
  version: { N: '8' },
};
const HALF_OPEN = {
  ...OPEN,
  state: { S: 'halfOpen' },
  probeOwner: { S: 'another' },
  probeUntil: { N: String(NOW + 60_000) },
};

const breakerTable = (mutated: unknown): BreakerTable => {
  const table = new BreakerTable();
  table.items.set('breaker', itemOf(mutated, { pk: { S: 'breaker' } }));
  const updateItem = table.updateItem;
  table.updateItem = async (input, signal) => {
    checkNumbers(input);
    return updateItem(input, signal);
  };
  return table;
};

export const breakerRow: Decoder = {
  name: 'the row of a circuit breaker, read by a worker',
  valid: [CLOSED],
  others: [OPEN, HALF_OPEN],
  async feed(mutated) {
    const lines: unknown[] = [];
    let time = NOW;
    const edge = { now: () => time, write: (line: string) => void JSON.parse(line), uuid: () => 'me' };
    const sleep = async (ms: number): Promise<void> => {
      time += ms;
    };
    const breaker = new Breaker({ spec: BREAKER, calls: breakerTable(mutated), edge, log: logTo(lines), sleep });
    const pass = await breaker.admit(NOW + 30_000);
    const { until } = pass;
    // Whatever a row says, messages are not put off for longer than a cool-down.
    if (until !== undefined && !(until > NOW && until <= time + 121_000)) throw new Error(`put off until ${until}`);
    if (until === undefined) pass.failed();
    await pass.end();
    return until === undefined ? accepted(lines) : refused(lines);
  },
};

export const breakerController: Decoder = {
  name: 'the row of a circuit breaker, read by its controller',
  valid: [CLOSED],
  others: [OPEN, HALF_OPEN],
  async feed(mutated) {
    const lines: unknown[] = [];
    const controller = new BreakerController({
      spec: BREAKER,
      mappings: [{ id: 'mapping-1', maxConcurrency: 5 }],
      rowCalls: breakerTable(mutated),
      mappingCalls: {
        get: async () => ({ state: 'Enabled', maxConcurrency: 5, provisioned: false }),
        update: async () => true,
      },
      log: logTo(lines),
      now: () => NOW,
      write: (line) => void lines.push(JSON.parse(line)),
    });
    const before = await controller.handle({ action: 'status' });
    const after = await controller.handle({ action: 'reconcile' });
    return before.state === 'closed' ? accepted(lines, before, after) : refused(lines, before, after);
  },
};

const RATE = { kind: 'rate', count: 100, per: 1, burst: 1 } as const;
const LEVELING: LevelingSpec = { table: PACES, pace: RATE, lookahead: 900, batchSize: 50 };
const PACE = {
  version: { N: '3' },
  pace: { S: JSON.stringify({ ...RATE, count: 50 }) },
  base: { S: JSON.stringify(RATE) },
  changedAt: { N: String(NOW - HOUR) },
  next: { N: String((NOW + 1_000) * 1_000) },
  due: { N: String((NOW + 2_000) * 1_000) },
  taken: { N: '1000' },
  gaugeAt: { N: String(NOW - 10_000) },
  backlog: { N: '500' },
  rate: { N: '50' },
  drain: { N: '10' },
  gaugeTaken: { N: '900' },
  applied: { N: '3' },
  paused: { BOOL: false },
};

const paceTable = (mutated: unknown): PaceTable => {
  const table = new PaceTable();
  table.items.set('pace', itemOf(mutated, { pk: { S: 'pace' } }));
  const updateItem = table.updateItem;
  table.updateItem = async (input, signal) => {
    checkNumbers(input);
    return updateItem(input, signal);
  };
  return table;
};

export const paceRow: Decoder = {
  name: 'the row of a pace, read by a worker',
  valid: [PACE],
  others: [{ ...PACE, pace: { S: '{"kind":"closed"}' } }],
  async feed(mutated) {
    const lines: unknown[] = [];
    const pacer = new Pacer({
      spec: LEVELING,
      calls: paceTable(mutated),
      edge: { now: () => NOW, write: (line) => void lines.push(JSON.parse(line)), random: () => 0.5 },
      log: logTo(lines),
      worker: 'Test/Mails',
      queueSize: async () => 10,
    });
    const wanted = { returning: 1, horizon: (NOW + HOUR) * 1_000, fresh: 2, freshHorizon: (NOW + HOUR) * 1_000 };
    const closed = await pacer.open();
    const grant = closed === undefined ? await pacer.reserve('', wanted) : { kind: 'none' as const, until: closed };
    await pacer.finish(NOW + 30_000);
    if (grant.kind === 'none') {
      if (!(grant.until > NOW && grant.until <= NOW + HOUR)) throw new Error(`put off until ${grant.until}`);
      return refused(lines);
    }
    if (grant.slots.some((slot) => !Number.isFinite(slot))) throw new Error(`got ${grant.slots}`);
    if (grant.slots.length + grant.appointments.length !== 3) throw new Error('some got neither slot nor appointment');
    return accepted(lines, grant);
  },
};

export const paceController: Decoder = {
  name: 'the row of a pace, read by its controller',
  valid: [PACE],
  others: [{ ...PACE, pace: { S: '{"kind":"closed"}' }, applied: { N: '2' } }],
  async feed(mutated) {
    const lines: unknown[] = [];
    const controller = new PaceController({
      worker: 'Test/Mails',
      spec: LEVELING,
      mapping: 'mapping-1',
      rowCalls: paceTable(mutated),
      mappingCalls: { get: async () => ({ state: 'Enabled', provisioned: false }), update: async () => true },
      log: logTo(lines),
      queueSize: async () => 10,
      now: () => NOW,
      write: (line) => void lines.push(JSON.parse(line)),
    });
    const before = await controller.handle({ action: 'status' });
    const after = await controller.handle({ action: 'reconcile' });
    // What the row does not say the stack does.
    return JSON.stringify(before.pace) === JSON.stringify(RATE)
      ? refused(lines, before, after)
      : accepted(lines, before, after);
  },
};

const KEY = 'Test/Worker#o-1';

const DONE = {
  owner: { S: 'another/0' },
  hash: { S: 'LYzvDBVyg0a6j9pYmhUyF9h4DcJyQ1YhqnHQn6OHGU8' },
  lease: { N: String(NOW + 60_000) },
  ttl: { N: String(NOW / 1_000 + 3_600) },
  state: { S: 'done' },
};

export const idempotencyRow: Decoder = {
  name: 'the row of an idempotency key',
  valid: [{ ...DONE, ttl: { N: '1' } }],
  others: [DONE, { ...DONE, state: { S: 'running' } }],
  async feed(mutated) {
    const edge = new FakeEdge({ ...CONNECTED, [ENV.idempotency]: '{"table":"keys","retention":3600}' });
    edge.now = () => NOW;
    const table = new KeyTable();
    table.items.set(KEY, itemOf(mutated, { pk: { S: KEY } }));
    edge.statements = table;
    const done: string[] = [];
    const handler = workerOn<any>(edge, {
      idempotencyKey: ({ orderId }) => orderId,
      process: (_, { messageId }) => void done.push(messageId),
    });
    const event = sqsEvent([
      { messageId: 'hostile', body: { orderId: 'o-1' } },
      { messageId: 'neighbour', body: { orderId: 'o-2' } },
    ]);
    const { batchItemFailures } = await handler(event, lambdaContext());
    const failed = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    if (failed.includes('neighbour') || !done.includes('neighbour')) throw new Error('the neighbour noticed');
    for (const seconds of edge.visibility.values()) {
      if (!(seconds >= 0 && seconds <= 43_200)) throw new Error(`comes back after ${seconds} seconds`);
    }
    return done.includes('hostile') ? accepted(edge.lines) : refused(edge.lines);
  },
};

export const ledgerRow: Decoder = {
  name: 'a row of a ledger',
  valid: [{ forgiven: { N: '3' }, ttl: { N: '1' } }],
  async feed(mutated) {
    const table = new BreakerTable();
    table.items.set('message#m-1', itemOf(mutated, { pk: { S: 'message#m-1' } }));
    const signal = new AbortController().signal;
    const forgiving = {
      forgiven: (ids: readonly string[]) => new Ledger(table, BREAKERS).read(ids, signal),
      forgive: async () => {},
    };
    const attempts = new Attempts(5, forgiving);
    const { Records } = sqsEvent([{ messageId: 'm-1', body: 1, receiveCount: 7 }]);
    await attempts.open(Records);
    const attempt = attempts.of(Records[0]!);
    // A row takes off receives, and adds none.
    if (!(attempt >= 1 && attempt <= 7)) throw new Error(`it is attempt ${attempt}`);
    return attempt === 7 ? refused() : accepted();
  },
};
