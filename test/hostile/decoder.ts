import * as fc from 'fast-check';
import { leaksSecret } from './corpus';
import { watchIntrinsics } from './intrinsics';
import { changes, mutated } from './mutate';

/** What became of an input. */
export interface Fate {
  /** Read and handled; or refused, with a name, a reason or another try. Whatever else a decoder does is a crash. */
  readonly kind: 'accepted' | 'refused';
  /** All that was said of it: lines of the log, errors, reasons. */
  readonly said: string;
}

/** Something that reads what others have written. */
export interface Decoder {
  readonly name: string;
  /** Inputs that it accepts. */
  readonly valid: readonly unknown[];
  /** Others to start from. */
  readonly others?: readonly unknown[];
  /** How often it is fuzzed by default; those that are slow less. */
  readonly runs?: number;
  /** Changes to an input at most. */
  readonly changes?: number;
  /** Feeds it one. Throws if what the decoder promises does not hold. */
  feed(input: any): Fate | Promise<Fate>;
}

export const accepted = (...said: unknown[]): Fate => ({ kind: 'accepted', said: textOf(said) });
export const refused = (...said: unknown[]): Fate => ({ kind: 'refused', said: textOf(said) });

export const textOf = (said: readonly unknown[]): string =>
  said
    .map((each) =>
      each instanceof Error ? `${each.name} ${each.message} ${each.stack}` : (JSON.stringify(each) ?? ''),
    )
    .join('\n');

/** Refused, if what was thrown is one of these; otherwise the decoder has crashed. */
export function refusedWith(thrown: unknown, ...expected: (string | RegExp)[]): Fate {
  const { name, message } = thrown as Error;
  if (!expected.some((each) => (typeof each === 'string' ? each === name : each.test(`${name}: ${message}`))))
    throw thrown;
  return refused(thrown);
}

/** Of a function that returns or throws. */
export async function fateOf(task: () => unknown, ...expected: (string | RegExp)[]): Promise<Fate> {
  try {
    await task();
  } catch (thrown) {
    return refusedWith(thrown, ...expected);
  }
  return accepted();
}

const RUNS = Number(process.env.FUZZ_RUNS ?? 40);
/** A million characters do not take a second each; what is quadratic takes minutes. */
const TIMEOUT = 30_000 + RUNS * 50;
const SEED = process.env.FUZZ_SEED === undefined ? 8 : Number(process.env.FUZZ_SEED);

/** Feeds an input, and holds the decoder to what all promise. */
export async function meet(decoder: Decoder, input: unknown, changed = watchIntrinsics()): Promise<Fate> {
  const fate = await decoder.feed(structuredClone(input));
  if (leaksSecret(fate.said)) throw new Error(`said what was in the body: ${fate.said.slice(0, 2_000)}`);
  const pollution = changed();
  if (pollution.length > 0) throw new Error(`changed ${pollution.join(', ')}`);
  return fate;
}

/** Tests of a decoder: what is valid is accepted, and what is made of it has a fate. */
export function fuzz(decoder: Decoder): void {
  describe(decoder.name, () => {
    test.each(decoder.valid.map((input, i) => [i, input]))('accepts valid input %#', async (_, input) => {
      expect((await meet(decoder, input)).kind).toBe('accepted');
    });

    test(
      'gives whatever is made of it a fate',
      async () => {
        const counts = { accepted: 0, refused: 0 };
        const changed = watchIntrinsics();
        await fc.assert(
          fc.asyncProperty(
            fc.constantFrom(...decoder.valid, ...(decoder.others ?? [])),
            changes(decoder.changes),
            async (valid, made) => {
              counts[(await meet(decoder, mutated(valid, made), changed)).kind]++;
            },
          ),
          { numRuns: Math.max(1, Math.round(RUNS * (decoder.runs ?? 1))), seed: SEED },
        );
        // A generator that knows one fate alone proves nothing.
        expect(counts).toEqual({ accepted: expect.any(Number), refused: expect.any(Number) });
        expect(Math.min(counts.accepted, counts.refused)).toBeGreaterThan(0);
      },
      TIMEOUT,
    );
  });
}
