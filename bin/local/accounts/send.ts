import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Emulator } from '../emulator';
import type { Reference } from '../reference';
import type { Command } from './load';

/** A command that SQS took, with the id that it gave. */
export interface SentCommand extends Command {
  readonly messageId: string;
}

const BATCH = 10;

/** Sends the commands to the queue of the accounts. */
export async function sendCommands(
  { clientConfig }: Emulator,
  { workers }: Reference,
  commands: readonly Command[],
): Promise<SentCommand[]> {
  const sqs = new SQSClient(clientConfig);
  const sent: SentCommand[] = [];
  for (let i = 0; i < commands.length; i += BATCH) {
    const batch = commands.slice(i, i + BATCH);
    const { Successful = [], Failed = [] } = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: workers.accounts.queueUrl,
        Entries: batch.map(({ kind, accountId, cents }, j) => ({
          Id: String(j),
          MessageBody: JSON.stringify({ accountId, action: kind === 'deposit' ? 'deposit' : 'withdraw', cents }),
        })),
      }),
    );
    if (Failed.length > 0) throw new Error(`the queue of the accounts refused commands: ${JSON.stringify(Failed)}`);
    const ids = new Map(Successful.map(({ Id, MessageId }) => [Id, MessageId!]));
    sent.push(...batch.map((command, j) => ({ ...command, messageId: ids.get(String(j))! })));
  }
  sqs.destroy();
  return sent;
}
