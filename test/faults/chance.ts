import { createHash } from 'node:crypto';
import { seededRandom } from '../../bin/local/random';

/** The same number in [0, 1) for the same words, whenever it is asked for. */
export const chance = (...words: readonly (string | number)[]): number =>
  seededRandom(createHash('sha256').update(words.join('/')).digest().readUInt32LE())();
