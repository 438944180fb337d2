import * as fc from 'fast-check';
import { SendAllError, type SendError } from '../../../lambda/runtime/producer/errors';
import { producerOn } from '../../../lambda/runtime/producer/sender';
import { FakeService, FIFO_QUEUE, QUEUE, refusal, serviceError } from './fake-service';

beforeEach(() => jest.useFakeTimers({ doNotFake: ['performance'] }));
afterEach(() => jest.useRealTimers());

/** Runs the virtual clock until a promise has settled. */
const settled = async <T>(promise: Promise<T>): Promise<T> => {
  let over = false;
  const done = promise.finally(() => {
    over = true;
  });
  done.catch(() => {});
  while (!over) await jest.advanceTimersByTimeAsync(50);
  return done;
};

/** What becomes of the messages of a request, one after another; drawn anew each time. */
const fate = fc.constantFrom('accept', 'accept', 'accept', 'busy', 'throttled', 'bad', 'forgotten');
const mishap = fc.constantFrom('none', 'none', 'none', 'server', 'reset', 'lost', 'content', 'denied');

/** A service that treats messages as drawn, slow requests overtaken by fast ones. */
const hostile = (fates: Iterator<string>, mishaps: Iterator<string>, delays: Iterator<number>): FakeService => {
  const service = new FakeService();
  let lose = 0;
  service.before = async () => {
    await new Promise((resolve) => setTimeout(resolve, delays.next().value));
    const mishap = mishaps.next().value;
    if (mishap === 'lost') lose++;
    if (mishap === 'server') throw serviceError('InternalFailure', 'server');
    if (mishap === 'reset') throw new Error('socket hang up');
    if (mishap === 'content') throw serviceError('InvalidMessageContents');
    if (mishap === 'denied') throw serviceError('AccessDenied');
  };
  service.after = () => {
    if (lose > 0 && lose--) throw new Error('the reply is lost');
  };
  service.fails = (entry) => {
    const fate = fates.next().value;
    if (fate === 'forgotten') return fate;
    if (fate === 'busy') return refusal(entry.Id!);
    if (fate === 'throttled') return refusal(entry.Id!, 'RequestThrottled', true);
    return fate === 'bad' ? refusal(entry.Id!, 'InvalidParameterValue', true) : undefined;
  };
  return service;
};

const world = {
  fates: fc.infiniteStream(fate),
  mishaps: fc.infiniteStream(mishap),
  delays: fc.infiniteStream(fc.nat(40)),
};

test('every message is accepted or named in an error of its own, which says whether it may have arrived', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(60), fc.record(world), async (count, { fates, mishaps, delays }) => {
      const service = hostile(fates, mishaps, delays);
      const producer = producerOn<number>(service, { queueUrl: QUEUE });
      const outcomes = await settled(Promise.allSettled(Array.from({ length: count }, (_, n) => producer.send(n))));
      outcomes.forEach((outcome, n) => {
        const accepted = service.bodies.filter((body) => body === n).length;
        if (outcome.status === 'fulfilled') expect(accepted).toBeGreaterThan(0);
        else {
          expect(outcome.reason).toMatchObject({ name: 'SendError', input: n });
          // Who may tell the caller that it is not there, though it is, invites a duplicate.
          if (accepted > 0) expect(outcome.reason.mayHaveArrived).toBe(true);
        }
      });
    }),
    { numRuns: 100 },
  );
});

/** Each of the first so many is accepted or named, and both only if it may have arrived. */
const expectAll = (count: number, service: FakeService, errors: readonly SendError[]): void => {
  const accepted = new Set(service.bodies);
  const named = new Map(errors.map(({ input, mayHaveArrived }) => [input, mayHaveArrived]));
  expect(named.size).toBe(errors.length);
  for (let n = 0; n < count; n++) {
    expect(accepted.has(n) || named.has(n)).toBe(true);
    if (accepted.has(n) && named.has(n)) expect(named.get(n)).toBe(true);
  }
};

test('sendAll that is told of failures goes on to the last message, and its count is that of the accepted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(80), fc.record(world), async (count, { fates, mishaps, delays }) => {
      const service = hostile(fates, mishaps, delays);
      const named: SendError[] = [];
      const tally = await settled(
        producerOn<number>(service, { queueUrl: QUEUE }).sendAll(
          Array.from({ length: count }, (_, n) => n),
          { onFailure: (error) => named.push(error) },
        ),
      );
      expect(tally).toEqual({ sent: count - named.length, failed: named.length });
      expectAll(count, service, named);
      for (const { index, input } of named) expect(index).toBe(input);
    }),
    { numRuns: 100 },
  );
});

test('sendAll that stops names every message that it had taken and not sent', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(80), fc.record(world), async (count, { fates, mishaps, delays }) => {
      const service = hostile(fates, mishaps, delays);
      let taken = 0;
      const source = function* () {
        while (taken < count) yield taken++;
      };
      const result = await settled(
        producerOn<number>(service, { queueUrl: QUEUE })
          .sendAll(source())
          .catch((error: unknown) => error),
      );
      const errors = result instanceof SendAllError ? result.errors : [];
      expect((result as { sent: number }).sent).toBe(taken - errors.length);
      expectAll(taken, service, errors);
    }),
    { numRuns: 100 },
  );
});

test('FIFO: in each group what is accepted is in order, and nothing overtakes what failed', async () => {
  const groups = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(groups, fc.boolean(), fc.record(world), async (groups, together, { fates, mishaps, delays }) => {
      const service = hostile(fates, mishaps, delays);
      const producer = producerOn<{ group: string; n: number }>(service, { queueUrl: FIFO_QUEUE });
      const messages = groups.map((group, n) => ({ group, n }));
      const failed = new Map<string, number>();
      const doubtful = new Set<number>();
      const fail = ({ input, mayHaveArrived }: SendError) => {
        const { group, n } = input as { group: string; n: number };
        failed.set(group, Math.min(failed.get(group) ?? n, n));
        if (mayHaveArrived) doubtful.add(n);
      };
      if (together) {
        const sends = messages.map((message) => producer.send(message, { groupId: message.group }).catch(fail));
        await settled(Promise.all(sends));
      } else {
        const each = ({ group }: { group: string }) => ({ groupId: group });
        await settled(producer.sendAll(messages, { each, onFailure: fail }));
      }
      for (const request of service.requests) {
        const inRequest = request.map(({ MessageGroupId }) => MessageGroupId);
        expect(new Set(inRequest).size).toBe(inRequest.length);
      }
      for (const group of ['a', 'b', 'c']) {
        const accepted = (service.bodies as { group: string; n: number }[]).filter((each) => each.group === group);
        const first = failed.get(group) ?? Number.POSITIVE_INFINITY;
        const expected = messages.filter((each) => each.group === group && each.n < first);
        expect(accepted.filter(({ n }) => n !== first)).toEqual(expected);
        if (accepted.length > expected.length) expect(doubtful.has(first)).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});
