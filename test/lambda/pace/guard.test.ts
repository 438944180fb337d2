import { PaceGuard, type PaceGuardOptions } from '../../../lambda/runtime/pace/guard';
import type { Grant, Pacer } from '../../../lambda/runtime/pace/pacer';
import { Permits } from '../../../lambda/runtime/pace/permits';
import { rowKeyOf } from '../../../lambda/runtime/pace/turns';
import { type SqsMessage, sqsEvent } from '../../../lambda/testing';

const START = Date.parse('2026-11-24T10:00:00Z');
beforeEach(() => jest.useFakeTimers({ now: START }));
afterEach(() => jest.useRealTimers());

const later = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const slots = (...times: number[]): Grant => ({ kind: 'slots', slots: times.map((t) => START + t), appointments: [] });

/** A pacer that gives what it is told, and notes what it is asked. */
class FakePacer {
  kind: Pacer['kind'] = 'rate';
  isPerTenant = false;
  closed = false;
  tolerance = 1_000;
  each = Number.POSITIVE_INFINITY;
  alone = false;
  readonly asked: unknown[] = [];
  grants: Grant[] = [];
  opens: (number | undefined)[] = [];
  enters: boolean[] = [];
  open = async () => {
    this.asked.push('open');
    return this.opens.shift();
  };
  refresh = async () => {
    this.asked.push('refresh');
    return true;
  };
  reserve = async (tenant: string, wanted: unknown) => {
    this.asked.push(['reserve', tenant, wanted]);
    return this.grants.shift()!;
  };
  enter = async (owner: string, until: number, by: number) => {
    this.asked.push(['enter', owner, until - START, by - START]);
    return this.enters.shift()!;
  };
  leave = async (owner: string) => void this.asked.push(['leave', owner]);
  count = (messages: number) => void this.asked.push(['count', messages]);
}

interface Message {
  readonly tenant?: unknown;
}
const setup = (messages: SqsMessage[], options: Partial<PaceGuardOptions<Message>> = {}) => {
  const pacer = new FakePacer();
  const { Records } = sqsEvent(messages);
  const guard = new PaceGuard<Message>({
    pacer: pacer as unknown as Pacer,
    records: Records,
    owner: 'me',
    startedAt: START,
    deadline: START + 40_000,
    replyBy: START + 42_000,
    lookahead: 900,
    now: Date.now,
    read: ({ body }) => JSON.parse(body),
    judge: (_, thrown) => ({ kind: 'dead', reason: String(thrown) }),
    ...options,
  });
  const began: [number, number][] = [];
  const ended: unknown[] = [];
  const run = (i: number, work: () => unknown = () => undefined, until = () => undefined as number | undefined) => {
    const result = guard.handle(i, until, () => {
      began.push([i, Date.now() - START]);
      return work();
    });
    Promise.resolve(result).then(
      (value) => ended.push(value),
      (thrown) => ended.push(guard.outcomeOf(Records[i]!, thrown) ?? thrown),
    );
  };
  const open = () => guard.open(() => false);
  const decided = () => Records.map((_, i) => guard.decided(i));
  return { pacer, guard, run, began, ended, open, decided, Records };
};
const batch = (...receiveCounts: number[]): SqsMessage[] =>
  receiveCounts.map((receiveCount) => ({ body: {}, receiveCount }));
const deferred = (until: number, exact?: true) => ({ kind: 'deferred', until: START + until, ...(exact && { exact }) });

describe('a batch takes slots', () => {
  test('with one question, for those that came back first, within half of its time', async () => {
    const { pacer, open, run, began, decided } = setup(batch(1, 2, 1, 3));
    pacer.grants = [slots(10, 20, 30, 40)];
    await open();
    const horizon = (START + 20_000) * 1_000;
    expect(pacer.asked).toEqual([
      'open',
      ['reserve', '', { returning: 2, fresh: 2, horizon, freshHorizon: horizon - 5_000_000 }],
    ]);
    expect(decided()).toEqual([undefined, undefined, undefined, undefined]);
    for (let i = 0; i < 4; i++) run(i);
    await later(100);
    expect(began).toEqual([
      [1, 10],
      [3, 20],
      [0, 30],
      [2, 40],
    ]);
  });

  test.each<[string, Partial<PaceGuardOptions<Message>>, number, number]>([
    ['of four seconds two, of which the fresh get three quarters', { deadline: START + 4_000 }, 2_000, 1_500],
    ['with a lookahead no more than that', { lookahead: 10 }, 10_000, 7_500],
    [
      'without a deadline a quarter of an hour',
      { deadline: Number.POSITIVE_INFINITY, lookahead: 10_000 },
      900_000,
      895_000,
    ],
  ])('%s', async (_, options, horizon, freshHorizon) => {
    const { pacer, open } = setup(batch(1), options);
    pacer.grants = [slots(10)];
    await open();
    expect(pacer.asked[1]).toMatchObject([
      'reserve',
      '',
      { horizon: (START + horizon) * 1_000, freshHorizon: (START + freshHorizon) * 1_000 },
    ]);
  });

  test('not for what is decided otherwise, and not at all if all is', async () => {
    const { pacer, guard } = setup(batch(1, 2, 1));
    pacer.grants = [slots(10)];
    await guard.open((i) => i !== 2);
    expect(pacer.asked[1]).toMatchObject(['reserve', '', { returning: 0, fresh: 1 }]);
    pacer.asked.length = 0;
    await guard.open(() => true);
    expect(pacer.asked).toEqual([]);
  });

  test('and has those that got none come back by their appointments', async () => {
    const { pacer, open, decided, run, ended, began } = setup(batch(1, 1, 1));
    pacer.grants = [{ kind: 'slots', slots: [START], appointments: [START + 60_000, START + 61_000] }];
    await open();
    expect(decided()).toEqual([undefined, deferred(60_000, true), deferred(61_000, true)]);
    run(1);
    await later(0);
    expect([began, ended]).toEqual([[], [deferred(60_000, true)]]);
  });
});

describe('a tenant’s slots', () => {
  const messages = (...tenants: unknown[]): SqsMessage[] =>
    tenants.map((tenant) => ({ body: { tenant }, groupId: 'g' }));
  const lanes = (pacer: FakePacer) => pacer.asked.filter((each) => Array.isArray(each)).map((each) => (each as any)[1]);
  const paceKey = ({ tenant }: Message) => tenant as string;

  test('are asked for by the key that the handler gives, one question a tenant', async () => {
    const { pacer, open, run, began } = setup(messages('a', 'b', 'a'), { paceKey });
    pacer.isPerTenant = true;
    pacer.grants = [slots(10, 20), slots(5)];
    await open();
    expect(lanes(pacer)).toEqual(['a', 'b']);
    for (let i = 0; i < 3; i++) run(i);
    await later(50);
    expect(began).toEqual([
      [1, 5],
      [0, 10],
      [2, 20],
    ]);
  });

  test('are asked for by the message group if the handler gives none', async () => {
    const { pacer, open } = setup(messages('a', 'b'));
    pacer.isPerTenant = true;
    pacer.grants = [slots(10, 20)];
    await open();
    expect(lanes(pacer)).toEqual(['g']);
  });

  test('are one where the pace is no tenant’s own, and nobody reads whose they are', async () => {
    const { pacer, open } = setup(messages('a', 'b'), {
      paceKey: () => {
        throw new Error('must not be asked');
      },
    });
    pacer.grants = [slots(10, 20)];
    await open();
    expect(lanes(pacer)).toEqual(['']);
  });

  test.each<[string, unknown, (message: Message) => string]>([
    ['no text', 7, paceKey],
    ['nothing', undefined, paceKey],
  ])('of a key that is %s are none, and its message is judged', async (_, tenant, given) => {
    const { pacer, open, decided } = setup(messages('a', tenant), { paceKey: given });
    pacer.isPerTenant = true;
    pacer.grants = [slots(10)];
    await open();
    const reason = `PermanentError: paceKey: got ${typeof tenant}, expected a text`;
    expect(decided()).toEqual([undefined, { kind: 'dead', reason }]);
    expect(lanes(pacer)).toEqual(['a']);
  });

  test('are asked for by what the stored body says, which has half of the time to come', async () => {
    let signal: AbortSignal | undefined;
    const { pacer, open, decided, Records } = setup(messages('a', 'b'), {
      paceKey,
      open: (record, abortable) => {
        signal = (abortable as { signal: AbortSignal }).signal;
        if (record !== Records[1]) return { ...record, body: '{"tenant":"opened"}' };
        return new Promise((_, reject) => signal!.addEventListener('abort', () => reject(new Error('too late'))));
      },
    });
    pacer.isPerTenant = true;
    pacer.grants = [slots(30_000)];
    const opened = open();
    await later(19_999);
    expect(signal!.aborted).toBe(false);
    await later(1);
    await opened;
    expect(lanes(pacer)).toEqual(['opened']);
    expect(decided()[1]).toEqual({ kind: 'dead', reason: 'Error: too late' });
    expect(jest.getTimerCount()).toBe(0);
  });

  test('of one that gets none are no matter of the others', async () => {
    const { pacer, guard, run, began, decided } = setup(messages('a', 'b'), { paceKey });
    pacer.isPerTenant = true;
    pacer.grants = [{ kind: 'none', until: START + 10_000 }, slots(10), slots(6_000)];
    const opened = guard.open(() => false);
    await later(5_000);
    await opened;
    // After five seconds it is asked for those alone that have none.
    expect(lanes(pacer)).toEqual(['a', 'b', 'a']);
    expect(decided()).toEqual([undefined, undefined]);
    run(0);
    await later(2_000);
    expect(began).toEqual([[0, 6_000]]);
  });

  test('of a key that is too long for the table are kept by its hash', () => {
    expect(rowKeyOf('x'.repeat(512))).toBe('x'.repeat(512));
    expect(rowKeyOf('x'.repeat(513))).toMatch(/^sha256:[\w-]{43}$/);
    expect(rowKeyOf('x'.repeat(513))).not.toBe(rowKeyOf('x'.repeat(514)));
  });
});

describe('while nothing may start', () => {
  test('the batch waits, asks every five seconds, and then runs', async () => {
    const { pacer, open } = setup(batch(1));
    pacer.opens = [START + 60_000, START + 60_000, undefined];
    pacer.grants = [slots(11_000)];
    let opened = false;
    void open().then(() => {
      opened = true;
    });
    await later(9_999);
    expect([pacer.asked, opened]).toEqual([['open', 'open'], false]);
    await later(1);
    expect(opened).toBe(true);
  });

  test('it waits half of its time, then all come back when something may', async () => {
    const { pacer, open, decided } = setup(batch(1, 1), { deadline: START + 14_000 });
    pacer.opens = new Array(10).fill(START + 60_000);
    let opened = false;
    void open().then(() => {
      opened = true;
    });
    await later(6_999);
    expect(opened).toBe(false);
    await later(1);
    expect(opened).toBe(true);
    expect(pacer.asked).toEqual(['open', 'open', 'open']);
    expect(decided()).toEqual([deferred(60_000), deferred(60_000)]);
  });

  test('an end of the batch ends the wait', async () => {
    const { pacer, guard, open } = setup(batch(1));
    pacer.opens = [START + 60_000];
    pacer.grants = [slots(1_000)];
    const opened = open();
    await later(1_000);
    await guard.close();
    await opened;
    expect(Date.now()).toBe(START + 1_000);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('a record', () => {
  test('that has waited long asks whether the pace is still what it was, and comes back if it is closed', async () => {
    const { pacer, open, run, began, ended } = setup(batch(1, 1, 1));
    pacer.grants = [slots(5_000, 5_001, 6_000)];
    await open();
    for (let i = 0; i < 3; i++) run(i);
    await later(5_000);
    expect([pacer.asked.includes('refresh'), began]).toEqual([false, [[0, 5_000]]]);
    await later(1);
    expect(pacer.asked.filter((each) => each === 'refresh')).toHaveLength(1);
    expect(began).toHaveLength(2);
    pacer.closed = true;
    await later(1_000);
    expect(began).toHaveLength(2);
    expect(ended.at(-1)).toEqual(deferred(11_000));
  });

  test('runs though nobody can tell what the pace is', async () => {
    const { pacer, open, run, began } = setup(batch(1));
    pacer.grants = [slots(6_000)];
    pacer.closed = true;
    pacer.refresh = async () => false;
    await open();
    run(0);
    await later(6_000);
    expect(began).toEqual([[0, 6_000]]);
  });

  test.each<[string, Grant, number | undefined, unknown]>([
    ['takes another', slots(1_200), 1_200, undefined],
    [
      'gets an appointment',
      { kind: 'slots', slots: [], appointments: [START + 90_000] },
      undefined,
      deferred(90_000, true),
    ],
    ['gets none', { kind: 'none', until: START + 10_000 }, undefined, deferred(10_000)],
  ])('that is later than is tolerated %s', async (_, grant, began, ended) => {
    const { pacer, ...w } = setup(batch(2));
    pacer.grants = [slots(0), grant];
    await w.open();
    await later(1_001);
    w.run(0);
    await later(500);
    expect(w.began).toEqual(began === undefined ? [] : [[0, began]]);
    expect(w.ended).toEqual([ended]);
    expect(pacer.asked.at(-1)).toMatchObject(['reserve', '', { returning: 1, fresh: 0 }]);
  });

  test('that is as late as is tolerated runs', async () => {
    const { pacer, open, run, began } = setup(batch(1));
    pacer.grants = [slots(0)];
    await open();
    await later(1_000);
    run(0);
    await later(0);
    expect(began).toEqual([[0, 1_000]]);
  });

  test('of a tenant that is late takes another of its tenant', async () => {
    const { pacer, open, run } = setup([{ body: {}, groupId: 'g' }]);
    pacer.isPerTenant = true;
    pacer.grants = [slots(0), slots(2_000)];
    await open();
    await later(1_500);
    run(0);
    await later(0);
    expect(pacer.asked.at(-1)).toMatchObject(['reserve', 'g', { returning: 1, fresh: 0 }]);
  });

  test('that waits when the batch is over comes back at once, and leaves no timer', async () => {
    const { pacer, open, run, began, ended, guard } = setup(batch(1));
    pacer.grants = [slots(10_000)];
    await open();
    run(0);
    await later(1_000);
    await guard.close();
    await later(0);
    expect([began, ended, jest.getTimerCount()]).toEqual([[], [deferred(1_000)], 0]);
  });

  test('waits no longer when nothing may start for another reason, and rests until something may', async () => {
    const { pacer, open, run, began, ended } = setup(batch(1));
    pacer.grants = [slots(10)];
    await open();
    run(0, undefined, () => START + 77_000);
    await later(10);
    expect([began, ended]).toEqual([[], [deferred(77_000)]]);
  });

  test('whose turn had not come is no failure; one that had begun is judged by others', async () => {
    const { pacer, open, run, guard, Records } = setup(batch(1, 1));
    pacer.grants = [slots(10, 9_000)];
    await open();
    run(0, () => new Promise(() => {}));
    run(1);
    await later(20);
    expect(guard.outcomeOf(Records[0]!, new Error('deadline'))).toBeUndefined();
    expect(guard.outcomeOf(Records[1]!, new Error('deadline'))).toEqual({ kind: 'deferred' });
  });

  test('gives what its work gives, and throws what it throws', async () => {
    const { pacer, open, run, ended } = setup(batch(1, 1));
    pacer.grants = [slots(0, 0)];
    await open();
    run(0, () => 'result');
    run(1, () => Promise.reject('flaky'));
    await later(0);
    expect(ended).toEqual(['result', 'flaky']);
  });
});

describe('how many run at once', () => {
  const hanging = () => new Promise(() => {});

  test('with a rate all may be on their way, but no more run than the handler says', async () => {
    const { pacer, guard, open, run, began } = setup(batch(1, 1, 1), { concurrency: 2 });
    pacer.grants = [slots(0, 0, 0)];
    await open();
    expect(guard.concurrency(5)).toBe(Number.POSITIVE_INFINITY);
    run(0, () => new Promise((resolve) => setTimeout(resolve, 100)));
    run(1, () => new Promise((_, reject) => setTimeout(reject, 200)));
    run(2, hanging);
    await later(99);
    expect(began).toHaveLength(2);
    await later(1);
    expect(began).toHaveLength(3);
  });

  test('who waits for another to end when the batch is over comes back', async () => {
    const { pacer, guard, open, run, began, ended } = setup(batch(1, 1), { concurrency: 1 });
    pacer.grants = [slots(0, 0)];
    await open();
    run(0, hanging);
    run(1);
    await later(50);
    await guard.close();
    await later(0);
    expect([began, ended]).toEqual([[[0, 0]], [deferred(50)]]);
  });

  test('who missed its slot while it waited makes room for the next, and takes another', async () => {
    const { pacer, open, run, began } = setup(batch(1, 1, 1), { concurrency: 1 });
    pacer.grants = [slots(0, 0, 1_900), slots(2_500)];
    await open();
    run(0, () => new Promise((resolve) => setTimeout(resolve, 1_500)));
    run(1);
    run(2);
    await later(5_000);
    expect(began).toEqual([
      [0, 0],
      [2, 1_900],
      [1, 2_500],
    ]);
  });

  test('with a concurrency as many as that leaves an invocation, whatever the handler asks for', async () => {
    const { pacer, guard, open, run, began } = setup(batch(1, 1, 1), { concurrency: 1 });
    pacer.kind = 'concurrency';
    pacer.each = 4;
    expect([guard.concurrency(9), guard.concurrency(3)]).toEqual([4, 3]);
    await open();
    expect(pacer.asked).toEqual(['open', ['count', 3]]);
    for (let i = 0; i < 3; i++) run(i, hanging);
    await later(0);
    // Whoever asks for them keeps to that.
    expect(began).toHaveLength(3);
  });
});

describe('of one at a time', () => {
  const alone = (messages: SqsMessage[]) => {
    const world = setup(messages);
    world.pacer.kind = 'concurrency';
    world.pacer.alone = true;
    return world;
  };

  test('the batch enters for as long as it may live, and leaves when it is over', async () => {
    const { pacer, open, run, guard } = alone(batch(1));
    pacer.enters = [true];
    await open();
    expect(pacer.asked).toEqual(['open', ['enter', 'me', 47_000, 20_000], ['count', 1]]);
    run(0);
    await later(0);
    await guard.close();
    expect(pacer.asked.at(-1)).toEqual(['leave', 'me']);
  });

  test('without a deadline it enters for a quarter of an hour', async () => {
    const { pacer, guard } = setup(batch(1), { deadline: Number.POSITIVE_INFINITY, replyBy: Number.POSITIVE_INFINITY });
    Object.assign(pacer, { kind: 'concurrency', alone: true, enters: [true] });
    await guard.open(() => false);
    expect(pacer.asked[1]).toEqual(['enter', 'me', 900_000, 900_000]);
  });

  test('one that did not get in tries again as long as it has time, and then comes back', async () => {
    const { pacer, open, decided, guard } = alone(batch(1));
    pacer.enters = [false, false, false, false, false, false];
    void open();
    await later(5_000);
    expect(pacer.asked.filter((each) => each === 'open')).toHaveLength(2);
    await later(20_000);
    expect(decided()).toEqual([deferred(25_000)]);
    await guard.close();
    expect(pacer.asked).not.toContainEqual(['leave', 'me']);
  });

  test('one whose work still runs when it is over does not leave: nobody else may start', async () => {
    const { pacer, open, run, guard } = alone(batch(1));
    pacer.enters = [true];
    await open();
    run(0, () => new Promise(() => {}));
    await later(0);
    await guard.close();
    expect(pacer.asked).not.toContainEqual(['leave', 'me']);
  });
});

test('permits are given in the order in which they were asked for, and the end wakes all', async () => {
  const permits = new Permits(2);
  const got: string[] = [];
  for (const name of ['a', 'b', 'c', 'd', 'e']) void permits.take().then(() => got.push(name));
  await later(0);
  expect(got).toEqual(['a', 'b']);
  permits.release();
  await later(0);
  expect(got).toEqual(['a', 'b', 'c']);
  permits.close();
  await later(0);
  expect(got).toEqual(['a', 'b', 'c', 'd', 'e']);
  permits.release();
  void permits.take().then(() => got.push('f'));
  void permits.take().then(() => got.push('g'));
  await later(0);
  expect(got).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});
