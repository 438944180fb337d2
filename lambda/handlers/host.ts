/** What the library's own functions reach outside themselves, clients aside. */
export const host = {
  env: process.env,
  now: Date.now,
  random: Math.random,
  write: (line: string): void => {
    process.stdout.write(`${line}\n`);
  },
};
