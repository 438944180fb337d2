import { jsonLoggers } from '../../runtime/log';

const write = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** What our functions of an event log share of the process that they run in. */
export const host = {
  env: process.env,
  now: Date.now,
  random: Math.random,
  write,
};

export const required = (name: string): string => {
  const value = process.env[name];
  if (value === undefined)
    throw new Error(`environment variable ${name}: got none, expected what the construct writes`);
  return value;
};

export const logger = (log: string) => jsonLoggers(host)({ eventLog: log }).own;
