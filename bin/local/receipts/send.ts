import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Emulator } from '../emulator';
import type { Reference } from '../reference';
import type { Receipt } from './load';

/** Hands them to Lambda's own queue. */
export async function invokeReceipts(
  { clientConfig }: Emulator,
  { receiptsFunction }: Reference,
  receipts: readonly Receipt[],
): Promise<void> {
  const lambda = new LambdaClient(clientConfig);
  for (const { payload } of receipts) {
    await lambda.send(
      new InvokeCommand({
        FunctionName: receiptsFunction,
        InvocationType: 'Event',
        Payload: Buffer.from(JSON.stringify(payload)),
      }),
    );
  }
  lambda.destroy();
}
