import { describe } from '../../lambda/runtime/describe';
import { type Command, help, parse, usage } from './command';
import { COMMANDS } from './commands';
import { printableLines } from './printable';
import { Problem, UsageProblem } from './problem';
import type { World } from './world';

const overview = (): string => {
  const rows = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(8)} ${summary}`);
  return ['cdk-async <command> [options]', '', ...rows, '', '  cdk-async <command> --help tells more'].join('\n');
};

const commandOf = (name: string | undefined): Command => {
  const command = COMMANDS.find((each) => each.name === name);
  if (command) return command;
  throw new UsageProblem(
    `got ${name === undefined ? 'no command' : name}, expected one of ${COMMANDS.map((each) => each.name).join(', ')}`,
  );
};

/** Runs a command line, and returns its exit code: 0, 1 if something failed, 2 if the line is wrong, 130 if interrupted. */
export async function run(args: readonly string[], makeWorld: () => World): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h') {
    console.log(overview());
    return name === undefined ? 2 : 0;
  }
  try {
    const command = commandOf(name);
    const { values, positionals } = parse(command, rest);
    if (values.help) {
      console.log(help(command));
      return 0;
    }
    if (typeof values.region === 'string') process.env.AWS_REGION = values.region;
    if (typeof values.profile === 'string') process.env.AWS_PROFILE = values.profile;
    return (await command.run({ world: guarded(makeWorld()), values, positionals, json: values.json === true })) ?? 0;
  } catch (error) {
    console.error(printableLines(textOf(error)));
    if (error instanceof UsageProblem) console.error(hint(name));
    return error instanceof Problem ? error.exitCode : 1;
  }
}

/** The same, for a terminal. What is on a line is escaped where it is written: only there it is known what is one line. */
const guarded = (world: World): World => ({
  aws: world.aws,
  now: world.now,
  sleep: world.sleep,
  interrupted: world.interrupted,
  out: (line) => world.out(printableLines(line)),
  note: (line) => world.note(printableLines(line)),
  progress: (line) => world.progress(printableLines(line)),
  ask: (question) => world.ask(printableLines(question)),
});

/** Of AWS's errors the name says more than the stack. */
const textOf = (error: unknown): string => {
  const { name, message } = describe(error);
  return error instanceof Problem ? message : `${name}: ${message}`;
};

const hint = (name: string): string => {
  const command = COMMANDS.find((each) => each.name === name);
  return `usage: ${command ? usage(command) : 'cdk-async <command> [options]'}; --help tells more`;
};
