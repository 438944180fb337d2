/** Mutants that no test notices, and why that is no matter. Known by their text, so that they may move. */
export interface Survivor {
  readonly why: string;
  readonly file: string;
  /** What stands there, and what the mutant puts there instead. */
  readonly mutants: readonly (readonly [mutated: string, replacement: string])[];
}

export const SURVIVORS: readonly Survivor[] = [
  {
    "why": "what does not look like a key of ours is left out",
    "file": "lambda/handlers/event-log-replayer/event-archive.ts",
    "mutants": [
      [
        "[]",
        "[\"Stryker was here\"]"
      ]
    ]
  },
  {
    "why": "of two that were asked for in one moment either may be first",
    "file": "lambda/handlers/event-log-replayer/ledger.ts",
    "mutants": [
      [
        "a.requestedAt < b.requestedAt",
        "a.requestedAt <= b.requestedAt"
      ]
    ]
  },
  {
    "why": "nobody owns a replay by that name either",
    "file": "lambda/handlers/event-log-replayer/ledger.ts",
    "mutants": [
      [
        "''",
        "\"Stryker was here!\""
      ]
    ]
  },
  {
    "why": "the SDK throws errors; should nothing be thrown, that is an error too",
    "file": "lambda/handlers/event-log-replayer/ledger.ts",
    "mutants": [
      [
        "(error as Error)?.name",
        "(error as Error).name"
      ]
    ]
  },
  {
    "why": "the next note finds out too, and before it nothing is sent",
    "file": "lambda/handlers/event-log-replayer/replayer.ts",
    "mutants": [
      [
        "total === undefined",
        "false"
      ]
    ]
  },
  {
    "why": "a shard that there is not is empty",
    "file": "lambda/handlers/event-log-replayer/replayer.ts",
    "mutants": [
      [
        "shard < EVENT_LOG_SHARDS",
        "shard <= EVENT_LOG_SHARDS"
      ]
    ]
  },
  {
    "why": "the note of the first step finds out too, and before it nothing is sent",
    "file": "lambda/handlers/event-log-replayer/replayer.ts",
    "mutants": [
      [
        "!(await this.options.ledger.note(job, { sent, passed, total }))",
        "false"
      ]
    ]
  },
  {
    "why": "to send none is to do nothing",
    "file": "lambda/handlers/event-log-replayer/replayer.ts",
    "mutants": [
      [
        "events.length === 0",
        "false"
      ]
    ]
  },
  {
    "why": "of two the last is the second",
    "file": "lambda/handlers/event-log-replayer/source.ts",
    "mutants": [
      [
        "-1",
        "+1"
      ]
    ]
  },
  {
    "why": "the hour is entered, and nothing of it is in the range: the same comes out, after more reading",
    "file": "lambda/handlers/event-log-replayer/source.ts",
    "mutants": [
      [
        "at >= this.range.to",
        "false"
      ],
      [
        "at >= this.range.to",
        "at > this.range.to"
      ]
    ]
  },
  {
    "why": "a listing is only used for the hour that it is of; it may be fetched once more",
    "file": "lambda/handlers/event-log-replayer/source.ts",
    "mutants": [
      [
        "true",
        "false"
      ],
      [
        "false",
        "true"
      ]
    ]
  },
  {
    "why": "a shard that there is not is empty",
    "file": "lambda/handlers/event-log-replayer/source.ts",
    "mutants": [
      [
        "shard + 1 < EVENT_LOG_SHARDS",
        "shard + 1 <= EVENT_LOG_SHARDS"
      ]
    ]
  },
  {
    "why": "decides only whether one more shard, an empty one, is read",
    "file": "lambda/handlers/event-log-replayer/source.ts",
    "mutants": [
      [
        "shard + 1",
        "shard - 1"
      ]
    ]
  },
  {
    "why": "the next hour is entered, and nothing of it is in the range",
    "file": "lambda/handlers/event-log-replayer/source.ts",
    "mutants": [
      [
        "startOfHour(following) < this.range.to",
        "true"
      ],
      [
        "startOfHour(following) < this.range.to",
        "startOfHour(following) <= this.range.to"
      ]
    ]
  },
  {
    "why": "nothing is as unreadable as a body that is none",
    "file": "lambda/handlers/event-log-replayer/source.ts",
    "mutants": [
      [
        "body === undefined",
        "false"
      ]
    ]
  },
  {
    "why": "the same",
    "file": "lambda/handlers/event-log-replayer/source.ts",
    "mutants": [
      [
        "{ return undefined; }",
        "{}"
      ]
    ]
  },
  {
    "why": "what does not look like a key of ours is left out",
    "file": "lambda/handlers/event-log/archive.ts",
    "mutants": [
      [
        "[]",
        "[\"Stryker was here\"]"
      ]
    ]
  },
  {
    "why": "a count that is no number is never the larger one",
    "file": "lambda/handlers/event-log/archive.ts",
    "mutants": [
      [
        "sequence === undefined",
        "false"
      ]
    ]
  },
  {
    "why": "two keys of one sequence number and one count hold the same",
    "file": "lambda/handlers/event-log/archive.ts",
    "mutants": [
      [
        "(bySequence.get(sequence)?.count ?? 0) < object.count",
        "(bySequence.get(sequence)?.count ?? 0) <= object.count"
      ]
    ]
  },
  {
    "why": "a cut leaves one replacement character at most",
    "file": "lambda/runtime/dead-letter.ts",
    "mutants": [
      [
        "/\\uFFFD+$/",
        "/\\uFFFD$/"
      ]
    ]
  },
  {
    "why": "any name does for the letters that have no group",
    "file": "lambda/runtime/effects.ts",
    "mutants": [
      [
        "''",
        "\"Stryker was here!\""
      ]
    ]
  },
  {
    "why": "an entry without an id confirms nothing",
    "file": "lambda/runtime/effects.ts",
    "mutants": [
      [
        "[]",
        "[\"Stryker was here\"]"
      ]
    ]
  },
  {
    "why": "the letters of a queue are all FIFO or none is",
    "file": "lambda/runtime/effects.ts",
    "mutants": [
      [
        "letters.some(({ entry }) => entry.MessageDeduplicationId !== undefined)",
        "letters.every(({ entry }) => entry.MessageDeduplicationId !== undefined)"
      ]
    ]
  },
  {
    "why": "what is no number is never too heavy either",
    "file": "lambda/runtime/effects.ts",
    "mutants": [
      [
        "() => 0",
        "() => undefined"
      ]
    ]
  },
  {
    "why": "nothing is not greater than a time",
    "file": "lambda/runtime/event-log/replay.ts",
    "mutants": [
      [
        "from !== undefined",
        "true"
      ]
    ]
  },
  {
    "why": "what is no text is none that SQS takes either",
    "file": "lambda/runtime/producer/attributes.ts",
    "mutants": [
      [
        "typeof value !== 'string'",
        "false"
      ]
    ]
  },
  {
    "why": "x",
    "file": "lambda/runtime/producer/attributes.ts",
    "mutants": [
      [
        "name.length > MAX_NAME",
        "false"
      ]
    ]
  }
];
