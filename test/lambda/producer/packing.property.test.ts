import * as fc from 'fast-check';
import { Backlog } from '../../../lambda/runtime/producer/backlog';
import { producerOn } from '../../../lambda/runtime/producer/sender';
import { FakeService, QUEUE, sizeOf } from './fake-service';

const MIB = 1_048_576;
const item = fc.record({
  bytes: fc.oneof(fc.nat(100), fc.nat(600), fc.constantFrom(1000, 999, 500)),
  alone: fc.boolean(),
});

test('requests never hold more than they may, keep the order, lose nothing, and are as full as the order allows', () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 60 }), fc.integer({ min: 1, max: 12 }), (items, count) => {
      const backlog = new Backlog<(typeof items)[number]>({ count, bytes: 1000 });
      for (const each of items) backlog.push(each);
      const requests: (typeof items)[] = [];
      while (backlog.size > 0) requests.push(backlog.take());
      expect(requests.flat()).toEqual(items);
      requests.forEach((request, i) => {
        const bytes = request.reduce((sum, each) => sum + each.bytes, 0);
        expect(request.length).toBeGreaterThan(0);
        expect(request.length).toBeLessThanOrEqual(count);
        expect(bytes).toBeLessThanOrEqual(1000);
        if (request.some(({ alone }) => alone)) expect(request).toHaveLength(1);
        const next = requests[i + 1]?.[0];
        const fits = next && !next.alone && !request[0]!.alone && request.length < count && bytes + next.bytes <= 1000;
        expect(fits ?? false).toBe(false);
      });
    }),
  );
});

type Step =
  | { push: { bytes: number; alone: boolean } }
  | { unshift: { bytes: number; alone: boolean }[] }
  | { take: true }
  | { keep: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ push: item }),
  fc.record({ unshift: fc.array(item, { maxLength: 5 }) }),
  fc.constant<Step>({ take: true }),
  fc.record({ keep: fc.nat(600) }),
);

test('a backlog behaves as a list, whatever happens to it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const backlog = new Backlog<{ bytes: number; alone: boolean }>({ count: 3, bytes: 1000 });
      let model: { bytes: number; alone: boolean }[] = [];
      for (const each of steps) {
        if ('push' in each) {
          backlog.push(each.push);
          model.push(each.push);
        } else if ('unshift' in each) {
          backlog.unshift(each.unshift);
          model = [...each.unshift, ...model];
        } else if ('keep' in each) {
          backlog.keep(({ bytes }) => bytes <= each.keep);
          model = model.filter(({ bytes }) => bytes <= each.keep);
        } else {
          const taken = backlog.take();
          expect(taken).toEqual(model.splice(0, taken.length));
        }
        expect(backlog.size).toBe(model.length);
        const bytes = model.reduce((sum, { bytes }) => sum + bytes, 0);
        expect(backlog.isFull).toBe(model.length >= 3 || bytes >= 1000 || model[0]?.alone === true);
      }
    }),
  );
});

// Sizes about the places where a message more or less decides; text of one, two and three bytes a character.
const body = fc
  .tuple(fc.constantFrom(10, 90_000, 104_700, 150_000, 349_000, 524_000), fc.nat(300), fc.constantFrom('a', 'é', '語'))
  .map(([size, more, letter]) => letter.repeat(Math.floor((size + more) / Buffer.byteLength(letter))));
const attributes = fc.dictionary(
  fc.constantFrom('tenant', 'kind', 'size'),
  fc.oneof(
    fc.constantFrom('x', 'é'.repeat(200)),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.uint8Array({ minLength: 1, maxLength: 500 }),
  ),
);

test('no request is over ten messages or over 1 MiB with attributes, and the order is kept', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(body, attributes), { maxLength: 40 }), async (messages) => {
      const service = new FakeService();
      const { sent } = await producerOn<string>(service, { queueUrl: QUEUE }).sendAll(
        messages.map(([text]) => text),
        { each: (_, i) => ({ attributes: messages[i]![1] }) },
      );
      expect(sent).toBe(messages.length);
      for (const request of service.requests) {
        expect(request.length).toBeLessThanOrEqual(10);
        expect(request.reduce((sum, entry) => sum + sizeOf(entry), 0)).toBeLessThanOrEqual(MIB);
      }
      expect(service.requests.flat().map(({ MessageBody }) => MessageBody)).toEqual(
        messages.map(([text]) => JSON.stringify(text)),
      );
    }),
    { numRuns: 60 },
  );
});
