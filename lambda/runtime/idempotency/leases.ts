import type { Alarm } from '../abort-at';
import type { Logger } from '../log';
import { DONE, type Outcome } from '../outcome';
import { pause, restAfter } from '../time';
import { type Claim, type Row, rowOf, type Standing, standing } from './row';
import type { Statements } from './statements';
import { execute, MAX_STATEMENTS, type StatementCalls } from './store';

/** A record that asks for its key. */
export interface Candidate {
  readonly index: number;
  readonly key: string;
  readonly hash: string;
  /** SQS has handed the record out before, so its key probably has a row. */
  readonly seen: boolean;
}

/** Why a record may not run. */
export type Refusal =
  | Exclude<Standing, { kind: 'ours' | 'free' }>
  | { readonly kind: 'unknown'; readonly reason: string };

export interface LeaseOptions {
  readonly calls: StatementCalls;
  readonly statements: Statements;
  readonly log: Logger;
  /** Unique to the invocation. */
  readonly owner: string;
  /** When leases end, in milliseconds since the epoch. */
  readonly leaseEnd: number;
  now(): number;
  random(): number;
  /** Goes off when the reply can wait no longer. */
  readonly alarm: Alarm;
}

type State = 'waiting' | 'running' | 'failed' | 'done' | 'recorded' | 'lost';

/** A claim that was granted. */
interface Held {
  readonly claim: Claim;
  readonly followers: number[];
  state: State;
  result?: string;
}

/** A claim and how to make it: as the first of its key, as heir to one who may have died, or of a row seen to be free. */
interface Asked {
  readonly held: Held;
  readonly as: 'first' | 'heir' | Row;
}

/**
 * Completions wait this long for company, so that a batch whose messages end together is one request, and a process that
 * dies takes no more than that with it. Milliseconds.
 */
const GATHER = 20;
const MAX_ROUNDS = 4;
/** How often a key is asked for that DynamoDB says nothing of, because it throttles for instance: a batch less costs a receive. */
const MAX_ASKS = 4;
/** How long a key is left alone that changed hands faster than it could be read. */
const CONTENDED = 1_000;
/** Results above this are not kept: a row that is read back whole is charged by size. */
const MAX_RESULT_BYTES = 32_768;

/** The leases of one invocation: one request to take them, one to give them back. */
export class Leases {
  private readonly held = new Map<number, Held>();
  private readonly followers = new Set<number>();
  private readonly writes = new Set<Promise<void>>();
  private queue: Held[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(private readonly options: LeaseOptions) {}

  /** Takes a lease for each candidate, and returns why for those that got none. Duplicates in a batch share their first's. */
  async acquire(candidates: readonly Candidate[], alarm: Alarm): Promise<Map<number, Refusal>> {
    const { owner, leaseEnd } = this.options;
    const refused = new Map<number, Refusal>();
    const leaders = new Map<string, { readonly held: Held; readonly candidate: Candidate }>();
    for (const candidate of candidates) {
      const { index, key, hash } = candidate;
      const leader = leaders.get(key);
      if (!leader) {
        const claim = { key, hash, owner: `${owner}/${index}`, lease: leaseEnd };
        leaders.set(key, { candidate, held: { claim, followers: [], state: 'waiting' } });
      } else if (leader.held.claim.hash === hash) leader.held.followers.push(index);
      else refused.set(index, { kind: 'mismatch' });
    }
    const refusals = await this.claim(
      [...leaders.values()].map(({ held, candidate }) => ({ held, as: candidate.seen ? 'heir' : 'first' })),
      alarm,
    );
    for (const { held, candidate } of leaders.values()) {
      const refusal = refusals.get(held);
      if (!refusal) {
        this.held.set(candidate.index, held);
        for (const index of held.followers) this.followers.add(index);
        continue;
      }
      for (const index of [candidate.index, ...held.followers]) refused.set(index, refusal);
    }
    return refused;
  }

  /** Whether a record repeats an earlier one of its batch, whose outcome it will share. */
  follows(index: number): boolean {
    return this.followers.has(index);
  }

  started(index: number): void {
    this.to(index, 'running');
  }

  failed(index: number): void {
    this.to(index, 'failed');
  }

  /** Its work is done: have it recorded. `finish` tells whether it was. */
  done(index: number, result: unknown): void {
    if (this.closed) return;
    const held = this.held.get(index)!;
    held.state = 'done';
    held.result = resultJson(result);
    this.queue.push(held);
    if (this.queue.length >= MAX_STATEMENTS) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), GATHER);
  }

  /**
   * Gives back what was not done, waits for what was to be recorded, and returns the outcomes as they then are: only what is
   * recorded may be acknowledged.
   */
  async finish(outcomes: readonly Outcome[]): Promise<Outcome[]> {
    // Who still runs when the time is up keeps the lease: nobody else may start before it ends.
    this.queue.push(...[...this.held.values()].filter(({ state }) => state === 'waiting' || state === 'failed'));
    this.flush();
    this.closed = true;
    while (this.writes.size > 0) await Promise.all(this.writes);

    const settled = [...outcomes];
    for (const [index, held] of this.held) {
      if (settled[index]!.kind === 'done' && held.state !== 'recorded') {
        const reason =
          held.state === 'lost' ? 'another attempt has taken over its key' : 'its completion was not recorded';
        this.options.log.error('completion refused', { key: held.claim.key, reason });
        settled[index] = { kind: 'retry', reason };
      }
      for (const follower of held.followers) {
        settled[follower] =
          settled[index]!.kind === 'done'
            ? DONE
            : { kind: 'retry', reason: 'the first of its key in the batch was not done' };
      }
    }
    return settled;
  }

  private to(index: number, state: State): void {
    this.held.get(index)!.state = state;
  }

  /** Asks until every key has answered. */
  private async claim(asked: readonly Asked[], alarm: Alarm): Promise<Map<Held, Refusal>> {
    const { calls, statements, now, random } = this.options;
    const refusals = new Map<Held, Refusal>();
    let pending = asked;
    let unanswered = 0;
    for (let round = 0; pending.length > 0 && round < MAX_ROUNDS; ) {
      const requests = pending.map(({ held: { claim }, as }) =>
        as === 'first'
          ? statements.insert(claim)
          : as === 'heir'
            ? statements.inherit(claim, now())
            : statements.take(claim, as),
      );
      const answers = await execute(calls, requests, alarm);
      const again: Asked[] = [];
      const isUnanswered = answers.some(({ kind }) => kind === 'unknown');
      if (isUnanswered) unanswered++;
      else round++;
      const asksOn = unanswered < MAX_ASKS && !alarm.signal.aborted;
      pending.forEach(({ held, as }, i) => {
        const answer = answers[i]!;
        if (answer.kind === 'done') return;
        if (answer.kind === 'unknown') {
          // It may have been granted: whoever asks again is told that it is the owner.
          if (asksOn) again.push({ held, as });
          else refusals.set(held, answer);
        }
        // DynamoDB has not said whose the key is: ask so that it must. No row at all: be the first.
        else if (!answer.item) again.push({ held, as: as === 'first' ? 'heir' : 'first' });
        else {
          const row = rowOf(answer.item);
          const found = standing(row, held.claim, now());
          if (found.kind === 'free') again.push({ held, as: row });
          else if (found.kind !== 'ours') refusals.set(held, found);
        }
      });
      pending = again;
      if (isUnanswered && pending.length > 0) await pause(restAfter(unanswered, random()), alarm.signal);
    }
    for (const { held } of pending) refusals.set(held, { kind: 'running', until: now() + CONTENDED });
    return refusals;
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const batch = this.queue;
    this.queue = [];
    const write = this.write(batch).finally(() => this.writes.delete(write));
    this.writes.add(write);
  }

  /**
   * Work that was done is worth recording: what DynamoDB does not answer is asked again for as long as there is time. A key that
   * is not given back only has the next attempt wait for the end of its lease.
   */
  private async write(batch: readonly Held[]): Promise<void> {
    const { calls, statements, now, random, alarm } = this.options;
    let open = batch;
    for (let attempt = 0; open.length > 0 && !alarm.signal.aborted; attempt++) {
      if (attempt > 0) await pause(restAfter(attempt, random()), alarm.signal);
      const answers = await execute(
        calls,
        open.map(({ claim, state, result }) =>
          state === 'done' ? statements.complete(claim, result, now()) : statements.release(claim),
        ),
        alarm,
      );
      open = open.filter((held, i) => {
        const { kind } = answers[i]!;
        if (held.state !== 'done') return kind === 'unknown' && attempt + 1 < MAX_ASKS;
        if (kind !== 'unknown') held.state = kind === 'done' ? 'recorded' : 'lost';
        return kind === 'unknown';
      });
    }
  }
}

function resultJson(result: unknown): string | undefined {
  try {
    const json = JSON.stringify(result);
    return json !== undefined && Buffer.byteLength(json) <= MAX_RESULT_BYTES ? json : undefined;
  } catch {
    return undefined;
  }
}
