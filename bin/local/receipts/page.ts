import { isDeepStrictEqual } from 'node:util';
import type { DeadLetter } from '../dead-letters';
import { type Expected, type Fates, fateProblems, fateProgress, fatesOf, fateTable, isMissing } from '../fates';
import { rowsOf } from '../ledger';
import type { Bookkeeper, Page } from '../page';
import type { Receipt, ReceiptKind } from './load';

/** What the handler told the mail server, all attempts together. */
interface Mail {
  readonly mailId: string;
  readonly attempts: number;
  /** How often it was taken; nothing if it never was. */
  readonly delivered?: number;
}

export interface ReceiptsPage extends Page, Fates {
  readonly mails: readonly Mail[];
}

/** What Lambda, or the runtime in its place, says of an invocation that failed. */
interface Failure {
  readonly requestContext: { readonly condition: string };
  readonly requestPayload: Receipt['payload'];
  readonly responsePayload: { readonly errorMessage: string };
}

const DEAD_BECAUSE: Partial<Record<ReceiptKind, RegExp>> = {
  'fails each time': /^RetriesExhausted: down\.example answered 451/,
  'permanently bad': /^PermanentError: receipt .* has no address/,
};
/** How often the mail server must have been asked: the function tries again once, and what is permanent does not come so far. */
const ATTEMPTS: Record<ReceiptKind, number> = {
  healthy: 1,
  'fails once': 2,
  'fails each time': 2,
  'permanently bad': 0,
};

const expectedOf = ({ kind, payload }: Receipt): Expected => ({
  id: payload.receiptId,
  kind,
  deadBecause: DEAD_BECAUSE[kind],
});

const failureOf = ({ body }: DeadLetter): Failure => JSON.parse(body) as Failure;

function receiptProblems({ kind, payload }: Receipt, mail: Mail | undefined, failures: readonly Failure[]): string[] {
  const { receiptId } = payload;
  const attempts = mail?.attempts ?? 0;
  const problems: string[] = [];
  if (attempts !== ATTEMPTS[kind]) problems.push(`${receiptId} was tried ${attempts} times, not ${ATTEMPTS[kind]}`);
  if (failures.some(({ requestPayload }) => !isDeepStrictEqual(requestPayload, payload)))
    problems.push(`${receiptId} is dead with another payload than it was handed over with`);
  return problems;
}

/** What became of the invocations. */
export const receiptsPage =
  (invoked: readonly Receipt[]): Bookkeeper<ReceiptsPage> =>
  ({ rows, deadLetters }) => {
    const mails = rowsOf<Mail>(rows, 'mail');
    const failures = deadLetters.receipts.map(failureOf);
    const fates = fatesOf(
      invoked.map(expectedOf),
      mails.flatMap(({ mailId, delivered = 0 }) => Array.from({ length: delivered }, () => mailId)),
      failures.map(({ requestContext, requestPayload, responsePayload }) => ({
        id: requestPayload.receiptId,
        reason: `${requestContext.condition}: ${responsePayload.errorMessage}`,
      })),
    );
    const ownProblems = invoked.flatMap((receipt) => {
      const { receiptId } = receipt.payload;
      return receiptProblems(
        receipt,
        mails.find(({ mailId }) => mailId === receiptId),
        failures.filter(({ requestPayload }) => requestPayload.receiptId === receiptId),
      );
    });
    return {
      ...fates,
      mails,
      isComplete: !fates.fates.some(isMissing),
      problems: [...fateProblems(fates), ...ownProblems],
      progress: () => fateProgress('receipts', fates),
      table: () => fateTable('receipts, invoked', fates),
      verdict: () =>
        `All ${invoked.length} invocations are accounted for, the dead with what they were handed over with.`,
    };
  };
