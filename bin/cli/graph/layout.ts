import type { Graph } from './model';

/** Columns of ids, so that arrows point to the right wherever there is no circle. Pure. */
export function layers({ nodes, edges }: Graph): string[][] {
  const targets = new Map(nodes.map(({ id }) => [id, [] as string[]]));
  // Who reads does not come before what it reads from: that came from elsewhere.
  for (const { from, to, kind } of edges) if (kind !== 'reads') targets.get(from)?.push(to);
  const acyclic = withoutCircles(targets);
  const depth = new Map<string, number>();
  const depthOf = (id: string): number => {
    const known = depth.get(id);
    if (known !== undefined) return known;
    const sources = [...acyclic].filter(([, to]) => to.includes(id)).map(([from]) => depthOf(from));
    const found = Math.max(-1, ...sources) + 1;
    depth.set(id, found);
    return found;
  };
  const deepest = Math.max(-1, ...nodes.map(({ id }) => depthOf(id)));
  const columns = Array.from({ length: deepest + 1 }, (_, at) =>
    nodes.filter(({ id }) => depthOf(id) === at).map(({ id }) => id),
  );
  return untangled(columns, acyclic);
}

/** The same without the arrows that go back to where they come from. */
function withoutCircles(targets: ReadonlyMap<string, readonly string[]>): Map<string, string[]> {
  const kept = new Map([...targets.keys()].map((id) => [id, [] as string[]]));
  const state = new Map<string, 'open' | 'done'>();
  const visit = (id: string): void => {
    state.set(id, 'open');
    for (const to of targets.get(id) ?? []) {
      if (state.get(to) === 'open') continue;
      kept.get(id)!.push(to);
      if (!state.has(to)) visit(to);
    }
    state.set(id, 'done');
  };
  for (const id of targets.keys()) if (!state.has(id)) visit(id);
  return kept;
}

/** Each column in the order of the middle of those that its boxes come from. */
function untangled(columns: string[][], targets: ReadonlyMap<string, readonly string[]>): string[][] {
  const place = new Map<string, number>();
  return columns.map((column) => {
    const middle = (id: string, i: number): number => {
      const places = [...targets].flatMap(([from, to]) => (to.includes(id) ? (place.get(from) ?? []) : []));
      return places.length > 0 ? places.reduce((sum, at) => sum + at, 0) / places.length : i;
    };
    const ordered = column
      .map((id, i) => ({ id, at: middle(id, i), i }))
      .sort((a, b) => a.at - b.at || a.i - b.i)
      .map(({ id }) => id);
    for (const [i, id] of ordered.entries()) place.set(id, i);
    return ordered;
  });
}
