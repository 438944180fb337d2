import type { Fingerprint } from './inputs';

/** A file that bundles were made of, relative to the root, and what was there. One object for all bundles that share it. */
export interface Input {
  readonly path: string;
  readonly was: string | null;
}

/** All that is known of a kept bundle but its files. */
export interface Entry {
  readonly tools: string;
  readonly inputs: readonly Input[];
  readonly content: string;
  readonly sidecars: readonly string[];
  readonly exports?: readonly string[];
  readonly warnings: readonly string[];
  /** When it was made, in milliseconds. */
  readonly made: number;
}

/** On disk, an entry names its inputs by their numbers: the bundles of an app are made of mostly the same files. */
interface Stored {
  readonly inputs: readonly [path: string, was: string | null][];
  readonly entries: Record<string, Omit<Entry, 'inputs'> & { readonly inputs: readonly number[] }>;
}

export type Index = ReadonlyMap<string, Entry>;

export const toInputs = (fingerprint: Fingerprint): Input[] =>
  Object.entries(fingerprint).map(([path, was]) => ({ path, was }));

/** Throws on anything but what `formatIndex` made. */
export function parseIndex(text: string): Index {
  const { inputs, entries }: Stored = JSON.parse(text);
  const shared = inputs.map(([path, was]): Input => ({ path, was }));
  const input = (number: number): Input => {
    const found = shared[number];
    if (!found) throw new Error(`no input ${number}`);
    return found;
  };
  return new Map(
    Object.entries(entries).map(([key, entry]) => [key, { ...entry, inputs: entry.inputs.map(input) }] as const),
  );
}

export function formatIndex(index: Index): string {
  const inputs: Stored['inputs'][number][] = [];
  const numbers = new Map<string, number>();
  const number = ({ path, was }: Input): number => {
    const key = `${was} ${path}`;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, inputs.length);
    return inputs.push([path, was]) - 1;
  };
  const entries: Record<string, Stored['entries'][string]> = {};
  for (const [key, entry] of index) entries[key] = { ...entry, inputs: entry.inputs.map(number) };
  return JSON.stringify({ inputs, entries } satisfies Stored);
}
