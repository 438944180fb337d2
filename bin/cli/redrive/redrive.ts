import type { Aws } from '../aws';
import { Looked, letters } from '../browse';
import type { Letter } from '../letter';
import { failureOf, type Outgoing, type Target } from './target';
import type { Transform } from './transform';

export interface RedriveOptions {
  readonly aws: Aws;
  /** The dead-letter queue. */
  readonly url: string;
  readonly target: Target;
  /** Which of them; those that die while this runs are not. */
  readonly select: (letter: Letter) => boolean;
  readonly transform?: Transform;
  readonly limit?: number;
  /** Letters a second. */
  readonly rate?: number;
  readonly dryRun: boolean;
  /** Order within a group matters. */
  readonly fifo: boolean;
  /** Batches in hand at once. */
  readonly lanes: number;
  readonly interrupted: AbortSignal;
  now(): number;
  sleep(ms: number): Promise<void>;
  onProgress?(done: number): void;
}

export interface Failed {
  readonly id: string;
  readonly reason: string;
}

/** What became of the letters. */
export interface Tally {
  /** Those that were sent (or would be), by why they were dead. */
  readonly sent: Letter[];
  /** Not meant, or left by the transform; still there. */
  readonly left: number;
  /** Not sent; still there. */
  readonly failed: readonly Failed[];
  /** Sent, or perhaps, and still there: whoever redrives again sends them a second time. */
  readonly twice: readonly string[];
  readonly interrupted: boolean;
  /** Why it could not go on; what was in hand is told of like the rest. */
  readonly stopped?: string;
}

const DELETE_ATTEMPTS = 3;
const REST = 200;

/**
 * Sends letters to where they come from. One is sent, that is confirmed, and only then is it deleted: at every moment each is
 * in one of the two places, for a moment in both. Interrupted, it finishes what is in hand and puts back what is not.
 */
export async function redrive(options: RedriveOptions): Promise<Tally> {
  const { aws, url, dryRun, fifo, target, limit = Number.POSITIVE_INFINITY, interrupted } = options;
  const startedAt = options.now();
  const looked = new Looked(aws, url);
  const enough = new AbortController();
  const stop = AbortSignal.any([interrupted, enough.signal]);
  const sent: Letter[] = [];
  const failed: Failed[] = [];
  const twice: string[] = [];
  /** Groups of which one was not sent: on FIFO none overtakes it, even once it shows again. */
  const blocked = new Set<string>();
  let taken = 0;
  let left = 0;

  /** What of a batch is meant: no more than the limit leaves. */
  const choose = (batch: readonly Letter[]): Letter[] => {
    const chosen = batch
      // What fails again comes back here: without this it would go round and round.
      .filter((letter) => letter.deadAt < startedAt && options.select(letter))
      .slice(0, limit - taken);
    taken += chosen.length;
    left += batch.length - chosen.length;
    if (taken >= limit) enough.abort();
    return chosen;
  };

  const prepare = async (letter: Letter): Promise<Outgoing | 'left' | 'failed'> => {
    try {
      const content = target.content(letter);
      if (!options.transform) return { letter, body: target.withContent(letter, content) };
      const made = await options.transform(content, letter);
      return made === undefined ? 'left' : { letter, body: target.withContent(letter, made) };
    } catch (error) {
      failed.push({ id: letter.id, reason: `cannot be made: ${(error as Error)?.message ?? error}` });
      return 'failed';
    }
  };

  const handle = async (batch: readonly Letter[]): Promise<void> => {
    const outgoing: Outgoing[] = [];
    for (const letter of choose(batch)) {
      const { id, groupId } = letter;
      if (fifo && groupId !== undefined && blocked.has(groupId)) {
        failed.push({ id, reason: 'one before it in its group was not sent' });
        continue;
      }
      const made = await prepare(letter);
      if (made === 'failed') blocked.add(groupId ?? '');
      else if (made === 'left') left++;
      else outgoing.push(made);
    }
    if (outgoing.length === 0) return;
    if (dryRun) {
      sent.push(...outgoing.map(({ letter }) => letter));
      return;
    }
    const failures = await target.send(outgoing);
    for (const [id, { reason, uncertain }] of failures) {
      failed.push({ id, reason });
      blocked.add(outgoing.find(({ letter }) => letter.id === id)?.letter.groupId ?? '');
      if (uncertain) twice.push(id);
    }
    const arrived = outgoing.map(({ letter }) => letter).filter(({ id }) => !failures.has(id));
    sent.push(...arrived);
    const undeleted = await remove(aws, url, arrived, options.sleep);
    for (const { id } of arrived) if (!undeleted.has(id)) looked.delete(id);
    twice.push(...undeleted.keys());
    options.onProgress?.(sent.length);
  };

  const source = letters(aws, url, looked, stop);
  const lane = async (): Promise<void> => {
    for (;;) {
      const { value: batch, done } = await source.next();
      if (done) return;
      await handle(batch);
      await pace(options, sent.length, startedAt);
    }
  };
  const lanes = options.rate === undefined && limit === Number.POSITIVE_INFINITY ? options.lanes : 1;
  const settled = await Promise.allSettled(Array.from({ length: lanes }, lane));
  await looked.putBack();
  const broken = settled.find((result) => result.status === 'rejected');
  return {
    sent,
    left,
    failed,
    twice,
    interrupted: interrupted.aborted,
    ...(broken && { stopped: failureOf(broken.reason).reason }),
  };
}

async function pace({ rate, now, sleep }: RedriveOptions, sent: number, startedAt: number): Promise<void> {
  if (rate === undefined) return;
  const early = startedAt + (sent / rate) * 1000 - now();
  if (early > 0) await sleep(early);
}

/** Deletes what has arrived, and returns what could not be. */
async function remove(
  aws: Aws,
  url: string,
  arrived: readonly Letter[],
  sleep: (ms: number) => Promise<void>,
): Promise<ReadonlyMap<string, string>> {
  let open: readonly Letter[] = arrived;
  let failures = new Map<string, string>();
  for (let attempt = 1; open.length > 0 && attempt <= DELETE_ATTEMPTS; attempt++) {
    if (attempt > 1) await sleep(REST);
    try {
      const { failed } = await aws.remove(url, open);
      failures = new Map(failed.map(({ id, reason }) => [id, reason]));
    } catch (error) {
      failures = new Map(open.map(({ id }) => [id, String((error as Error).message)]));
    }
    open = open.filter(({ id }) => failures.has(id));
  }
  return failures;
}
