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

/**
 * What an attribute in DynamoDB's JSON stands for.
 *
 * @throws PermanentError if it is no attribute, or holds a key `__proto__`, which pollutes whatever it is merged into
 */
export function unmarshall(value: AttributeValue): Native {
  const [type, content] = Object.entries(value ?? {})[0] ?? [];
  switch (type) {
    case 'S':
      return content as string;
    case 'N':
      return numberOf(content as string);
    case 'BOOL':
      return content as boolean;
    case 'NULL':
      return null;
    case 'B':
      return bytesOf(content as string);
    case 'M':
      return unmarshallItem(content as Record<string, AttributeValue>);
    case 'L':
      return (content as AttributeValue[]).map(unmarshall);
    case 'SS':
      return new Set(content as string[]);
    case 'NS':
      return new Set((content as string[]).map(numberOf));
    case 'BS':
      return new Set((content as string[]).map(bytesOf));
    default:
      throw new PermanentError('the item has an attribute of a type that DynamoDB does not know');
  }
}

export function unmarshallItem(item: Readonly<Record<string, AttributeValue>>): { [name: string]: Native } {
  const made: { [name: string]: Native } = {};
  for (const [name, value] of Object.entries(item)) {
    if (name === '__proto__') throw new PermanentError('the item has a key __proto__');
    made[name] = unmarshall(value);
  }
  return made;
}
