import { reasonFor } from './reasons';
import { isKilled, type Verdict } from './verdicts';

const HEAD = `# What each permission is for

\`npm run mutate:iam\` deploys every pattern to the local target, which evaluates IAM's policies on each call, takes one permission of
a role away at a time while it runs, and asks the pattern for everything that it promises: messages, failures, duplicates, an
outage, replays, cancellations. What is in the first table was seen to fail, and the role to be refused for want of just this
permission. With all permissions no promise of these apps was broken. \`npm run test:iam\` runs the deployed tests the same way.

One permission stands for all of its kind: the same action, by the same statement of the same construct. *What is in it* means the
objects of a bucket or an index of a table. *A connected function* is one of yours that was given to a \`connect…\` method. What you
grant to your own resources is not listed.
`;

const row = (kind: string, text: string): string => `| ${kind} | ${text} |`;
const table = (head: string, rows: readonly string[]): string =>
  [head, head.replace(/[^|]+/g, ' --- '), ...[...rows].sort()].join('\n');

/** A page of what is known of permissions; \`all\` are those of the fullest forms of all constructs. */
export function report(verdicts: readonly Verdict[], all: readonly string[]): string {
  const tried = new Map(verdicts.map((verdict) => [verdict.kind, verdict]));
  const killed = verdicts.filter(isKilled);
  const survivors = verdicts.filter((verdict) => !isKilled(verdict));
  const rest = [...new Set([...all, ...tried.keys()])].filter(
    (kind) => !(tried.has(kind) && (isKilled(tried.get(kind)!) || survivors.includes(tried.get(kind)!))),
  );
  const reasons = Map.groupBy(rest, reasonFor);
  const untold = reasons.get(undefined) ?? [];
  reasons.delete(undefined);
  const kinds = killed.length + survivors.length + rest.length;
  const parts = [
    HEAD,
    `Of ${kinds} kinds of permissions ${killed.length} were seen to be needed; ${survivors.length} survive, ${untold.length} were not ` +
      `tried, and ${rest.length - untold.length} the local target does not ask about.`,
    `\n## What fails without it\n\n${table(
      '| role | action | on | what fails |',
      killed.map(({ kind, broken }) => row(kind, broken.join('; '))),
    )}`,
    ...(survivors.length > 0
      ? [
          `\n## Survivors\n\nNothing of what was promised was seen to fail without these.\n\n${table(
            '| role | action | on | what was seen |',
            survivors.map(({ kind, refused }) =>
              row(kind, refused ? 'refused, and nothing failed' : 'not used in this run'),
            ),
          )}`,
        ]
      : []),
    ...(untold.length > 0
      ? [
          `\n## Not tried\n\nThe apps of this run do not use these.\n\n${table(
            '| role | action | on | |',
            untold.map((kind) => row(kind, '')),
          )}`,
        ]
      : []),
    '\n## What the local target does not ask about\n',
    ...[...reasons].map(
      ([reason, of]) =>
        `${reason!.why} [AWS asks for it](${reason!.see}).\n\n${table(
          '| role | action | on |',
          of.map((kind) => `| ${kind} |`),
        )}\n`,
    ),
  ];
  return `${parts.join('\n').trimEnd()}\n`;
}
