import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { seededRandom } from '../../../bin/local/random';
import { VersionConflictError } from '../../../lambda/runtime';
import { cancelled, LOG } from './fake-table';
import { added, World } from './world';

// Many writers on few streams, whose requests interleave at every await. Replies get lost, transactions get in each other's
// way, clocks differ, and a writer may give up and try the same append again.

const lost = () => Object.assign(new Error('lost'), { name: 'TimeoutError' });

interface Plan {
  readonly seed: number;
  readonly writers: number;
  readonly streams: number;
  readonly appends: number;
  readonly faults: number;
  readonly any: boolean;
}

const plans = fc.record({
  seed: fc.integer(),
  writers: fc.integer({ min: 1, max: 6 }),
  streams: fc.integer({ min: 1, max: 3 }),
  appends: fc.integer({ min: 1, max: 6 }),
  faults: fc.constantFrom(0, 0.1, 0.4),
  any: fc.boolean(),
});

async function live({ seed, writers, streams, appends, faults, any }: Plan) {
  const world = new World();
  const random = seededRandom(seed);
  world.draw = random;
  const pauses = async () => {
    for (let left = Math.floor(random() * 4); left > 0; left--) await turn();
  };
  world.dynamodb.before = async (request) => {
    await pauses();
    if (request === 'transact' && random() < faults) throw cancelled(['TransactionConflict']);
  };
  world.dynamodb.after = async (request) => {
    await pauses();
    if ((request === 'put' || request === 'transact') && random() < faults) throw lost();
  };
  /** By append: its size, and the version at which it was confirmed. */
  const confirmed = new Map<string, { stream: string; size: number; version: number }>();
  const tried = new Map<string, { stream: string; size: number }>();
  let conflicts = 0;

  const write = async (writer: number): Promise<void> => {
    const log = world.open({}, Math.floor((random() - 0.5) * 20_000));
    for (let n = 0; n < appends; n++) {
      const stream = `stream-${Math.floor(random() * streams)}`;
      const appendId = `append-${writer}-${n}`;
      const size = random() < 0.1 ? 99 : 1 + Math.floor(random() * 5);
      const events = Array.from({ length: size }, (_, i) => added(i));
      tried.set(appendId, { stream, size });
      world.time += Math.floor(random() * 50);
      let expectedVersion: number | 'any' = any ? 'any' : await log.version(stream);
      for (let attempt = 0; attempt < 8; attempt++) {
        try {
          const { version } = await log.append(stream, events, { expectedVersion, appendId });
          confirmed.set(appendId, { stream, size, version });
          break;
        } catch (error) {
          if (error instanceof VersionConflictError) {
            conflicts++;
            // Decided again, it may be in the log already: its name tells.
            if (expectedVersion !== 'any') expectedVersion = error.currentVersion;
            continue;
          }
          expect((error as Error).message).toBe('lost');
        }
      }
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  return { world, confirmed, tried, conflicts };
}

test('whatever happens, versions have no gap, every append is there whole and once or not at all, and replies are true', async () => {
  let all = 0;
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const { world, confirmed, tried, conflicts } = await live(plan);
      all += conflicts;
      for (let n = 0; n < plan.streams; n++) {
        const versions = world.versions(`stream-${n}`);
        expect(versions).toEqual(versions.map((_, i) => i + 1));
        const rows = world.dynamodb.rows(LOG, `stream-${n}`).filter(({ type }) => type);
        const times = rows.map(({ at }) => at!.S!);
        expect(times).toEqual([...times].sort());
      }
      for (const [appendId, { stream, size }] of tried) {
        const found = world.dynamodb
          .rows(LOG, stream)
          .filter(({ id }) => id?.S?.replace(/-\d+$/, '') === appendId)
          .map(({ sk, id }) => ({ version: Number(sk!.S), n: Number(id!.S!.split('-').at(-1)) }));
        const reply = confirmed.get(appendId);
        if (found.length === 0) expect(reply).toBeUndefined();
        else {
          const [{ version: first } = { version: 0 }] = found;
          expect(found).toEqual(Array.from({ length: size }, (_, n) => ({ version: first + n, n })));
          if (reply) expect(reply.version).toBe(first + size - 1);
        }
      }
    }),
    { numRuns: 100 },
  );
  // The plans do what they are for.
  expect(all).toBeGreaterThan(0);
}, 60_000);
