import * as fc from 'fast-check';
import { KEYS, NUMBERS, TEXTS, VALUES } from './corpus';

type Tree = any;

/** One change: where, how, and with what; numbers of which as much is used as there is to choose from. */
export type Change = readonly [where: number, how: number, what: number];

/** Changes to a valid input; without any it stays valid. */
export const changes = (max = 4): fc.Arbitrary<readonly Change[]> =>
  fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { maxLength: max });

/** Places of a tree, as their parent and their name there. */
function placesOf(root: Tree): [parent: Tree, name: string][] {
  const places: [Tree, string][] = [];
  const open: Tree[] = [root];
  while (open.length > 0 && places.length < 5_000) {
    const parent = open.pop();
    for (const name of Object.keys(parent)) {
      places.push([parent, name]);
      if (typeof parent[name] === 'object' && parent[name] !== null) open.push(parent[name]);
    }
  }
  return places;
}

/** As JSON.parse does, which makes a property of `__proto__`. */
const put = (parent: Tree, name: string, value: Tree): void => {
  if (Array.isArray(parent)) parent[Number(name)] = value;
  else Object.defineProperty(parent, name, { value, enumerable: true, configurable: true, writable: true });
};

const pick = <T>(from: readonly T[], n: number): T => from[n % from.length]!;

/** A copy: what is put into a tree is changed with it. */
const aValue = (n: number): Tree => structuredClone(pick(VALUES, n));

const HOW = [
  'text',
  'value',
  'remove',
  'add',
  'rename',
  'wrap',
  'inside',
  'inside',
  'bytes',
  'number',
  'retype',
] as const;

/** Flips, cuts, doubles or inserts a character, as a bad wire would. */
function garbled(text: string, n: number): string {
  if (text === '') return String.fromCharCode(n % 65_536);
  const at = Math.floor(n / 4) % text.length;
  switch (n % 4) {
    case 0:
      return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << (n % 8))) + text.slice(at + 1);
    case 1:
      return text.slice(0, at);
    case 2:
      return text.slice(0, at) + text.slice(at, at + 8) + text.slice(at);
    default:
      return text.slice(0, at) + pick(TEXTS, n) + text.slice(at);
  }
}

/** JSON in a text is a tree as well. */
function inside(text: string, change: Change): string {
  try {
    const tree = JSON.parse(text);
    if (typeof tree === 'object' && tree !== null) return JSON.stringify(mutated(tree, [change]));
  } catch {}
  return garbled(text, change[2]);
}

/** Another number in its form, or, of what is none, one all the same. */
function numbered(value: Tree, n: number): Tree {
  const text = pick(NUMBERS, n);
  return typeof value === 'string' ? text : Number(text);
}

function retyped(value: Tree): Tree {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return [value];
  return Number.isNaN(Number(value)) ? [value] : Number(value);
}

function apply(root: Tree, [where, how, what]: Change): void {
  const places = placesOf(root);
  if (places.length === 0) return;
  const [parent, name] = pick(places, where);
  const value = parent[name];
  switch (pick(HOW, how)) {
    case 'text':
      put(parent, name, pick(TEXTS, what));
      break;
    case 'value':
      put(parent, name, aValue(what));
      break;
    case 'remove':
      if (Array.isArray(parent)) parent.splice(Number(name), 1);
      else delete parent[name];
      break;
    case 'add':
      if (Array.isArray(parent)) parent.push(aValue(what));
      else put(parent, pick(KEYS, what), aValue(where));
      break;
    case 'rename':
      if (Array.isArray(parent)) break;
      delete parent[name];
      put(parent, pick(KEYS, what), value);
      break;
    case 'wrap':
      put(parent, name, what % 2 === 0 ? [value] : { [pick(KEYS, what)]: value });
      break;
    case 'inside':
      if (typeof value === 'string') put(parent, name, inside(value, [what, where, how]));
      break;
    case 'bytes':
      put(parent, name, typeof value === 'string' ? garbled(value, what) : aValue(what));
      break;
    case 'number':
      put(parent, name, numbered(value, what));
      break;
    case 'retype':
      put(parent, name, retyped(value));
      break;
  }
}

/** A copy with the changes made. */
export function mutated<T>(valid: T, made: readonly Change[]): T {
  const root = { root: structuredClone(valid) };
  for (const change of made) apply(root, change);
  return root.root;
}
