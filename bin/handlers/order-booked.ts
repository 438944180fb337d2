import { z } from 'zod';

/** What the shop tells everyone who asked, once an order is booked. */
export const OrderBooked = z.object({
  orderId: z.string().min(1),
  customer: z.string().min(1),
  total: z.number().nonnegative(),
});

export type OrderBooked = z.infer<typeof OrderBooked>;
