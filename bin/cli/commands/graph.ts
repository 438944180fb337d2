import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, text } from '../command';
import { mermaid } from '../graph/mermaid';
import { graphOf } from '../graph/read';
import { svg } from '../graph/svg';
import { Problem, UsageProblem } from '../problem';

const FORMATS = ['mermaid', 'svg'];

/** The templates below a cloud assembly, those of stages and nested stacks included; or the one that is named. */
function templatesIn(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.template.json'))
      .sort()
      .map((file) => join(path, file));
  } catch {
    return [];
  }
}

export const graph: Command = {
  name: 'graph',
  args: '[<cloud assembly or template>]',
  summary: 'draw who sends to whom, with limits and dead-letter queues, from what cdk synth wrote; default: cdk.out',
  positionals: [0, 1],
  options: {
    format: { type: 'string', value: 'format', help: 'mermaid or svg; default: mermaid' },
  },
  async run({ world, positionals, values, json }) {
    const path = positionals[0] ?? 'cdk.out';
    const format = text(values, 'format') ?? 'mermaid';
    if (!FORMATS.includes(format))
      throw new UsageProblem(`--format: got ${format}, expected one of ${FORMATS.join(', ')}`);
    const stack = text(values, 'stack');
    const files = templatesIn(path).filter((file) => !stack || file.endsWith(`${stack}.template.json`));
    if (files.length === 0)
      throw new Problem(`${path}: got no template, expected some; run cdk synth, or name where it writes to`);
    const drawing = graphOf(files.map((file) => readFileSync(file, 'utf8')));
    if (json) world.out(JSON.stringify(drawing));
    else world.out(format === 'svg' ? svg(drawing) : mermaid(drawing));
    return undefined;
  },
};
