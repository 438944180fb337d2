// The schema of the order of about 0.9 KB that every record carries.
import { z } from 'zod';

/** Apart from work.ts: a contender that does not validate must not bundle zod. */
export const Order = z.object({
  orderId: z.string(),
  placedAt: z.string(),
  customer: z.object({ id: z.string(), email: z.string(), name: z.string() }),
  address: z.object({ street: z.string(), city: z.string(), postalCode: z.string(), country: z.string().length(2) }),
  currency: z.enum(['EUR', 'USD']),
  lines: z.array(
    z.object({
      sku: z.string(),
      title: z.string(),
      quantity: z.number().int().positive(),
      unitPrice: z.number().nonnegative(),
    }),
  ),
  note: z.string().optional(),
});

export type Order = z.infer<typeof Order>;
