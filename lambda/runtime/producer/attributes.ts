import type { SendAttribute } from '../dead-letter';
import { isSqsText } from '../sqs-characters';
import { Refused } from './errors';

/** A message attribute: text, a finite number, or bytes. */
export type AttributeValue = string | number | Uint8Array;

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
const NAME = /^(?!(?:aws|amazon)\.)[\w-]+(?:\.[\w-]+)*$/i;
const MAX_NAME = 256;

export const textAttribute = (StringValue: string): SendAttribute => ({ DataType: 'String', StringValue });

export const numberAttribute = (value: number): SendAttribute => ({ DataType: 'Number', StringValue: String(value) });

/** Text that travels as it is. @throws Refused if SQS would not take it */
export function checkedText(name: string, value: string): string {
  if (typeof value !== 'string' || value === '' || !isSqsText(value)) {
    const got =
      typeof value !== 'string' ? typeof value : value === '' ? 'an empty text' : 'characters that it has not';
    throw new Refused('InvalidOptions', `${name}: got ${got}, expected text of the characters of XML 1.0`);
  }
  return value;
}

/** @throws Refused if the name or the value is none that SQS takes */
export function attributeOf(name: string, value: AttributeValue, reserved: ReadonlySet<string>): SendAttribute {
  if (reserved.has(name)) {
    throw new Refused('InvalidOptions', `attribute ${name}: is set by the producer, expected another name`);
  }
  if (name.length > MAX_NAME || !NAME.test(name)) {
    throw new Refused(
      'InvalidOptions',
      `attribute ${name.slice(0, MAX_NAME)}: expected a name of letters, digits, _, - and single dots, at most ${MAX_NAME} long, not beginning with AWS. or Amazon.`,
    );
  }
  if (Number.isFinite(value)) return numberAttribute(value as number);
  if (value instanceof Uint8Array && value.byteLength > 0) return { DataType: 'Binary', BinaryValue: value };
  if (typeof value === 'string') return textAttribute(checkedText(`attribute ${name}`, value));
  const got = value instanceof Uint8Array ? 'no bytes' : typeof value === 'number' ? value : typeof value;
  throw new Refused('InvalidOptions', `attribute ${name}: got ${got}, expected text, a finite number or bytes`);
}

/** What SQS and SNS count of an attribute: its name, type and value. */
export const attributeBytes = (name: string, { DataType, StringValue, BinaryValue }: SendAttribute): number =>
  Buffer.byteLength(name) +
  DataType.length +
  (BinaryValue === undefined ? Buffer.byteLength(StringValue ?? '') : BinaryValue.byteLength);
