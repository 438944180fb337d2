import { PermanentError, RetryAfter } from '../../../lambda/runtime';
import type { Item } from '../../../lambda/runtime/jobs/job';
import { JobStore } from '../../../lambda/runtime/jobs/store';
import { type WorkerOptions, workerOn } from '../../../lambda/runtime/worker';
import { lambdaContext, type SqsMessage, sqsEvent } from '../../../lambda/testing';
import { DLQ_URL, type FakeEdge } from '../fake-edge';
import { JOBS_SPEC } from './spec';
import { World } from './world';

let world: World;
let edge: FakeEdge;
beforeEach(() => {
  jest.useFakeTimers();
  world = new World();
  edge = world.workerEdge();
});
afterEach(() => jest.useRealTimers());

const text = (S: string) => ({ S });
const number = (N: number) => ({ N: String(N) });

/** A job as the door writes it. */
const accept = (id: string, more: Item = {}): void => {
  const now = Date.now();
  world.table.items.set(id, {
    pk: text(id),
    state: text('accepted'),
    owner: text('alice'),
    hash: text(''),
    created: number(now),
    expires: number(now + 3_600_000),
    sendBy: number(0),
    run: text(''),
    lease: number(0),
    attempt: number(0),
    changed: number(now),
    ...more,
  });
};
const message = (id: string, more: Partial<SqsMessage> = {}): SqsMessage => ({
  body: { id },
  messageId: `m-${id}`,
  ...more,
  attributes: { JobId: id, ...more.attributes },
});
type Process = WorkerOptions<{ id: string }>['process'];

const deliver = async (process: Process, messages: SqsMessage[], remaining = 30_000) => {
  const reply = workerOn<{ id: string }>(edge, { process })(sqsEvent(messages), lambdaContext(remaining));
  for (let i = 0; i < 600; i++) await jest.advanceTimersByTimeAsync(50);
  return (await reply).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
};
const row = (id: string): any => world.table.items.get(id);

test('what the handler returns is the result', async () => {
  accept('a');
  accept('b');
  const seen: (string | undefined)[] = [];
  const process: Process = ({ id }, { job }) => {
    seen.push(job?.id);
    return id === 'a' ? { invoice: 1 } : undefined;
  };
  expect(await deliver(process, [message('a'), message('b'), { body: { id: 'plain' } }])).toEqual([]);
  expect(seen).toEqual(['a', 'b', undefined]);
  expect(row('a')).toMatchObject({ state: text('succeeded'), result: text('{"invoice":1}'), attempt: number(1) });
  expect(row('b')).toMatchObject({ state: text('succeeded'), result: text('null') });
  expect(world.table.requests).toBe(1 + 2);
});

test('the result is there as soon as its handler has returned, whatever the others of the batch do', async () => {
  accept('a');
  accept('b');
  let seen: unknown;
  const process: Process = async ({ id }) => {
    if (id === 'a') return 'quick';
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    seen = row('a').state.S;
    return 'slow';
  };
  await deliver(process, [message('a'), message('b')]);
  expect(seen).toBe('succeeded');
});

test('plain messages ask nothing of the table', async () => {
  await deliver(() => {}, [{ body: { id: 'plain' } }]);
  expect(world.table.requests).toBe(0);
});

test('a permanent error ends the job with its reason, and nothing of the stack', async () => {
  accept('a');
  const process: Process = () => {
    throw new PermanentError('the card is refused');
  };
  expect(await deliver(process, [message('a')])).toEqual([]);
  expect(row('a').state).toEqual(text('failed'));
  expect(JSON.parse(row('a').problem.S)).toEqual({
    type: 'urn:cdk-async-patterns:job:failed',
    title: 'The job has failed',
    detail: 'the card is refused',
  });
  expect(edge.deadLetters).toHaveLength(1);
});

test('a failure leaves the job running, free for the next attempt; the last ends it', async () => {
  accept('a');
  const process: Process = () => {
    throw new Error('flaky');
  };
  expect(await deliver(process, [message('a')])).toEqual(['m-a']);
  expect(row('a')).toMatchObject({ state: text('running'), lease: number(0) });
  expect(await deliver(process, [message('a', { receiveCount: 2 })])).toEqual(['m-a']);
  expect(await deliver(process, [message('a', { receiveCount: 3 })])).toEqual([]);
  expect(JSON.parse(row('a').problem.S).detail).toBe('retries exhausted after 3 receives: flaky');
  expect(edge.deadLetters).toHaveLength(1);
});

test('RetryAfter is obeyed', async () => {
  accept('a');
  await deliver(() => {
    throw new RetryAfter({ seconds: 77 });
  }, [message('a')]);
  expect(edge.visibility.get('receipt-0')).toBe(77);
  expect(row('a').state).toEqual(text('running'));
});

test('a worker that died at every attempt: the receive after the last ends the job with a reason', async () => {
  accept('a', { state: text('running'), run: text('dead'), attempt: number(3), lease: number(Date.now() - 1) });
  const process = jest.fn();
  expect(await deliver(process, [message('a', { receiveCount: 4 })])).toEqual([]);
  expect(process).not.toHaveBeenCalled();
  expect(row('a').state).toEqual(text('failed'));
  expect(edge.deadLetters[0]!.MessageAttributes!.DeadLetterReason!.StringValue).toContain('came to no end');
});

test('deliveries that found the job busy were no attempts', async () => {
  accept('a', { state: text('running'), run: text('dead'), attempt: number(1), lease: number(Date.now() - 1) });
  const process = jest.fn();
  expect(await deliver(process, [message('a', { receiveCount: 9 })])).toEqual([]);
  expect(process).toHaveBeenCalledTimes(1);
  expect(row('a')).toMatchObject({ state: text('succeeded'), attempt: number(2) });
});

test('so does a plain message of the same queue', async () => {
  const process = jest.fn();
  expect(await deliver(process, [{ body: { id: 'plain' }, receiveCount: 4 }])).toEqual([]);
  expect(process).not.toHaveBeenCalled();
  expect(edge.deadLetters).toHaveLength(1);
});

describe('is not started', () => {
  const over: [string, Item, 'acknowledged' | 'again' | 'dead'][] = [
    ['cancelled', { state: text('cancelled') }, 'acknowledged'],
    ['expired', { state: text('expired') }, 'acknowledged'],
    ['succeeded', { state: text('succeeded'), run: text('r') }, 'acknowledged'],
    ['failed without a run: never sent', { state: text('failed') }, 'acknowledged'],
    ['failed', { state: text('failed'), run: text('r'), problem: text('{"detail":"why"}') }, 'dead'],
    ['too late', { expires: number(0) }, 'acknowledged'],
    ['running elsewhere', { state: text('running'), run: text('r'), lease: number(Date.now() + 1e6) }, 'again'],
  ];
  test.each(over)('a job that is %s', async (_, item, fate) => {
    accept('a', item);
    const process = jest.fn();
    const failures = await deliver(process, [message('a')]);
    expect(process).not.toHaveBeenCalled();
    expect(failures).toEqual(fate === 'again' ? ['m-a'] : []);
    expect(edge.deadLetters).toHaveLength(fate === 'dead' ? 1 : 0);
  });

  test('a job that is too late is written so', async () => {
    accept('a', { expires: number(0) });
    await deliver(() => {}, [message('a')]);
    expect(row('a').state).toEqual(text('expired'));
  });

  test('one that nobody knows: its message is dead, not lost', async () => {
    const process = jest.fn();
    expect(await deliver(process, [message('gone')])).toEqual([]);
    expect(process).not.toHaveBeenCalled();
    expect(edge.deadLetters[0]!.MessageAttributes!.DeadLetterReason!.StringValue).toContain('not known');
  });

  test('anything, with the table away', async () => {
    accept('a');
    world.tableFails = () => 'before';
    const process = jest.fn();
    expect(await deliver(process, [message('a')])).toEqual(['m-a']);
    expect(process).not.toHaveBeenCalled();
  });
});

test('what cannot be dead-lettered comes back, and is dead-lettered then, with the reason that it had', async () => {
  accept('a');
  edge.failSend = new Error('away');
  const process: Process = () => {
    throw new PermanentError('no');
  };
  expect(await deliver(process, [message('a')])).toEqual(['m-a']);
  expect(row('a').state).toEqual(text('failed'));
  edge.failSend = undefined;
  expect(await deliver(process, [message('a', { receiveCount: 2 })])).toEqual([]);
  expect(edge.deadLetters[0]!.MessageAttributes!.DeadLetterReason!.StringValue).toBe('no');
});

test('an operator who redrives a failed job has it run again', async () => {
  accept('a', { state: text('failed'), run: text('r'), problem: text('{"detail":"why"}') });
  const letter = message('a', { attributes: { DeadLetterReason: 'why', DeadLetterContext: '{}' } });
  expect(await deliver(() => 'done', [letter])).toEqual([]);
  expect(row('a')).toMatchObject({ state: text('succeeded'), result: text('"done"'), problem: { NULL: true } });
});

test('nobody redrives what has ended otherwise', async () => {
  accept('a', { state: text('cancelled') });
  const process = jest.fn();
  const letter = message('a', { attributes: { DeadLetterReason: 'why', DeadLetterContext: '{}' } });
  expect(await deliver(process, [letter])).toEqual([]);
  expect(process).not.toHaveBeenCalled();
});

describe('cancelling', () => {
  const cancel = (id: string) =>
    new JobStore(world.table, JOBS_SPEC, () => Date.now(), world.edge.sender.storeCalls).cancel(id);

  test('fires the signal of the handler, whose result is dropped', async () => {
    accept('a');
    let firedAfter = -1;
    const process: Process = async (_, { signal }) => {
      const start = Date.now();
      await cancel('a');
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve());
      });
      firedAfter = Date.now() - start;
      return 'too late';
    };
    expect(await deliver(process, [message('a')])).toEqual([]);
    expect(firedAfter).toBeLessThanOrEqual(1_050);
    expect(row('a')).toMatchObject({ state: text('cancelled') });
    expect(row('a').result).not.toEqual(text('"too late"'));
  });

  test('a handler that throws because of it is no failure', async () => {
    accept('a');
    const process: Process = async (_, { signal }) => {
      await cancel('a');
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    };
    expect(await deliver(process, [message('a', { receiveCount: 3 })])).toEqual([]);
    expect(edge.deadLetters).toEqual([]);
    expect(row('a').state).toEqual(text('cancelled'));
    expect(edge.logs('WARN').map(({ message }) => message)).not.toContain('message will be retried');
  });

  test('a handler that ends before it is noticed: the cancellation stands', async () => {
    accept('a');
    expect(
      await deliver(async () => {
        await cancel('a');
        return 'done';
      }, [message('a')]),
    ).toEqual([]);
    expect(row('a').state).toEqual(text('cancelled'));
  });

  test('running jobs are looked at once a second in one request, and not at all when they are short', async () => {
    for (const id of ['a', 'b', 'c']) accept(id);
    await deliver(
      async () => new Promise((resolve) => setTimeout(resolve, 3_500)),
      ['a', 'b', 'c'].map((id) => message(id)),
    );
    expect(world.table.requests).toBe(1 + 3 + 3);
  });
});

describe('progress', () => {
  test('is written, the last of what comes fast', async () => {
    accept('a');
    const seen: unknown[] = [];
    await deliver(
      async (_, { job }) => {
        for (let i = 1; i <= 4; i++) {
          job!.progress(i / 10);
          job!.progress(i / 5);
          await new Promise((resolve) => setTimeout(resolve, 300));
          seen.push(row('a').progress?.N);
        }
      },
      [message('a')],
    );
    expect(seen).toEqual(['0.2', '0.4', '0.6', '0.8']);
  });

  test.each([-0.1, 1.1, Number.NaN, '0.5' as never])('%p is refused', async (share) => {
    accept('a');
    let thrown: unknown;
    await deliver(
      (_, { job }) => {
        try {
          job!.progress(share);
        } catch (error) {
          thrown = error;
        }
      },
      [message('a')],
    );
    expect(thrown).toEqual(expect.any(RangeError));
  });

  test('after the end nothing is written', async () => {
    accept('a');
    await deliver(
      (_, { job }) => {
        setTimeout(() => job!.progress(0.9), 5_000);
      },
      [message('a')],
    );
    expect(row('a').progress).toBeUndefined();
  });

  test('notices a cancellation at once', async () => {
    accept('a');
    let firedAfter = -1;
    await deliver(
      async (_, { job, signal }) => {
        const start = Date.now();
        world.table.items.get('a')!.state = text('cancelled');
        job!.progress(0.5);
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve());
        });
        firedAfter = Date.now() - start;
      },
      [message('a')],
    );
    expect(firedAfter).toBeLessThan(500);
  });
});

describe('a result that nobody could be given', () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const results: [string, unknown][] = [
    ['circular', circular],
    ['a big integer', 1n],
    ['too large', 'x'.repeat(300 * 1024)],
  ];
  test.each(results)('%s: the job fails and says why', async (_, result) => {
    accept('a');
    expect(await deliver(() => result, [message('a')])).toEqual([]);
    expect(JSON.parse(row('a').problem.S).detail).toMatch(/^the result of the job/);
    expect(edge.deadLetters).toHaveLength(1);
  });

  test('one that just fits is kept', async () => {
    accept('a');
    await deliver(() => 'x'.repeat(300 * 1024 - 2), [message('a')]);
    expect(row('a').state).toEqual(text('succeeded'));
  });
});

describe('with a payload store', () => {
  const results = { bucket: 'b', prefix: 'api/', threshold: 1 };
  const big = 'x'.repeat(400 * 1024);
  const store = () =>
    new JobStore(world.table, { ...JOBS_SPEC, results }, () => Date.now(), world.edge.sender.storeCalls);

  test('a result that does not fit in its row lies there, and is found', async () => {
    edge = world.workerEdge(3, { ...JOBS_SPEC, results });
    accept('a');
    expect(await deliver(() => big, [message('a')])).toEqual([]);
    expect(row('a')).toMatchObject({ state: text('succeeded'), result: { NULL: true } });
    const seen = await store().complete((await store().read('a'))!);
    expect(seen.result).toBe(JSON.stringify(big));
    expect([...world.objects.keys()]).toEqual([expect.stringMatching(/^api\/[0-9a-f]{64}$/)]);
  });

  test('with the store away the job is tried again', async () => {
    edge = world.workerEdge(3, { ...JOBS_SPEC, results });
    edge.putObject = () => Promise.reject(new Error('away'));
    accept('a');
    expect(await deliver(() => big, [message('a')])).toEqual(['m-a']);
    expect(row('a').state).toEqual(text('running'));
  });

  test('what the API could not answer with fails all the same', async () => {
    edge = world.workerEdge(3, { ...JOBS_SPEC, results });
    accept('a');
    await deliver(() => 'x'.repeat(5_000_000), [message('a')]);
    expect(row('a').state).toEqual(text('failed'));
  });
});

test('with the table away at the end the message comes back, and the handler runs again', async () => {
  accept('a');
  world.tableFails = (n) => (n === 1 ? undefined : 'before');
  expect(await deliver(() => 'first', [message('a')])).toEqual(['m-a']);
  world.tableFails = undefined;
  jest.setSystemTime(Date.now() + 40_000);
  expect(await deliver(() => 'second', [message('a', { receiveCount: 2 })])).toEqual([]);
  expect(row('a').result).toEqual(text('"second"'));
});

test('an end whose answer was lost is an end', async () => {
  accept('a');
  world.tableFails = (n) => (n === 2 ? 'after' : undefined);
  expect(await deliver(() => 'once', [message('a')])).toEqual([]);
  expect(row('a')).toMatchObject({ state: text('succeeded'), result: text('"once"') });
});

describe('an attempt that another has taken over from', () => {
  const takeOver = () => {
    Object.assign(row('a'), { run: text('other'), lease: number(Date.now() + 1e6) });
  };

  test('has its result dropped, and its message comes back', async () => {
    accept('a');
    const process: Process = async () => {
      takeOver();
      return 'mine';
    };
    expect(await deliver(process, [message('a')])).toEqual(['m-a']);
    expect(row('a')).toMatchObject({ state: text('running'), run: text('other') });
  });

  test('does not fail the job either, and leaves its progress alone', async () => {
    accept('a');
    const process: Process = async (_, { job }) => {
      takeOver();
      job!.progress(0.9);
      await new Promise((resolve) => setTimeout(resolve, 300));
      throw new PermanentError('mine');
    };
    expect(await deliver(process, [message('a')])).toEqual(['m-a']);
    expect(row('a')).toMatchObject({ state: text('running'), run: text('other') });
    expect(row('a').progress).toBeUndefined();
    expect(edge.deadLetters).toEqual([]);
  });
});

test('two messages of one job in a batch: one runs', async () => {
  accept('a');
  const process = jest.fn();
  const failures = await deliver(process, [message('a'), message('a', { messageId: 'm-a2' })]);
  expect(process).toHaveBeenCalledTimes(1);
  expect(failures).toEqual(['m-a2']);
});

test('a job still running near the timeout comes back and is free', async () => {
  accept('a');
  expect(await deliver(() => new Promise(() => {}), [message('a')], 5_000)).toEqual(['m-a']);
  expect(row('a')).toMatchObject({ state: text('running'), lease: number(0) });
});

test('the dead letter of a job goes to the dead-letter queue with its id', async () => {
  accept('a');
  await deliver(() => {
    throw new PermanentError('no');
  }, [message('a')]);
  expect(DLQ_URL).toContain('dead');
  expect(edge.deadLetters[0]!.MessageAttributes!.JobId!.StringValue).toBe('a');
});
