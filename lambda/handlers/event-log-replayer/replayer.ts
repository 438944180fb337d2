import {
  ALL_SUBSCRIBERS,
  EVENT_LOG_METRIC,
  EVENT_LOG_SHARDS,
  ORIGIN,
  type SubscriberSpec,
} from '../../../lib/private/contract';
import { describe, sentence } from '../../runtime/describe';
import { attributesOf, deduplicationOf, messageOf } from '../../runtime/event-log/message';
import { checkRow, type ReplayProgress, replayId, requested } from '../../runtime/event-log/replay';
import type { StoredEvent } from '../../runtime/event-log/stored';
import type { Logger } from '../../runtime/log';
import type { PublishOptions } from '../../runtime/producer/types';
import { logMetrics } from '../event-log/metrics';
import { commandOf } from './command';
import { readCursor } from './cursor';
import type { Job, Ledger, Step } from './ledger';
import { Pace } from './pace';
import { type Cursor, type EventArchive, type EventTable, Source } from './source';

/** A producer or a publisher, as far as it is needed. */
export interface ReplaySender {
  sendAll(
    messages: AsyncIterable<unknown>,
    options: { each(message: unknown, index: number): PublishOptions & { groupId: string } },
  ): Promise<unknown>;
}

export interface ReplayerOptions {
  /** Path of the log in the construct tree. */
  readonly name: string;
  readonly subscribers: Readonly<Record<string, SubscriberSpec>>;
  readonly ledger: Ledger;
  readonly table: EventTable;
  readonly archive: EventArchive;
  /** To a queue, or, without its URL, to the topic. */
  sender(queueUrl: string | undefined): ReplaySender;
  readonly log: Logger;
  now(): number;
  random(): number;
  uuid(): string;
  sleep(ms: number): Promise<unknown>;
  write(line: string): void;
}

/** Kept for what a step takes, and for the notes at the end, in milliseconds. */
const RESERVE = 30_000;
/** Events between two notes: so many seconds' worth, and not more than a request reads. */
const STEP_SECONDS = 5;
const LARGEST_STEP = 100;
/** The index follows the table, usually at once. */
const INDEX_LAG = 5_000;
const EPOCH = '0000-01-01T00:00:00.000Z';

/** Sends events again, whatever was before: every run goes on where the last note was. */
export class Replayer {
  constructor(private readonly options: ReplayerOptions) {}

  /** @param remaining milliseconds until this run must have ended */
  async handle(event: unknown, remaining: () => number): Promise<ReplayProgress | ReplayProgress[]> {
    const { ledger, now, random } = this.options;
    const command = commandOf(event);
    switch (command.action) {
      case 'replay': {
        const progress = requested(command.options, replayId(now(), random()), now());
        this.targetOf(progress);
        await ledger.add(progress);
        return progress;
      }
      case 'cancel':
        await ledger.cancel(command.id);
        return this.get(command.id);
      case 'status':
        return this.get(command.id);
      case 'list':
        return ledger.all();
      case 'resume':
        return this.resume(remaining);
    }
  }

  private async get(id: string): Promise<ReplayProgress> {
    const progress = await this.options.ledger.get(id);
    if (progress) return progress;
    throw new Error(`replay ${id}: there is none; ended ones are forgotten after 90 days`);
  }

  private async resume(remaining: () => number): Promise<ReplayProgress[]> {
    const { ledger, uuid } = this.options;
    const open = (await ledger.all()).filter(({ state }) => state === 'open');
    const errors: unknown[] = [];
    for (const { id } of open) {
      if (remaining() < RESERVE) break;
      try {
        const job = await ledger.claim(id, uuid());
        if (job) await this.attempt(job, remaining);
      } catch (error) {
        // The others go on.
        errors.push(error);
      }
    }
    // The function has failed, so that its alarm sees it. The next run tries again.
    if (errors.length > 0) throw errors[0];
    return Promise.all(open.map(({ id }) => this.get(id)));
  }

  private async attempt(job: Job, remaining: () => number): Promise<void> {
    const { ledger, log } = this.options;
    const { id, subscriber } = job.progress;
    try {
      await this.run(job, remaining);
    } catch (error) {
      const reason = sentence(describe(error));
      log.error('replay failed for now', { replay: id, subscriber, error: describe(error) });
      await ledger.release(job, reason);
      throw error;
    }
  }

  private async run(job: Job, remaining: () => number): Promise<void> {
    const { ledger, log, now, sleep, table, archive, name, write } = this.options;
    const { progress } = job;
    const { id, from = EPOCH, to, rate, requestedAt } = progress;
    let target: SubscriberSpec | undefined;
    let cursor: Cursor | undefined;
    try {
      checkRow(progress);
      cursor = job.cursor === undefined ? undefined : readCursor(job.cursor);
      target = this.targetOf(progress);
    } catch (error) {
      await ledger.end(job, 'failed', describe(error).message);
      return;
    }
    await sleep(Math.min(INDEX_LAG, Math.max(0, Date.parse(requestedAt) + INDEX_LAG - now()) || 0));

    const source = new Source(table, archive, { from, to });
    const types = typesOf(progress, target);
    const limit = Math.max(1, Math.min(LARGEST_STEP, Math.floor(rate * STEP_SECONDS)));
    const pace = new Pace(this.options, rate);
    const sender = this.options.sender(target?.queueUrl);
    let { sent = 0, passed = 0, total } = progress;
    if (!cursor) {
      total = await this.total(job, from, to);
      if (total === undefined) return;
      cursor = source.first();
    }
    while (remaining() >= RESERVE) {
      const { events, next } = await source.step(cursor, limit);
      const chosen = types ? events.filter(({ type }) => types.has(type)) : events;
      await send(sender, id, chosen, pace);
      sent += chosen.length;
      passed += events.length;
      if (chosen.length > 0) write(logMetrics(name, { [EVENT_LOG_METRIC.replayed]: chosen.length }, now()));
      const step: Step = { cursor: next, sent, passed, total };
      // Cancelled, or somebody took it over since this run was thought dead.
      if (!(await ledger.note(job, step))) return;
      if (!next) {
        await ledger.end(job, 'done');
        log.info('replay done', { replay: id, subscriber: progress.subscriber, sent, passed });
        return;
      }
      cursor = next;
    }
    await ledger.release(job);
  }

  /** How many events there are to come past; nothing if the replay is no longer in hand. */
  private async total(job: Job, from: string, to: string): Promise<number | undefined> {
    const { sent, passed } = job.progress;
    let total = 0;
    for (let shard = 0; shard < EVENT_LOG_SHARDS; shard++) {
      total += await this.options.table.count(shard, from, to);
      if (!(await this.options.ledger.note(job, { sent, passed, total }))) return undefined;
    }
    return total;
  }

  /** The queue; nothing for the topic. @throws RangeError if there is no such subscriber */
  private targetOf({ subscriber }: ReplayProgress): SubscriberSpec | undefined {
    const { subscribers } = this.options;
    if (subscriber === ALL_SUBSCRIBERS) return undefined;
    if (Object.hasOwn(subscribers, subscriber)) return subscribers[subscriber];
    const known = Object.keys(subscribers).join(', ') || 'none';
    throw new RangeError(
      `subscriber: got ${subscriber.slice(0, 100)}, expected '${ALL_SUBSCRIBERS}' or one of those that log.addWorker made: ${known}`,
    );
  }
}

/** What was asked for and the subscriber gets; nothing for all. */
function typesOf({ types }: ReplayProgress, target: SubscriberSpec | undefined): ReadonlySet<string> | undefined {
  const own = target?.types && new Set(target.types);
  if (!types) return own;
  return new Set(own ? types.filter((type) => own.has(type)) : types);
}

async function send(sender: ReplaySender, id: string, events: readonly StoredEvent[], pace: Pace): Promise<void> {
  if (events.length === 0) return;
  const paced = async function* () {
    for (const event of events) {
      await pace.next();
      yield messageOf(event);
    }
  };
  await sender.sendAll(paced(), {
    each: (_, i) => {
      const event = events[i]!;
      return {
        groupId: event.streamId,
        // Another replay is another delivery.
        deduplicationId: `${id}#${deduplicationOf(event)}`,
        attributes: { ...attributesOf(event), [ORIGIN.replayed]: 'true' },
        correlationId: event.correlationId,
        causationId: event.causationId,
      };
    },
  });
}
