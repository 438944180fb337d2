import type { DeadLetter } from './dead-letters';
import type { LedgerRow } from './ledger';
import type { QueuelessName, WorkerName } from './reference';

/** What can be seen of the deployed app at one moment. */
export interface Sight {
  readonly rows: readonly LedgerRow[];
  readonly deadLetters: Readonly<Record<WorkerName | QueuelessName, readonly DeadLetter[]>>;
  /** What is in the log of accounts. */
  readonly logRows: readonly LedgerRow[];
  /** How many messages each queue holds yet, those in flight included. */
  readonly waiting: Readonly<Record<WorkerName, number>>;
}

/** What one pattern of the app adds to the books. */
export interface Page {
  /** Whether all that was sent has met its fate and nothing is under way. */
  readonly isComplete: boolean;
  /** What must not be, a line each: nothing if the books balance. */
  readonly problems: readonly string[];
  /** A few words on the way there. */
  progress(): string;
  /** The account, to print. */
  table(): string;
  /** What a page without problems has shown. */
  verdict(): string;
}

/** Writes the page of a pattern whose load was sent. Pure. */
export type Bookkeeper<P extends Page = Page> = (sight: Sight) => P;
/** One that asks the app for more than there is in sight. */
export type AskingBookkeeper<P extends Page = Page> = (sight: Sight) => Promise<P>;
export type Bookkeepers = Readonly<Record<string, Bookkeeper | AskingBookkeeper>>;
/** The books: a page of each. */
export type Books<B extends Bookkeepers> = { readonly [Name in keyof B]: Awaited<ReturnType<B[Name]>> };
