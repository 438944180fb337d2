import * as fc from 'fast-check';
import { deadLetterOf, sqsText } from '../../lambda/runtime/dead-letter';
import { sqsEvent } from '../../lambda/testing';
import { MAX_MESSAGE_BYTES } from '../../lib/private/contract';

// What SQS accepts: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
const isSqsText = (text: string): boolean =>
  [...text].every((character) => {
    const code = character.codePointAt(0)!;
    return (
      code === 0x9 ||
      code === 0xa ||
      code === 0xd ||
      (code >= 0x20 && code <= 0xd7ff) ||
      (code >= 0xe000 && code <= 0xfffd) ||
      code >= 0x10000
    );
  });

const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\u0000', '\ud800', '\uffff', '\n'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
});

test('any text becomes text that SQS takes, of at most so many bytes', () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 0, max: 40 }), (text, max) => {
      const made = sqsText(text, max);
      expect(isSqsText(made)).toBe(true);
      expect(Buffer.byteLength(made)).toBeLessThanOrEqual(max);
    }),
  );
});

test('good text that fits is left as it is', () => {
  expect(sqsText('Grüße: 🚚\n', 100)).toBe('Grüße: 🚚\n');
});

const attribute = fc.oneof(
  fc.record({ dataType: fc.constant('String'), stringValue: fc.string({ minLength: 1, maxLength: 50 }) }),
  fc.record({ dataType: fc.constant('Number'), stringValue: fc.integer().map(String) }),
  fc.record({
    dataType: fc.constant('Binary'),
    binaryValue: fc.uint8Array({ minLength: 1, maxLength: 50 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  }),
);
const attributes = fc.dictionary(
  fc.oneof(
    fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,20}$/),
    fc.constantFrom('DeadLetterReason', 'DeadLetterContext', '__proto__'),
  ),
  attribute,
  { maxKeys: 10 },
);

test('the body is untouched, ten attributes at most, none of the sender’s is lost, and the size is within the limit', () => {
  fc.assert(
    fc.property(
      attributes,
      anyText,
      fc.constantFrom(0, 1000, MAX_MESSAGE_BYTES - 3000, MAX_MESSAGE_BYTES - 700, MAX_MESSAGE_BYTES),
      fc.boolean(),
      (messageAttributes, reason, size, fifo) => {
        const record = { ...sqsEvent([{ body: 'x'.repeat(size) }], { fifo }).Records[0]!, messageAttributes };
        const letter = deadLetterOf(record as never, reason, 1);
        if (!letter) {
          expect(size).toBeGreaterThan(MAX_MESSAGE_BYTES - 3000);
          return;
        }
        const { MessageBody, MessageAttributes } = letter.entry;
        expect(MessageBody).toBe(record.body);
        const names = Object.keys(MessageAttributes);
        expect(names.length).toBeLessThanOrEqual(10);

        const bytes = Object.entries(MessageAttributes).reduce(
          (sum, [name, { DataType, StringValue = '', BinaryValue }]) =>
            sum + Buffer.byteLength(name + DataType) + (BinaryValue?.length ?? Buffer.byteLength(StringValue)),
          Buffer.byteLength(MessageBody),
        );
        expect(letter.bytes).toBe(bytes);
        expect(bytes).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);

        expect(MessageAttributes.DeadLetterReason!.StringValue).not.toBe('');
        expect(isSqsText(MessageAttributes.DeadLetterReason!.StringValue!)).toBe(true);
        const folded = JSON.parse(MessageAttributes.DeadLetterContext!.StringValue!).attributes ?? {};
        for (const [name, { dataType, stringValue, binaryValue }] of Object.entries<any>(messageAttributes)) {
          if (name.startsWith('DeadLetter')) continue;
          const kept = Object.hasOwn(MessageAttributes, name) ? MessageAttributes[name] : undefined;
          if (kept) {
            expect(kept.DataType).toBe(dataType);
            expect(kept.StringValue ?? Buffer.from(kept.BinaryValue!).toString('base64')).toBe(
              stringValue ?? binaryValue,
            );
          } else {
            expect(folded[name]).toEqual({ dataType, ...(binaryValue ? { binaryValue } : { stringValue }) });
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a message that died before gets its new reason, not both', () => {
  const [record] = sqsEvent([{ body: '1', attributes: { DeadLetterReason: 'old', DeadLetterContext: 'old' } }]).Records;
  expect(deadLetterOf(record!, 'new', 1)!.entry.MessageAttributes.DeadLetterReason!.StringValue).toBe('new');
});

test('the X-Ray header travels on', () => {
  const [record] = sqsEvent([{ body: '1' }]).Records;
  record!.attributes.AWSTraceHeader = 'Root=1-5759e988-bd862e3fe1be46a994272793';
  expect(deadLetterOf(record!, 'x', 1)!.entry.MessageSystemAttributes).toEqual({
    AWSTraceHeader: { DataType: 'String', StringValue: 'Root=1-5759e988-bd862e3fe1be46a994272793' },
  });
});

test('a fair queue’s message keeps its tenant without becoming one of a FIFO queue', () => {
  const [record] = sqsEvent([{ body: '1', groupId: 'tenant' }]).Records;
  const { entry } = deadLetterOf(record!, 'x', 1)!;
  expect(entry.MessageGroupId).toBe('tenant');
  expect(entry.MessageDeduplicationId).toBeUndefined();
});
