import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { PermanentError, worker } from 'cdk-async-patterns/runtime';
import { type Invoice, InvoiceRequest } from './invoice';

const ledger = DynamoDBDocumentClient.from(new DynamoDBClient());

// In thousandths: 8.1 % of some cents is no sum for floating point.
const TAX_PER_MILLE: ReadonlyMap<string, number> = new Map([
  ['CH', 81],
  ['DE', 190],
  ['FR', 200],
]);

/**
 * Makes an invoice at the pace that the tax office bears; what it returns is the result of the job. One row for each time that
 * it was made, so that a second time would show.
 */
export const handler = worker({
  schema: InvoiceRequest,
  async process({ orderId, country, cents }, { job, messageId, receiveCount, signal, log }): Promise<Invoice> {
    const startedAt = Date.now();
    const perMille = TAX_PER_MILLE.get(country);
    // The job fails with this, and its message is in the dead-letter queue.
    if (perMille === undefined) throw new PermanentError(`no tax rate for ${country}`);

    const invoice = { orderId, netCents: cents, taxCents: Math.round((cents * perMille) / 1000) };
    await ledger.send(
      new PutCommand({
        TableName: process.env.LEDGER_TABLE,
        Item: {
          pk: `invoice#${orderId}`,
          sk: `${messageId}#${receiveCount}`,
          ...invoice,
          jobId: job?.id,
          startedAt,
        },
      }),
      // Also fires when somebody cancels the job.
      { abortSignal: signal },
    );
    log.info('invoice made', { orderId });
    return invoice;
  },
});
