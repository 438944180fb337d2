/** What is mutated of an idea, and the unit tests that have to notice. Paths and patterns from the root. */
export interface Idea {
  readonly mutate: readonly string[];
  readonly tests: readonly string[];
}

// Left out as a rule: files of types, the entry points (index.ts) and edges, which only make clients, and simulations that
// take seconds each, which are for what no small test can say.
export const IDEAS: Readonly<Record<string, Idea>> = {
  plan: {
    mutate: ['lambda/runtime/{plan,outcome,settle,effects,attempts,ledger,dead-letter}.ts'],
    tests: ['{plan,plan.property,dead-letter.property,worker,fifo,guards,errors}.test.ts', 'breaker/breaker.test.ts'],
  },
  backoff: {
    mutate: ['lambda/runtime/{backoff,errors}.ts', 'lambda/runtime/producer/retry.ts'],
    tests: ['{backoff.property,errors,worker}.test.ts', 'producer/{retry.property,producer,ends}.test.ts'],
  },
  idempotency: {
    mutate: ['lambda/runtime/idempotency/*.ts'],
    tests: ['idempotency/!(model).test.ts', '{guards,open}.test.ts'],
  },
  breaker: {
    mutate: [
      'lambda/runtime/breaker/*.ts',
      'lambda/runtime/version.ts',
      'lambda/handlers/breaker-controller/{command,controller,mappings}.ts',
      'lambda/handlers/mapping.ts',
    ],
    tests: ['breaker/!(model.property).test.ts', '{guards,version}.test.ts'],
  },
  pace: {
    mutate: ['lambda/runtime/pace/*.ts', 'lambda/handlers/pace-controller/{command,controller}.ts'],
    tests: ['pace/!(simulation|turns|changes).test.ts'],
  },
  packing: {
    mutate: [
      'lambda/runtime/pack.ts',
      'lambda/runtime/producer/{attributes,backlog,entry,groups,item,line,outbox,withdrawals}.ts',
    ],
    tests: ['producer/{ends,later,options,packing,packing.property,pressure,producer,retry.property}.test.ts'],
  },
  replay: {
    mutate: [
      'lambda/runtime/event-log/{message,replay,replay-handle,stored}.ts',
      'lambda/handlers/event-log/{archive,records}.ts',
      'lambda/handlers/event-log-replayer/!(index).ts',
    ],
    tests: ['event-log/{archive,by-hand,replay,replayer}.test.ts'],
  },
};
