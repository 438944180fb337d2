/** What all code of a process shares, and an input could reach by a key of its own. */
const SHARED: readonly object[] = [
  ...[Object, Array, Function, String, Number, Boolean, BigInt, Symbol, Date, RegExp, Error, TypeError, Promise],
  ...[Map, Set, WeakMap, WeakSet, Uint8Array, ArrayBuffer, Buffer, URL],
].flatMap((of) => [of, of.prototype as object]);
const ALL: readonly object[] = [...SHARED, JSON, Math, Reflect];

const look = (it: object): Map<PropertyKey, unknown> =>
  new Map(
    Reflect.ownKeys(it).map((key) => {
      const { value, get } = Object.getOwnPropertyDescriptor(it, key)!;
      return [key, get ?? value];
    }),
  );

/** What of them is another since then. */
export function watchIntrinsics(): () => string[] {
  const before = ALL.map(look);
  return () =>
    ALL.flatMap((it, i) => {
      const now = look(it);
      const keys = [...new Set([...before[i]!.keys(), ...now.keys()])];
      const changed = keys.filter((key) => !Object.is(before[i]!.get(key), now.get(key)));
      return changed.map((key) => `${typeof it === 'function' ? it.name : 'an intrinsic'}.${String(key)}`);
    });
}
