import { integer, seededRandom, shuffle } from '../random';

/** What is special about a job, if anything. */
export type Kind =
  | 'plain'
  /** Its caller got no answer, and sent it again under the same Idempotency-Key. */
  | 'sent twice'
  /** The handler calls it a permanent error. */
  | 'no tax rate'
  | 'cancelled';

export interface InvoiceJob {
  readonly kind: Kind;
  readonly request: { readonly orderId: string; readonly country: string; readonly cents: number };
}

/** The 60 jobs of `npm run local`. */
export const DEMO: Readonly<Record<Kind, number>> = { plain: 36, 'sent twice': 10, 'no tax rate': 6, cancelled: 8 };
/** Enough that those that are cancelled must wait. */
export const FEW: Readonly<Record<Kind, number>> = { plain: 28, 'sent twice': 3, 'no tax rate': 2, cancelled: 2 };

const COUNTRIES = ['CH', 'DE', 'FR'] as const;
/** Nobody taxes there. */
const UNTAXED = 'AQ';

/** The jobs in the order in which they are submitted. Pure: the same seed makes the same jobs. */
export function buildJobs(seed: number, size: Readonly<Record<Kind, number>> = DEMO): InvoiceJob[] {
  const random = seededRandom(seed);
  const { cancelled, ...others } = size;
  const kinds = Object.entries(others).flatMap(([kind, count]) => Array<Kind>(count).fill(kind as Kind));
  // Those that are cancelled come last: at this pace seconds pass before they would start.
  return [...shuffle(random, kinds), ...Array<Kind>(cancelled).fill('cancelled')].map((kind, i) => ({
    kind,
    request: {
      orderId: `invoice-${String(i + 1).padStart(2, '0')}`,
      country: kind === 'no tax rate' ? UNTAXED : COUNTRIES[integer(random, 0, COUNTRIES.length - 1)]!,
      cents: integer(random, 100, 99_999),
    },
  }));
}
