import * as fc from 'fast-check';
import { seededRandom } from '../../../bin/local/random';
import type { StoredEvent } from '../../../lambda/runtime/event-log/stored';
import { Died, ReplayWorld, START } from './replay-world';
import { stored } from './stream';

// A log of several hours whose archive has any holes, and a replayer that dies at any of its requests, before it or after it,
// while others append.

interface Plan {
  readonly seed: number;
  readonly events: number;
  readonly streams: number;
  readonly spread: number;
  readonly archived: number;
  readonly deaths: readonly number[];
  readonly appends: number;
  readonly pageSize: number;
}

const plans = fc.record({
  seed: fc.integer(),
  events: fc.integer({ min: 0, max: 120 }),
  streams: fc.integer({ min: 1, max: 8 }),
  /** Minutes between two events, at most. */
  spread: fc.constantFrom(0, 1, 5, 30),
  archived: fc.constantFrom(0, 0.5, 0.9, 1),
  deaths: fc.array(fc.nat(150), { maxLength: 8 }),
  appends: fc.nat(5),
  pageSize: fc.constantFrom(1, 3, 1_000),
});

async function live({ seed, events, streams, spread, archived, deaths, appends, pageSize }: Plan) {
  const random = seededRandom(seed);
  const w = new ReplayWorld();
  w.draw = random;
  w.dynamodb.pageSize = pageSize;
  const versions = new Map<string, number>();
  let time = START;
  const next = (): StoredEvent => {
    const streamId = `s${Math.floor(random() * streams)}`;
    const version = (versions.get(streamId) ?? 0) + 1;
    versions.set(streamId, version);
    time += Math.floor(random() * spread * 60_000);
    return stored(streamId, version, { at: new Date(time).toISOString() });
  };
  for (let left = events; left > 0; ) {
    const batch = Array.from({ length: Math.min(left, 1 + Math.floor(random() * 10)) }, next);
    left -= batch.length;
    w.record(batch, random() < archived);
  }
  const before = new Map(versions);
  w.time = time + 1_000;

  const { id } = await w.ask({ subscriber: 'Totals', rate: 10_000 });
  let open = true;
  for (let run = 0; open; run++) {
    expect(run).toBeLessThan(deaths.length + 3);
    let left = deaths[run] ?? Number.POSITIVE_INFINITY;
    let dead = false;
    let writes = appends;
    w.onRequest = () => {
      if (dead || left-- <= 0) {
        dead = true;
        throw new Died('died');
      }
      // Others go on meanwhile.
      if (writes > 0 && random() < 0.05) {
        writes--;
        time = Math.max(time, w.time);
        w.record([next()], random() < archived);
      }
    };
    await w.tick().catch((error) => {
      if (!dead) throw error;
    });
    w.onRequest = () => {};
    // Its lease is over.
    w.time += 61_000;
    open = (await w.progress(id)).state === 'open';
  }
  return { w, before, versions, id };
}

test('wherever it dies and whatever the archive lacks: nothing is missing, and every stream comes in order', async () => {
  let archive = 0;
  let repeated = 0;
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const { w, before, versions, id } = await live(plan);
      const { got } = w;
      for (const [stream, count] of before) {
        const all = got.filter(({ streamId }) => streamId === stream).map(({ version }) => version);
        const first = [...new Set(all)];
        // In the order in which they first came; of those appended meanwhile any number, and no gap either.
        expect(first).toEqual(first.map((_, i) => i + 1));
        expect(first.length).toBeGreaterThanOrEqual(count);
        expect(first.length).toBeLessThanOrEqual(versions.get(stream)!);
        repeated += all.length - first.length;
      }
      const { state, sent } = await w.progress(id);
      expect(state).toBe('done');
      expect(sent).toBeGreaterThanOrEqual([...before.values()].reduce((a, b) => a + b, 0));
      archive += w.objects.size;
    }),
    { numRuns: 60 },
  );
  expect(archive).toBeGreaterThan(0);
  // SQS drops those: here they are told by their bodies.
  expect(repeated).toBe(0);
}, 60_000);
