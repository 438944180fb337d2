import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Breaker } from '../../lambda/runtime/breaker/breaker';
import type { WorkerContext } from '../../lambda/runtime/context';
import { type WorkerOptions, workerOn } from '../../lambda/runtime/worker';
import { ENV } from '../../lib/private/contract';
import { FakeTable as BreakerTable } from '../lambda/breaker/fake-table';
import type { FakeEdge } from '../lambda/fake-edge';
import { FakeTable as KeyTable } from '../lambda/idempotency/fake-table';
import { fileOf, lost, recorded, VERSIONS } from './versions';
import { written } from './written';
import { BODY, BREAKER, edgeOf, IDEMPOTENCY, LARGE, NOW, PAYLOADS, sqsRecordOf } from './written/common';

// A deployment changes functions one after the other, and queues and tables outlive it: a runtime reads what the other version
// has written, older and newer. That the newer one writes all that the older one did, and adds to it at most, is what lets the
// older read it. A release records what it writes: RECORD=0.2.0 jest -t recorded.
beforeEach(() => jest.useFakeTimers({ now: NOW, doNotFake: ['setImmediate', 'nextTick'] }));
afterEach(() => jest.useRealTimers());

if (process.env.RECORD) {
  test(`what ${process.env.RECORD} writes is recorded`, async () => {
    const file = fileOf(process.env.RECORD!);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(await written(), undefined, 2)}\n`);
  });
}

test('what is gone or another is noticed, and what is added is not', () => {
  expect(lost({ a: [{ b: 1 }], c: 'x' }, { a: [{ b: 1, d: 2 }], c: 'x', e: 3 })).toEqual([]);
  expect(lost({ a: [{ b: 1 }], c: 'x' }, { a: [{}], c: 'y' })).toEqual([
    '/a/0/b: 1 became undefined',
    '/c: "x" became "y"',
  ]);
});

const handle = async (edge: FakeEdge, sent: any[], options: Partial<WorkerOptions<any>> = {}) => {
  const seen: { message: unknown; context: WorkerContext }[] = [];
  const process = (message: unknown, context: WorkerContext) => void seen.push({ message, context });
  const Records = sent.map(sqsRecordOf);
  const { batchItemFailures } = await workerOn<any>(edge, { process, ...options })({ Records });
  return { seen, failed: batchItemFailures.length };
};

test('at least one version is on record', () => {
  expect(VERSIONS).toContain('0.1.0');
});

for (const version of VERSIONS)
  describe(`between ${version} and today`, () => {
    const old = recorded(version);

    test('all that was written is written still', async () => {
      expect(lost(old, await written())).toEqual([]);
    });

    test('messages are read with their body, their attributes and their origin', async () => {
      const { seen } = await handle(edgeOf(), old.messages.standard);
      expect(seen).toEqual([
        {
          message: BODY,
          context: expect.objectContaining({
            correlationId: 'c-1',
            causationId: 'm-0',
            attributes: expect.objectContaining({ kind: 'order', amount: '7' }),
          }),
        },
      ]);
      expect((await handle(edgeOf(), old.messages.fifo)).seen[0]!.message).toEqual(BODY);
    });

    test('published messages are read', async () => {
      const entries = old.messages.published.flatMap((request: any) => request.PublishBatchRequestEntries);
      expect((await handle(edgeOf(), entries)).seen).toMatchObject([
        { message: BODY, context: { correlationId: 'c-1' } },
      ]);
    });

    test('a pointer leads to its body', async () => {
      const edge = edgeOf({ [ENV.payloads]: JSON.stringify([PAYLOADS]) });
      const objects = new Map<string, string>(old.messages.large.objects);
      edge.getObject = async ({ Bucket, Key }) => objects.get(`${Bucket}/${Key}`)!;
      expect((await handle(edge, old.messages.large.messages)).seen).toMatchObject([{ message: LARGE }]);
    });

    test('what a schedule sends is read, as it is or from a request to SQS', async () => {
      const inputs: any[] = old.messages.scheduled.map(({ Target }: any) => JSON.parse(Target.Input));
      const sent = inputs.map((input) => (input.MessageBody ? input : { MessageBody: JSON.stringify(input) }));
      expect((await handle(edgeOf(), sent)).seen.map(({ message }) => message)).toEqual([BODY, BODY]);
    });

    test('a dead letter that is sent back is handled', async () => {
      const { seen, failed } = await handle(edgeOf(), old.deadLetters);
      expect(failed).toBe(0);
      expect(seen).toMatchObject([{ message: BODY, context: { attributes: { a0: '0' } } }]);
    });

    describe('idempotency', () => {
      const meet = (rows: any[]) => {
        const edge = edgeOf({ [ENV.idempotency]: JSON.stringify(IDEMPOTENCY) });
        // Another attempt than the one that wrote the rows.
        edge.uuids = 10;
        const table = new KeyTable();
        for (const row of rows) table.items.set(row.pk.S, row);
        edge.statements = table;
        return handle(edge, [{ MessageBody: JSON.stringify(BODY) }], { idempotencyKey: ({ orderId }) => orderId });
      };

      test('work that was done is not done again', async () => {
        expect(await meet(old.idempotencyRows.done)).toEqual({ seen: [], failed: 0 });
      });

      test('work that runs is waited for', async () => {
        expect(await meet(old.idempotencyRows.running)).toEqual({ seen: [], failed: 1 });
      });

      test('other work runs', async () => {
        expect((await meet([])).seen).toHaveLength(1);
      });
    });

    describe('a circuit breaker', () => {
      const admit = async (row: any, now = NOW) => {
        const table = new BreakerTable();
        table.items.set('breaker', row);
        const log = { debug() {}, info() {}, warn() {}, error() {} };
        let time = now;
        const edge = { now: () => time, write: () => {}, uuid: () => 'another' };
        const sleep = async (ms: number) => {
          time += ms;
        };
        const breaker = new Breaker({ spec: BREAKER, calls: table, edge, log, sleep });
        return { table, pass: await breaker.admit(now + 30_000) };
      };

      test('that was closed lets through, and goes on counting from where it was', async () => {
        const { table, pass } = await admit(old.breakerRows.counted);
        expect(pass.until).toBeUndefined();
        pass.failed();
        await pass.end();
        const failures = (row: any) =>
          Object.entries<any>(row).reduce((sum, [name, { N }]) => sum + (/^f\d/.test(name) ? Number(N) : 0), 0);
        expect(failures(old.breakerRows.counted)).toBe(1);
        expect(failures(table.row)).toBe(2);
      });

      test.each(['open', 'probed', 'held'])('that was %s lets nothing through', async (stage) => {
        expect((await admit(old.breakerRows[stage])).pass.until).toBeGreaterThan(NOW);
      });

      test('that was open is probed when its cool-down is over', async () => {
        expect((await admit(old.breakerRows.open, NOW + 31_000)).pass.probe).toBe(true);
      });
    });
  });
