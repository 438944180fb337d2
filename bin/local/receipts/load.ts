import { integer, seededRandom, shuffle } from '../random';

export type ReceiptKind = 'healthy' | 'fails once' | 'fails each time' | 'permanently bad';

export interface Receipt {
  readonly kind: ReceiptKind;
  /** What the function is invoked with. */
  readonly payload: { readonly receiptId: string; readonly address: string; readonly cents: number };
}

const SHARES: readonly (readonly [ReceiptKind, count: number, address: string])[] = [
  ['healthy', 8, 'someone@shop.example'],
  ['fails once', 1, 'someone@busy.example'],
  ['fails each time', 2, 'someone@down.example'],
  ['permanently bad', 1, 'nobody'],
];

/** The receipts that are mailed. Pure. */
export function buildReceipts(seed: number): Receipt[] {
  const random = seededRandom(seed);
  const kinds = SHARES.flatMap(([kind, count, address]) => Array.from({ length: count }, () => ({ kind, address })));
  return shuffle(random, kinds).map(({ kind, address }, i) => ({
    kind,
    payload: { receiptId: `receipt-${String(i + 1).padStart(2, '0')}`, address, cents: integer(random, 1, 100_00) },
  }));
}
