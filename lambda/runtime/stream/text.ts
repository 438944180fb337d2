import { isUtf8 } from 'node:buffer';
import { PermanentError } from '../errors';

/** @throws PermanentError if the bytes are no UTF-8 */
export function textOf(data: Buffer): string {
  if (!isUtf8(data)) throw new PermanentError('the body is not UTF-8');
  return data.toString('utf8');
}
