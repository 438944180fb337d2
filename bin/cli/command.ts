import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageProblem } from './problem';
import type { World } from './world';

export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** What the value is called in the help. */
  readonly value?: string;
  readonly help: string;
}

export type Values = Readonly<Record<string, string | boolean | undefined>>;

/** What a command is given. */
export interface Call {
  readonly world: World;
  readonly positionals: readonly string[];
  readonly values: Values;
  /** Machines read the result: one JSON document, or one a line. */
  readonly json: boolean;
}

/** A command: each is a file, and in the list of `commands/index.ts`. */
export interface Command {
  readonly name: string;
  /** Its positional arguments, as the help writes them. */
  readonly args: string;
  readonly summary: string;
  readonly options?: Readonly<Record<string, Option>>;
  /** How many positional arguments it takes, or the least and the most. */
  readonly positionals: number | readonly [number, number];
  /** Returns the exit code; none is 0. */
  run(call: Call): Promise<number | undefined>;
}

export const GLOBAL_OPTIONS: Readonly<Record<string, Option>> = {
  stack: {
    type: 'string',
    value: 'name',
    help: 'the stack, where the first part of the target is not its name (stages, own names)',
  },
  json: { type: 'boolean', help: 'write the result as JSON' },
  region: { type: 'string', value: 'region', help: 'AWS region; default: that of the environment' },
  profile: { type: 'string', value: 'profile', help: 'AWS profile; default: that of the environment' },
  help: { type: 'boolean', short: 'h', help: 'show this' },
};

export interface Parsed {
  readonly values: Values;
  readonly positionals: readonly string[];
}

/** @throws UsageProblem if the arguments are none of the command's */
export function parse(command: Command, args: readonly string[]): Parsed {
  const options: ParseArgsConfig['options'] = {};
  for (const [name, { type, short }] of Object.entries({ ...GLOBAL_OPTIONS, ...command.options })) {
    options[name] = { type, ...(short && { short }) };
  }
  let parsed: Parsed;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    parsed = { values: values as Values, positionals };
  } catch (error) {
    throw new UsageProblem(`${command.name}: ${(error as Error).message}`);
  }
  const got = parsed.positionals.length;
  const [least, most] =
    typeof command.positionals === 'number' ? [command.positionals, command.positionals] : command.positionals;
  if (!parsed.values.help && (got < least || got > most)) {
    const expected = least === most ? least : `${least} or ${most}`;
    throw new UsageProblem(`${command.name}: got ${got} arguments, expected ${expected}: ${usage(command)}`);
  }
  return parsed;
}

export const usage = ({ name, args }: Command): string => `cdk-async ${name}${args && ` ${args}`}`;

export function help(command: Command): string {
  const lines = Object.entries({ ...command.options, ...GLOBAL_OPTIONS }).map(([name, option]) => {
    const flag = `${option.short ? `-${option.short}, ` : ''}--${name}${option.value ? ` <${option.value}>` : ''}`;
    return `  ${flag.padEnd(24)} ${option.help}`;
  });
  return [`${usage(command)} [options]`, `  ${command.summary}`, '', ...lines].join('\n');
}

export const text = (values: Values, name: string): string | undefined => {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
};

/** @throws UsageProblem if there is one, and it is no number above 0 */
export function positive(values: Values, name: string, whole = true): number | undefined {
  const value = text(values, name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value.trim() !== '' && number > 0 && number < Number.POSITIVE_INFINITY && (!whole || Number.isInteger(number))) {
    return number;
  }
  throw new UsageProblem(`--${name}: got ${value}, expected a ${whole ? 'whole ' : ''}number above 0`);
}

/** What is longer ago is before all times. */
const LONGEST = 100 * 365 * 86_400_000;
const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds. @throws UsageProblem if there is one, and it is no length of time */
export function duration(values: Values, name: string): number | undefined {
  const value = text(values, name);
  if (value === undefined) return undefined;
  const [, count, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(value) ?? [];
  const ms = Number(count) * (UNITS[unit!] ?? Number.NaN);
  if (!(ms <= LONGEST)) {
    throw new UsageProblem(`--${name}: got ${value}, expected a length of time such as 90s, 15m, 2h or 7d`);
  }
  return ms;
}
