import { DEAD_LETTER_QUEUE, type Graph, type GraphEdge, type GraphNode } from './model';

/** Quotes end a label, and `#` begins an entity of Mermaid's. */
const escaped = (text: string): string =>
  text.replace(/#/g, '#35;').replace(/"/g, '#quot;').replace(/[<>]/g, '').replace(/\s+/g, ' ');

/** What is written in a box. */
export const linesOf = ({ id, kind, limits }: GraphNode): string[] =>
  kind === DEAD_LETTER_QUEUE ? ['dead letters'] : [id.split('/').slice(1).join('/') || id, kind, ...limits];

/** A template says of itself what kinds there are: also such as an object has by nature. */
const shapes: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['FanOutTopic', ['([', '])']],
  ['EventLog', ['[(', ')]']],
  ['Table', ['[(', ')]']],
  ['CircuitBreaker', ['{{', '}}']],
  [DEAD_LETTER_QUEUE, ['[/', '/]']],
]);

const dotted: ReadonlySet<GraphEdge['kind']> = new Set(['dead', 'pauses', 'reads']);

/** The graph as a flowchart. Pure. */
export function mermaid({ nodes, edges }: Graph): string {
  const names = new Map(nodes.map(({ id }, i) => [id, `n${i}`]));
  const boxes = nodes.map((node) => {
    const [open, close] = shapes.get(node.kind) ?? ['[', ']'];
    return `  ${names.get(node.id)}${open}"${linesOf(node).map(escaped).join('<br>')}"${close}`;
  });
  const arrows = edges.map(({ from, to, kind, label }) => {
    const said = kind === 'dead' ? label : label === undefined ? kind : `${kind}, ${label}`;
    return `  ${names.get(from)} ${dotted.has(kind) ? '-.->' : '-->'}${said === undefined ? '' : `|"${escaped(said)}"|`} ${names.get(to)}`;
  });
  return ['flowchart LR', ...boxes, ...arrows].join('\n');
}
