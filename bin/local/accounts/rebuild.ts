import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DeleteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Emulator } from '../emulator';
import { readLedger, rowsOf } from '../ledger';
import type { Reference } from '../reference';
import { type Balance, balanceOf, isSame, logOf } from './log';

export interface Rebuilt {
  readonly accounts: number;
  /** How many events were sent again. */
  readonly replayed: number;
  readonly problems: readonly string[];
}

interface Progress {
  readonly id: string;
  readonly state: 'open' | 'done' | 'cancelled';
  readonly sent: number;
}

const POLL_MS = 250;
const PATIENCE_MS = 45_000;

/** Drops the balances, has the log replayed to their projection, and looks whether they come back as they must be. */
export async function rebuildBalances(
  { clientConfig }: Emulator,
  { ledgerTable, accountLog }: Reference,
): Promise<Rebuilt> {
  const lambda = new LambdaClient(clientConfig);
  const dynamodb = DynamoDBDocumentClient.from(new DynamoDBClient(clientConfig));
  const replayer = async (order: object, InvocationType?: 'Event'): Promise<Progress> => {
    const { Payload, FunctionError } = await lambda.send(
      new InvokeCommand({ FunctionName: accountLog.replayer, Payload: JSON.stringify(order), InvocationType }),
    );
    const text = Buffer.from(Payload ?? '').toString();
    if (FunctionError) throw new Error(`the replayer failed: ${text}`);
    return JSON.parse(text || '{}') as Progress;
  };
  const balances = async () => rowsOf<Balance>(await readLedger(dynamodb, ledgerTable), 'balance');
  try {
    const log = logOf(await readLedger(dynamodb, accountLog.table));
    const total = [...log.values()].flat().length;
    for (const { pk, sk } of await balances()) {
      await dynamodb.send(new DeleteCommand({ TableName: ledgerTable, Key: { pk, sk } }));
    }
    const { id } = await replayer({ action: 'replay', subscriber: 'Balances' });
    // Its schedule would begin within a minute.
    await replayer({ action: 'resume' }, 'Event');
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const { state, sent } = await replayer({ action: 'status', id });
      const rebuilt = new Map((await balances()).map((balance) => [balance.accountId, balance]));
      const problems = [...log]
        .filter(([accountId, events]) => !isSame(rebuilt.get(accountId), balanceOf(accountId, events)))
        .map(([accountId]) => `${accountId} was not rebuilt: ${JSON.stringify(rebuilt.get(accountId)?.state)}`);
      if (sent < total) problems.push(`${sent} of ${total} events were replayed`);
      if (state !== 'open' && problems.length === 0) return { accounts: log.size, replayed: sent, problems };
      if (Date.now() > until) {
        return { accounts: log.size, replayed: sent, problems: [`the replay is ${state}`, ...problems] };
      }
      await sleep(POLL_MS);
    }
  } finally {
    lambda.destroy();
    dynamodb.destroy();
  }
}
