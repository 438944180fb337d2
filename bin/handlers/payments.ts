import { DependencyError, worker } from 'cdk-async-patterns/runtime';
import { z } from 'zod';
import { charge } from './payment-provider';

const Payment = z.object({ paymentId: z.string(), cents: z.number().int().positive() });

/** Has a payment charged once, however often it is sent or delivered, and waits with all others while the provider is down. */
export const handler = worker({
  schema: Payment,
  // An id that is empty, or that came with another amount before, is a permanent error.
  idempotencyKey: ({ paymentId }) => paymentId,
  async process(payment, context) {
    try {
      await charge(payment, context);
    } catch (error) {
      // This is what the circuit breaker counts. A card that is refused would be a PermanentError: the provider is well.
      throw new DependencyError('payment provider', error);
    }
    context.log.info('payment charged', { paymentId: payment.paymentId });
  },
});
