import type { AttributeValue } from 'aws-lambda/trigger/dynamodb-stream';
import { PermanentError } from '../errors';

/** A value of DynamoDB in JavaScript. Whole numbers that a double cannot hold are big integers. */
export type Native =
  | null
  | boolean
  | string
  | number
  | bigint
  | Uint8Array
  | Set<string>
  | Set<number | bigint>
  | Set<Uint8Array>
  | Native[]
  | { [name: string]: Native };

const numberOf = (text: string): number | bigint => {
  const number = Number(text);
  return Number.isSafeInteger(number) || !/^-?\d+$/.test(text) ? number : BigInt(text);
};
const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'base64');

const unknown = (): PermanentError =>
  new PermanentError('the item has an attribute of a type that DynamoDB does not know');

const text = (content: unknown): string => {
  if (typeof content === 'string') return content;
  throw unknown();
};
const list = (content: unknown): unknown[] => {
  if (Array.isArray(content)) return content;
  throw unknown();
};

/**
 * What an attribute in DynamoDB's JSON stands for.
 *
 * @throws PermanentError if it is no attribute, or holds a key `__proto__`, which pollutes whatever it is merged into
 */
export function unmarshall(value: AttributeValue): Native {
  const [type, content]: [string?, unknown?] = Object.entries(value ?? {})[0] ?? [];
  switch (type) {
    case 'S':
      return text(content);
    case 'N':
      return numberOf(text(content));
    case 'BOOL':
      if (typeof content === 'boolean') return content;
      throw unknown();
    case 'NULL':
      return null;
    case 'B':
      return bytesOf(text(content));
    case 'M':
      return unmarshallItem(content as Record<string, AttributeValue>);
    case 'L':
      return list(content).map((item) => unmarshall(item as AttributeValue));
    case 'SS':
      return new Set(list(content).map(text));
    case 'NS':
      return new Set(list(content).map((item) => numberOf(text(item))));
    case 'BS':
      return new Set(list(content).map((item) => bytesOf(text(item))));
    default:
      throw unknown();
  }
}

export function unmarshallItem(item: Readonly<Record<string, AttributeValue>>): { [name: string]: Native } {
  if (typeof item !== 'object' || item === null) throw unknown();
  const made: { [name: string]: Native } = {};
  for (const [name, value] of Object.entries(item)) {
    if (name === '__proto__') throw new PermanentError('the item has a key __proto__');
    made[name] = unmarshall(value);
  }
  return made;
}
