import { z } from 'zod';

/** What the API takes and the worker reads. */
export const InvoiceRequest = z.object({
  orderId: z.string().min(1).max(64),
  /** Decides the tax. https://www.iso.org/iso-3166-country-codes.html */
  country: z.string().length(2),
  cents: z.int().positive(),
});
export type InvoiceRequest = z.infer<typeof InvoiceRequest>;

/** The result of the job. */
export interface Invoice {
  readonly orderId: string;
  readonly netCents: number;
  readonly taxCents: number;
}
