import { asyncFunction, PermanentError } from 'cdk-async-patterns/runtime';
import { z } from 'zod';
import { deliver } from './mail-server';

const Receipt = z.object({ receiptId: z.string().min(1), address: z.string(), cents: z.number().int().positive() });

/** Mails a receipt. Lambda tries again what fails; what has failed to the end is in the dead-letter queue, as it was handed over. */
export const handler = asyncFunction({
  schema: Receipt,
  async process({ receiptId, address, cents }, { signal, log }) {
    // It will be no address at the next attempt too.
    if (!address.includes('@')) throw new PermanentError(`receipt ${receiptId} has no address that mail could go to`);

    await deliver({ id: receiptId, address, text: `Paid: ${(cents / 100).toFixed(2)} EUR` }, signal);
    log.info('receipt mailed', { receiptId });
  },
});
