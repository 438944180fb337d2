/** Mutants that no test notices, and why that is no matter. Known by their text, so that they may move. */
export interface Survivor {
  readonly why: string;
  readonly file: string;
  /** What stands there, and what the mutant puts there instead. */
  readonly mutants: readonly (readonly [mutated: string, replacement: string])[];
}

export const SURVIVORS: readonly Survivor[] = [
  {
    why: 'what is no row is no event',
    file: 'lambda/handlers/event-log-replayer/event-table.ts',
    mutants: [['[]', '["Stryker was here"]']],
  },
  {
    why: 'what is not there is left out at the end',
    file: 'lambda/handlers/event-log-replayer/event-table.ts',
    mutants: [['event', 'true']],
  },
  {
    why: 'no place is as a place that is undefined',
    file: 'lambda/handlers/event-log-replayer/ledger.ts',
    mutants: [['cursor !== undefined', 'true']],
  },
  {
    why: 'nothing is as undefined',
    file: 'lambda/handlers/event-log/records.ts',
    mutants: [['{ return undefined; }', '{}']],
  },
  {
    why: 'what does not look like a key of ours is left out',
    file: 'lambda/handlers/event-log-replayer/event-archive.ts',
    mutants: [['[]', '["Stryker was here"]']],
  },
  {
    why: 'of two that were asked for in one moment either may be first',
    file: 'lambda/handlers/event-log-replayer/ledger.ts',
    mutants: [['a.requestedAt < b.requestedAt', 'a.requestedAt <= b.requestedAt']],
  },
  {
    why: 'the SDK throws errors; should nothing be thrown, that is an error too',
    file: 'lambda/handlers/event-log-replayer/ledger.ts',
    mutants: [['(error as Error)?.name', '(error as Error).name']],
  },
  {
    why: 'nobody owns a replay by that name either',
    file: 'lambda/handlers/event-log-replayer/ledger.ts',
    mutants: [["''", '"Stryker was here!"']],
  },
  {
    why: 'the next note finds out too, and before it nothing is sent',
    file: 'lambda/handlers/event-log-replayer/replayer.ts',
    mutants: [['total === undefined', 'false']],
  },
  {
    why: 'a shard that there is not is empty',
    file: 'lambda/handlers/event-log-replayer/replayer.ts',
    mutants: [['shard < EVENT_LOG_SHARDS', 'shard <= EVENT_LOG_SHARDS']],
  },
  {
    why: 'to send none is to do nothing',
    file: 'lambda/handlers/event-log-replayer/replayer.ts',
    mutants: [['events.length === 0', 'false']],
  },
  {
    why: 'a shard that there is not is empty',
    file: 'lambda/handlers/event-log-replayer/source.ts',
    mutants: [['shard + 1 < EVENT_LOG_SHARDS', 'shard + 1 <= EVENT_LOG_SHARDS']],
  },
  {
    why: 'decides only whether one more shard, an empty one, is read',
    file: 'lambda/handlers/event-log-replayer/source.ts',
    mutants: [['shard + 1', 'shard - 1']],
  },
  {
    why: 'the same',
    file: 'lambda/handlers/event-log-replayer/source.ts',
    mutants: [['{ return undefined; }', '{}']],
  },
  {
    why: 'of two the last is the second',
    file: 'lambda/handlers/event-log-replayer/source.ts',
    mutants: [['-1', '+1']],
  },
  {
    why: 'the hour is entered, and nothing of it is in the range: the same comes out, after more reading',
    file: 'lambda/handlers/event-log-replayer/source.ts',
    mutants: [
      ['at >= this.range.to', 'false'],
      ['at >= this.range.to', 'at > this.range.to'],
    ],
  },
  {
    why: 'a listing is only used for the hour that it is of; it may be fetched once more',
    file: 'lambda/handlers/event-log-replayer/source.ts',
    mutants: [['true', 'false']],
  },
  {
    why: 'the next hour is entered, and nothing of it is in the range',
    file: 'lambda/handlers/event-log-replayer/source.ts',
    mutants: [
      ['startOfHour(following) < this.range.to', 'true'],
      ['startOfHour(following) < this.range.to', 'startOfHour(following) <= this.range.to'],
    ],
  },
  {
    why: 'nothing is as unreadable as a body that is none',
    file: 'lambda/handlers/event-log-replayer/source.ts',
    mutants: [['body === undefined', 'false']],
  },
  {
    why: 'what does not look like a key of ours is left out',
    file: 'lambda/handlers/event-log/archive.ts',
    mutants: [['[]', '["Stryker was here"]']],
  },
  {
    why: 'a count that is no number is never the larger one',
    file: 'lambda/handlers/event-log/archive.ts',
    mutants: [['sequence === undefined', 'false']],
  },
  {
    why: 'two keys of one sequence number and one count hold the same',
    file: 'lambda/handlers/event-log/archive.ts',
    mutants: [
      [
        '(bySequence.get(sequence)?.count ?? 0) < object.count',
        '(bySequence.get(sequence)?.count ?? 0) <= object.count',
      ],
    ],
  },
  {
    why: 'in no time at all nothing is fewer than the most',
    file: 'lambda/handlers/pace-controller/command.ts',
    mutants: [['per > 0', 'per >= 0']],
  },
  {
    why: 'a row that is not there is of no deployment',
    file: 'lambda/handlers/pace-controller/controller.ts',
    mutants: [['row.version === 0', 'false']],
  },
  {
    why: 'what throws counts as no',
    file: 'lambda/runtime/breaker/guard.ts',
    mutants: [['this.options.isDependencyFailure?.(thrown)', 'this.options.isDependencyFailure(thrown)']],
  },
  {
    why: 'nothing is as false',
    file: 'lambda/runtime/breaker/guard.ts',
    mutants: [['{ return false; }', '{}']],
  },
  {
    why: 'a call of no known stage is not counted',
    file: 'lambda/runtime/breaker/pass.ts',
    mutants: [
      ['this.version !== undefined', 'true'],
      ['version !== undefined', 'true'],
    ],
  },
  {
    why: 'what is no time lies in no window, and is the first to go',
    file: 'lambda/runtime/breaker/streak.ts',
    mutants: [['[]', '["Stryker was here"]']],
  },
  {
    why: 'the letters of a queue are all FIFO or none is',
    file: 'lambda/runtime/effects.ts',
    mutants: [
      [
        'letters.some(({ entry }) => entry.MessageDeduplicationId !== undefined)',
        'letters.every(({ entry }) => entry.MessageDeduplicationId !== undefined)',
      ],
    ],
  },
  {
    why: 'any name does for the letters that have no group',
    file: 'lambda/runtime/effects.ts',
    mutants: [["''", '"Stryker was here!"']],
  },
  {
    why: 'an entry without an id confirms nothing',
    file: 'lambda/runtime/effects.ts',
    mutants: [['[]', '["Stryker was here"]']],
  },
  {
    why: 'what is no number is never too heavy either',
    file: 'lambda/runtime/effects.ts',
    mutants: [['() => 0', '() => undefined']],
  },
  {
    why: 'nothing is as undefined',
    file: 'lambda/runtime/errors.ts',
    mutants: [['{ return undefined; }', '{}']],
  },
  {
    why: 'nothing is not later than a time',
    file: 'lambda/runtime/event-log/replay.ts',
    mutants: [['from !== undefined', 'true']],
  },
  {
    why: 'opening the batch replaces it',
    file: 'lambda/runtime/idempotency/guard.ts',
    mutants: [['[]', '["Stryker was here"]']],
  },
  {
    why: 'both are there or neither',
    file: 'lambda/runtime/idempotency/guard.ts',
    mutants: [['open && half', 'open || half']],
  },
  {
    why: 'only that it is none of the other states counts',
    file: 'lambda/runtime/idempotency/leases.ts',
    mutants: [["'running'", '""']],
  },
  {
    why: 'a question more, and the same answer',
    file: 'lambda/runtime/idempotency/leases.ts',
    mutants: [["'heir'", '""']],
  },
  {
    why: 'a message rests for a second at least',
    file: 'lambda/runtime/idempotency/leases.ts',
    mutants: [['now() + CONTENDED', 'now() - CONTENDED']],
  },
  {
    why: 'to measure nothing throws, and what throws is left out too',
    file: 'lambda/runtime/idempotency/leases.ts',
    mutants: [['json !== undefined', 'true']],
  },
  {
    why: 'the same',
    file: 'lambda/runtime/idempotency/leases.ts',
    mutants: [['{ return undefined; }', '{}']],
  },
  {
    why: 'to ask for none is to do nothing',
    file: 'lambda/runtime/idempotency/leases.ts',
    mutants: [
      ['pending.length > 0', 'true'],
      ['pending.length > 0', 'pending.length >= 0'],
    ],
  },
  {
    why: 'any text does that is always the same',
    file: 'lambda/runtime/idempotency/prepare.ts',
    mutants: [["''", '"Stryker was here!"']],
  },
  {
    why: 'the same, a turn of the event loop later',
    file: 'lambda/runtime/idempotency/prepare.ts',
    mutants: [['false', 'true']],
  },
  {
    why: 'a question more, and the same answer',
    file: 'lambda/runtime/idempotency/statements.ts',
    mutants: [["'ALL_OLD'", '""']],
  },
  {
    why: 'it grows by itself',
    file: 'lambda/runtime/idempotency/store.ts',
    mutants: [['new Array<Answer>(statements.length)', 'new Array()']],
  },
  {
    why: 'half of twice the same is the same',
    file: 'lambda/runtime/pace/gauge.ts',
    mutants: [['rate >= before.rate', 'rate > before.rate']],
  },
  {
    why: 'a row that is not there was read at no time',
    file: 'lambda/runtime/pace/gauge.ts',
    mutants: [['item === undefined', 'false']],
  },
  {
    why: 'both are there or neither',
    file: 'lambda/runtime/pace/guard.ts',
    mutants: [['open && half', 'open || half']],
  },
  {
    why: 'the pace is read once more than it must be',
    file: 'lambda/runtime/pace/view.ts',
    mutants: [
      ['(this.tenants.get(key)?.version ?? 0) > this.row.version', 'true'],
      [
        '(this.tenants.get(key)?.version ?? 0) > this.row.version',
        '(this.tenants.get(key)?.version ?? 0) >= this.row.version',
      ],
    ],
  },
  {
    why: 'what follows comes to one too',
    file: 'lambda/runtime/pace/pacer.ts',
    mutants: [['pace.limit === 1', 'false']],
  },
  {
    why: 'only a concurrency has a limit',
    file: 'lambda/runtime/pace/pacer.ts',
    mutants: [["this.pace.kind === 'concurrency'", 'true']],
  },
  {
    why: 'a row that is not there was not seen lately either, or is not settled',
    file: 'lambda/runtime/pace/pacer.ts',
    mutants: [
      ['this.row.version > 0', 'true'],
      ['this.row.version > 0', 'this.row.version >= 0'],
    ],
  },
  {
    why: 'a guess, right or wrong: the row decides',
    file: 'lambda/runtime/pace/pacer.ts',
    mutants: [
      ['refusals === 0 && seen.busy', 'false'],
      ['refusals === 0', 'refusals !== 0'],
      ["claim.from === 'next'", 'false'],
      ["'next'", '""'],
    ],
  },
  {
    why: 'the same',
    file: 'lambda/runtime/pace/view.ts',
    mutants: [
      ['this.busy.get(key) ?? false', 'this.busy.get(key) && false'],
      ['{ this.busy.set(key, busy); }', '{}'],
    ],
  },
  {
    why: 'to add none changes nothing',
    file: 'lambda/runtime/pace/pacer.ts',
    mutants: [
      ['claim.take > 0', 'true'],
      ['claim.take > 0', 'claim.take >= 0'],
    ],
  },
  {
    why: 'an update that was applied returns its row',
    file: 'lambda/runtime/pace/pacer.ts',
    mutants: [['updated.item?.next', 'updated.item.next']],
  },
  {
    why: 'the condition that follows sets the same placeholder',
    file: 'lambda/runtime/pace/pacer.ts',
    mutants: [['{ S: owner }', '{}']],
  },
  {
    why: 'decides only whether the row is seen now or at the next question',
    file: 'lambda/runtime/pace/pacer.ts',
    mutants: [['updated?.applied', 'false']],
  },
  {
    why: 'the same is written again',
    file: 'lambda/runtime/pace/view.ts',
    mutants: [['version !== this.row.version', 'true']],
  },
  {
    why: 'decides only whether the row is asked once more',
    file: 'lambda/runtime/pace/pacer.ts',
    mutants: [
      ['updated.applied || uncounted === 0', 'true'],
      ['updated.applied || uncounted === 0', 'updated.applied && uncounted === 0'],
      ['uncounted === 0', 'false'],
      ['uncounted === 0', 'uncounted !== 0'],
    ],
  },
  {
    why: 'the same',
    file: 'lambda/runtime/pace/row.ts',
    mutants: [['{ return undefined; }', '{}']],
  },
  {
    why: 'without slots nobody asks for a permit',
    file: 'lambda/runtime/pace/turns.ts',
    mutants: [["pacer.kind === 'rate'", 'true']],
  },
  {
    why: 'to wait for what is over is not to wait',
    file: 'lambda/runtime/pace/turns.ts',
    mutants: [
      ['waits > 0', 'true'],
      ['waits > 0', 'waits >= 0'],
    ],
  },
  {
    why: 'a timer too long for Node goes off at once, and what is left is waited for',
    file: 'lambda/runtime/pace/turns.ts',
    mutants: [['time - this.options.now()', 'time + this.options.now()']],
  },
  {
    why: 'decides only when what was taken is cut off',
    file: 'lambda/runtime/producer/backlog.ts',
    mutants: [
      ['this.head >= COMPACT', 'true'],
      ['this.head >= COMPACT', 'false'],
      ['this.head >= COMPACT', 'this.head > COMPACT'],
      ['this.head >= COMPACT', 'this.head < COMPACT'],
      ['{ this.items = this.items.slice(this.head); this.head = 0; }', '{}'],
      ['this.head === this.items.length', 'false'],
      ['{ this.items = []; this.head = 0; }', '{}'],
    ],
  },
  {
    why: 'to escape what is not there changes nothing',
    file: 'lambda/runtime/producer/entry.ts',
    mutants: [
      ["body.includes('\\uFFFE') || body.includes('\\uFFFF')", 'true'],
      ["'\\uFFFE'", '""'],
      ["'\\uFFFF'", '""'],
    ],
  },
  {
    why: 'it gets the id of its place in the request',
    file: 'lambda/runtime/producer/entry.ts',
    mutants: [["''", '"Stryker was here!"']],
  },
  {
    why: 'some three hundred bytes that a request of a megabyte may be off',
    file: 'lambda/runtime/producer/line.ts',
    mutants: [
      ['draft.bytes += Buffer.byteLength(entry.MessageBody)', 'draft.bytes -= Buffer.byteLength(entry.MessageBody)'],
    ],
  },
  {
    why: 'it goes a moment later',
    file: 'lambda/runtime/producer/line.ts',
    mutants: [['valid instanceof Promise || draft.offload || draft.scheduleAt !== undefined', 'true']],
  },
  {
    why: 'an entry without an id is about no message',
    file: 'lambda/runtime/producer/outbox.ts',
    mutants: [['[]', '["Stryker was here"]']],
  },
  {
    why: 'whoever withdrew it is told nothing any more',
    file: 'lambda/runtime/producer/outbox.ts',
    mutants: [['!each.settled', 'true']],
  },
  {
    why: 'it is noted as busy again',
    file: 'lambda/runtime/producer/outbox.ts',
    mutants: [['this.open.size === 1', 'true']],
  },
  {
    why: 'those who withdraw name none that is settled',
    file: 'lambda/runtime/producer/outbox.ts',
    mutants: [['[...items].filter(({ settled }) => !settled)', '[...items]']],
  },
  {
    why: 'to withdraw none is to do nothing',
    file: 'lambda/runtime/producer/outbox.ts',
    mutants: [['withdrawn.length === 0', 'false']],
  },
  {
    why: 'a timer more, which finds no room',
    file: 'lambda/runtime/producer/outbox.ts',
    mutants: [
      ['this.flying < IN_FLIGHT', 'true'],
      ['this.flying < IN_FLIGHT', 'this.flying <= IN_FLIGHT'],
    ],
  },
  {
    why: 'any text does that names no refusal',
    file: 'lambda/runtime/producer/retry.ts',
    mutants: [["''", '"Stryker was here!"']],
  },
  {
    why: 'nobody watches a signal that there is not',
    file: 'lambda/runtime/producer/withdrawals.ts',
    mutants: [['signal === undefined', 'false']],
  },
];
