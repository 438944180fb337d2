import { integer, seededRandom, shuffle } from '../../bin/local/random';
import type { Work } from './app/work';

/** What messages are sent to. `billing`, `audit` and `balances` get what comes of others. */
export const SENT = [
  'charges',
  'steps',
  'documents',
  'mails',
  'jobs',
  'orders',
  'clicks',
  'accounts',
  'thumbnails',
] as const;
export const DERIVED = ['billing', 'audit', 'balances'] as const;

export type Sent = (typeof SENT)[number];
export type Derived = (typeof DERIVED)[number];
export type PatternName = Sent | Derived;

export type SentLoad = Readonly<Record<Sent, readonly Work[]>>;
export type Load = Readonly<Record<PatternName, readonly Work[]>>;

/** The share of all messages, those that come of others included. */
const SHARES: Readonly<Record<Sent, number>> = {
  charges: 0.39,
  steps: 0.06,
  documents: 0.06,
  mails: 0.08,
  jobs: 0.03,
  // And once more at billing, and half of them at audit.
  orders: 0.1,
  clicks: 0.06,
  // And once more at balances.
  accounts: 0.03,
  thumbnails: 0.01,
};

/** Patterns in which a message that fails each time is tried until it is dead, without holding up others for long. */
const WITH_HOPELESS: readonly Sent[] = ['charges', 'documents'];
/** Far more than anybody tries. */
export const ALWAYS = 1_000_000;
/** More than the payload store lets travel. */
const PADDING = 4_000;
const GROUP_SIZE = 20;

/** Jobs are submitted twice at once, and are one all the same; messages with one key come apart. */
const COPIED: readonly Sent[] = ['charges'];

function works(pattern: Sent, count: number, random: () => number): Work[] {
  const groups = Math.max(2, Math.ceil(count / GROUP_SIZE));
  const stepOf = new Map<string, number>();
  const next = (group: string): number => {
    stepOf.set(group, (stepOf.get(group) ?? 0) + 1);
    return stepOf.get(group)!;
  };
  const made: Work[] = [];
  const originals = COPIED.includes(pattern) ? Math.ceil(count * 0.9) : count;
  for (let i = 0; i < originals; i++) {
    const draw = random();
    const group = `${pattern}-group-${integer(random, 1, groups)}`;
    const id = `${pattern}-${i + 1}`;
    const isHopeless = draw < 0.002 && WITH_HOPELESS.includes(pattern);
    made.push({
      id,
      key: id,
      // One in fifty is bad, one in ten fails once or twice.
      bad: !isHopeless && draw < 0.02,
      fails: isHopeless ? ALWAYS : draw >= 0.9 ? integer(random, 1, 2) : 0,
      ...(pattern === 'thumbnails' && draw >= 0.9 && { fails: 1 }),
      ...(['steps', 'clicks', 'accounts'].includes(pattern) && { group, step: next(group) }),
      ...(pattern === 'orders' && { step: i }),
      ...(['documents', 'thumbnails'].includes(pattern) && { padding: 'x'.repeat(PADDING) }),
    });
  }
  // The rest are copies: the same thing asked for once more, under another id.
  for (let i = made.length; i < count; i++) {
    const of = made[integer(random, 0, originals - 1)]!;
    made.push({ ...of, id: `${of.id}-copy-${i}` });
  }
  return COPIED.includes(pattern) ? shuffle(random, made) : made;
}

const isGood = ({ bad, fails }: Work): boolean => !bad && fails < ALWAYS;

/** What is sent. Pure: the same seed makes the same load. */
export function buildLoad(seed: number, messages: number): SentLoad {
  const random = seededRandom(seed);
  return Object.fromEntries(
    SENT.map((pattern) => [pattern, works(pattern, Math.max(4, Math.round(messages * SHARES[pattern])), random)]),
  ) as Record<Sent, Work[]>;
}

/** What was sent, and what is to come of it. Pure. */
export function withDerived(sent: SentLoad): Load {
  const told = sent.orders.filter(isGood).map((order) => ({ ...order, fails: 0 }));
  const versions = new Map<string, number>();
  return {
    ...sent,
    billing: told,
    audit: told.filter(({ step = 0 }) => step % 2 === 0),
    // Which command becomes which version is decided by who is first; that there is each version is not.
    balances: sent.accounts.filter(isGood).map(({ group = '' }) => {
      const step = (versions.get(group) ?? 0) + 1;
      versions.set(group, step);
      const id = `${group}@${step}`;
      return { id, key: id, fails: 0, bad: false, group, step };
    }),
  };
}

export const sizeOf = (load: Load): number => Object.values(load).reduce((sum, { length }) => sum + length, 0);
