import { EVENT_LOG_TABLE } from '../../../lib/private/contract';
import type { LogEdge } from './edge';
import { InvalidEventError, VersionConflictError } from './errors';
import type { Heads } from './heads';
import { checkSizes, MAX_ITEMS } from './limits';
import type { LogStore, Written } from './store';
import { appendKey, type Item, itemOf, type StoredEvent } from './stored';
import type { Appended, AppendOptions } from './types';

/** An event that has no place in its stream yet. */
export type Draft = Omit<StoredEvent, 'version' | 'at' | 'streamId'>;

export interface Appending extends Pick<AppendOptions, 'expectedVersion' | 'appendId'> {
  readonly streamId: string;
  readonly drafts: readonly Draft[];
}

/** What a try came to: it is in the log, or somebody else was faster. */
type Attempt = Appended | 'conflict' | 'busy';

/** Tries while DynamoDB is busy with these rows, or others keep being faster: some 10 seconds. */
const ATTEMPTS = 20;
const FIRST_REST = 10;
const LONGEST_REST = 1_000;

const isBefore = (a: string, b: string): boolean => a < b;

/** Puts events into a log, each version once and none left out. */
export class Appender {
  constructor(
    private readonly edge: Pick<LogEdge, 'now' | 'random' | 'uuid' | 'sleep'>,
    private readonly store: LogStore,
    private readonly heads: Heads,
  ) {}

  async append(appending: Appending): Promise<Appended> {
    const { streamId, expectedVersion, appendId } = appending;
    const isAny = expectedVersion === 'any';
    let base = isAny ? await this.headVersion(streamId) : expectedVersion === 'none' ? 0 : expectedVersion;
    let current: number | undefined;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const result = await this.attempt(appending, base);
      if (typeof result === 'object') return result;
      if (result === 'conflict') {
        const marked = appendId === undefined ? undefined : await this.store.marked(streamId, appendId);
        if (marked !== undefined) return { version: marked, repeated: true };
        current = (await this.refresh(streamId)) ?? 0;
        if (!isAny) throw new VersionConflictError(streamId, expectedVersion, current);
        base = current;
      }
      const bound = Math.min(LONGEST_REST, FIRST_REST * 2 ** attempt);
      await this.edge.sleep(this.edge.random() * bound);
    }
    if (current !== undefined) throw new VersionConflictError(streamId, expectedVersion, current);
    throw new Error(`stream ${streamId}: not appended in ${ATTEMPTS} attempts, since DynamoDB is busy with its rows`);
  }

  /** The version of a stream, as far as this process knows it, or as the log does. */
  private async headVersion(streamId: string): Promise<number> {
    return this.heads.get(streamId)?.version ?? (await this.refresh(streamId)) ?? 0;
  }

  private async refresh(streamId: string): Promise<number | undefined> {
    const last = await this.store.last(streamId);
    if (last) this.heads.saw(streamId, last.version, last.at);
    return last?.version;
  }

  private async attempt({ streamId, drafts, appendId }: Appending, base: number): Promise<Attempt> {
    const room = MAX_ITEMS - drafts.length - (appendId === undefined ? 0 : 1);
    if (room < 0) {
      throw new InvalidEventError(
        `events: got ${drafts.length}, expected ${MAX_ITEMS - 1} at most with an appendId, which takes a row too`,
      );
    }
    // That the version before is there, or there would be a gap: rows stay, so it is enough to have seen it or one after it.
    if (base > 0 && room === 0 && !this.knows(streamId, base)) await this.refresh(streamId);
    if (base > 0 && room === 0 && !this.knows(streamId, base)) return 'conflict';
    const needsCheck = base > 0 && !this.knows(streamId, base);

    let at = this.atLeast(this.heads.get(streamId)?.at);
    for (;;) {
      const events = drafts.map((draft, i) => ({ ...draft, streamId, version: base + 1 + i, at }));
      checkSizes(events);
      const written = await this.write(events, needsCheck ? base : undefined, appendId);
      if (written.kind === 'busy') return 'busy';
      const version = base + events.length;
      if (written.kind === 'done') {
        this.heads.saw(streamId, version, at);
        return { version, repeated: false };
      }
      const { found } = written;
      const before = needsCheck ? found.get(0) : undefined;
      const offset = needsCheck ? 1 : 0;
      if (found.get(offset)?.id?.S === events[0]!.id && (await this.isThere(events)))
        return { version, repeated: true };
      // Alone: nobody was faster, but whoever appended the version before has a clock that is ahead.
      if (found.size === 1 && before?.at?.S && isBefore(at, before.at.S)) at = before.at.S;
      else return 'conflict';
    }
  }

  /** Whether these very events are at their versions already: an earlier try was carried out, and its reply was lost. */
  private async isThere(events: readonly StoredEvent[]): Promise<boolean> {
    const ids: string[] = [];
    const [{ streamId, version }] = events as [StoredEvent];
    for await (const page of this.store.pages(streamId, version, version + events.length - 1)) {
      ids.push(...page.map(({ id }) => id));
    }
    return events.every(({ id }, i) => ids[i] === id);
  }

  private write(events: readonly StoredEvent[], check: number | undefined, mark: string | undefined): Promise<Written> {
    const [first] = events as [StoredEvent];
    if (events.length === 1 && check === undefined && mark === undefined) return this.store.putOne(first);
    return this.store.transact(
      [
        ...(check === undefined ? [] : [this.store.check(first.streamId, check, first.at)]),
        ...events.map((event) => this.store.put(itemOf(event))),
        ...(mark === undefined ? [] : [this.store.put(markOf(first.streamId, mark, events.at(-1)!.version))]),
      ],
      this.edge.uuid(),
    );
  }

  private knows(streamId: string, version: number): boolean {
    return (this.heads.get(streamId)?.version ?? 0) >= version;
  }

  /** Now, but never before what came before: within a stream times rise with versions, whatever the clocks say. */
  private atLeast(before: string | undefined): string {
    const now = new Date(this.edge.now()).toISOString();
    return before !== undefined && isBefore(now, before) ? before : now;
  }
}

/** What remembers an append by its name. */
const markOf = (streamId: string, appendId: string, version: number): Item => ({
  [EVENT_LOG_TABLE.stream]: { S: streamId },
  [EVENT_LOG_TABLE.version]: { S: appendKey(appendId) },
  version: { N: String(version) },
});
