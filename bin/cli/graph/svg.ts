import { layers } from './layout';
import { linesOf } from './mermaid';
import { DEAD_LETTER_QUEUE, type Graph, type GraphEdge, type GraphNode } from './model';

const LINE = 16;
const CHARACTER = 7;
const PADDING = 10;
const GAP = { x: 110, y: 24 } as const;
const MARGIN = 20;

interface Box {
  readonly node: GraphNode;
  readonly lines: readonly string[];
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const escaped = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

const sizeOf = (lines: readonly string[]): { width: number; height: number } => ({
  width: Math.max(...lines.map(({ length }) => length)) * CHARACTER + 2 * PADDING,
  height: lines.length * LINE + 2 * PADDING,
});

/** Boxes in columns, none on another. */
export function boxesOf(graph: Graph): Map<string, Box> {
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const boxes = new Map<string, Box>();
  let x = MARGIN;
  for (const column of layers(graph)) {
    let y = MARGIN;
    let widest = 0;
    for (const id of column) {
      const node = byId.get(id)!;
      const lines = linesOf(node);
      const { width, height } = sizeOf(lines);
      boxes.set(id, { node, lines, x, y, width, height });
      y += height + GAP.y;
      widest = Math.max(widest, width);
    }
    x += widest + GAP.x;
  }
  return boxes;
}

function drawn({ node, lines, x, y, width, height }: Box): string {
  const fill = node.kind === DEAD_LETTER_QUEUE ? '#fde8e8' : node.kind === 'CircuitBreaker' ? '#fff4d6' : '#e8f1fd';
  const text = lines.map(
    (line, i) =>
      `<text x="${x + width / 2}" y="${y + PADDING + LINE * (i + 0.75)}"${i === 0 ? ' font-weight="bold"' : ''}>${escaped(line)}</text>`,
  );
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" fill="${fill}" stroke="#444"/>${text.join('')}`;
}

/** To the right where it can; back from side to side; within a column in a bow beside it. `c1` and `c2` are where the curve bends. */
function route(a: Box, b: Box): Record<'x1' | 'y1' | 'x2' | 'y2' | 'c1' | 'c2', number> {
  const [y1, y2] = [a.y + a.height / 2, b.y + b.height / 2];
  if (b.x > a.x + a.width) {
    const [x1, x2] = [a.x + a.width, b.x];
    return { x1, y1, x2, y2, c1: (x1 + x2) / 2, c2: (x1 + x2) / 2 };
  }
  if (a.x > b.x + b.width) {
    const [x1, x2] = [a.x, b.x + b.width];
    return { x1, y1, x2, y2, c1: (x1 + x2) / 2, c2: (x1 + x2) / 2 };
  }
  const [x1, x2] = [a.x + a.width, b.x + b.width];
  const bow = Math.max(x1, x2) + GAP.x / 2;
  return { x1, y1, x2, y2, c1: bow, c2: bow };
}

const DOTTED: ReadonlySet<string> = new Set(['dead', 'pauses', 'reads']);

function arrow(
  { from, to, kind, label }: GraphEdge,
  boxes: ReadonlyMap<string, Box>,
): { path: string; label: string } | undefined {
  const [a, b] = [boxes.get(from), boxes.get(to)];
  if (!a || !b) return undefined;
  const { x1, y1, x2, y2, c1, c2 } = route(a, b);
  const said = (kind === 'dead' ? [label] : [kind, label]).filter((word) => word !== undefined).join(', ');
  return {
    path: `<path d="M${x1},${y1} C${c1},${y1} ${c2},${y2} ${x2},${y2}" fill="none" stroke="#444"${DOTTED.has(kind) ? ' stroke-dasharray="4 3"' : ''} marker-end="url(#arrow)"/>`,
    // The white around it keeps it readable where arrows pass.
    label:
      said &&
      `<text x="${(x1 + x2) / 2}" y="${(y1 + y2) / 2 + 3}" font-size="10" stroke="#fff" stroke-width="4" paint-order="stroke">${escaped(said)}</text>`,
  };
}

/** The graph as a picture of its own, labels on top. Pure. */
export function svg(graph: Graph): string {
  const boxes = boxesOf(graph);
  const all = [...boxes.values()];
  const width = Math.max(0, ...all.map((box) => box.x + box.width)) + MARGIN;
  const height = Math.max(0, ...all.map((box) => box.y + box.height)) + MARGIN;
  const arrows = graph.edges.flatMap((edge) => arrow(edge, boxes) ?? []);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" text-anchor="middle">`,
    '<title>Who sends to whom</title>',
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#444"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...arrows.map(({ path }) => path),
    ...all.map(drawn),
    ...arrows.map(({ label }) => label).filter((label) => label !== ''),
    '</svg>',
  ].join('\n');
}
