import { run } from '../../bin/cli/run';
import { deployed, FakeWorld } from '../bin/cli/fake-aws';
import { accepted, type Fate, refused } from './decoder';

/** What a terminal would act on: everything but the end of a line. */
const ACTS = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

/** Runs a command line, and holds it to what all promise: it ends by itself, and a terminal shows what it says as it is. */
export async function cli(world: FakeWorld, args: readonly string[]): Promise<Fate> {
  const errors: string[] = [];
  const saved = { error: console.error, log: console.log, env: { ...process.env } };
  console.error = (line) => void errors.push(String(line));
  console.log = () => {};
  let code: number;
  try {
    code = await run(args, () => world);
  } finally {
    Object.assign(console, { error: saved.error, log: saved.log });
    process.env = saved.env;
  }
  if (![0, 1, 2, 130].includes(code)) throw new Error(`ended with ${code}`);
  for (const line of [...world.lines, ...world.notes, ...world.bars, ...errors].flatMap((it) => it.split('\n'))) {
    if (ACTS.test(line)) throw new Error(`a terminal acts on ${JSON.stringify(line)}`);
    if (/TypeError|ReferenceError|Cannot (read|convert)|is not a function|Maximum call/.test(line))
      throw new Error(`crashed: ${line}`);
  }
  if (args.includes('--json')) for (const line of world.lines) JSON.parse(line);
  return code === 0 ? accepted() : refused();
}

export const shop = (): FakeWorld => {
  const world = new FakeWorld();
  deployed(
    world.aws,
    {
      kind: 'AsyncApi',
      path: 'Shop/Api',
      resources: { table: 'jobs', function: 'api-fn' },
    },
    { kind: 'EventLog', path: 'Shop/Log', resources: { replayer: 'replayer-fn' } },
  );
  return world;
};
