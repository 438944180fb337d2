import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Emulator } from '../../bin/local/emulator';
import { type LedgerRow, readLedger } from '../../bin/local/ledger';

/** An event as it lies in the table of the log. */
export interface LogEvent {
  readonly streamId: string;
  readonly version: number;
  readonly id: string;
  readonly amount: number;
}

export interface LogSight {
  readonly events: readonly LogEvent[];
  /** What the projection has made of each stream. */
  readonly sums: ReadonlyMap<string, { readonly amount: number; readonly version: number }>;
  /** `stream@version` of what is in the archive. */
  readonly archived: ReadonlySet<string>;
}

/** A version is sixteen digits; what else is in the table are marks of appends. */
const VERSION = /^\d{16}$/;

/** The log, its projection and its archive, read without the runtime, which wrote them. */
export async function readLog(emulator: Emulator, out: Readonly<Record<string, string>>): Promise<LogSight> {
  const dynamodb = DynamoDBDocumentClient.from(new DynamoDBClient(emulator.clientConfig));
  const s3 = new S3Client({ ...emulator.clientConfig, forcePathStyle: true });
  try {
    const rows = (await readLedger(dynamodb, out.LogTable!)) as (LedgerRow & { readonly data: string })[];
    const sums = (await readLedger(dynamodb, out.SumsTable!)) as unknown as {
      pk: string;
      state: string;
      version: number;
    }[];
    const archived = new Set<string>();
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: out.LogArchive })) {
      for (const { Key } of Contents) {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: out.LogArchive, Key }));
        const lines = ((await Body?.transformToString()) ?? '').split('\n').filter((line) => line !== '');
        for (const line of lines) {
          const { streamId, version } = JSON.parse(line) as { streamId: string; version: number };
          archived.add(`${streamId}@${version}`);
        }
      }
    }
    return {
      events: rows
        .filter(({ sk }) => VERSION.test(sk))
        .map(({ pk, sk, data }) => ({
          streamId: pk,
          version: Number(sk),
          ...(JSON.parse(data) as { id: string; amount: number }),
        })),
      sums: new Map(sums.map(({ pk, state, version }) => [pk, { amount: JSON.parse(state).amount, version }])),
      archived,
    };
  } finally {
    dynamodb.destroy();
    s3.destroy();
  }
}

/** Whether the log is without gaps, its projection the fold over it, and its archive complete. Pure. */
export function logProblems({ events, sums, archived }: LogSight): string[] {
  const problems: string[] = [];
  for (const [streamId, own] of Map.groupBy(events, ({ streamId }) => streamId)) {
    const versions = own.map(({ version }) => version).sort((a, b) => a - b);
    if (versions.some((version, i) => version !== i + 1))
      problems.push(`${streamId} has versions ${versions.join(', ')}`);
    const amount = own.reduce((sum, event) => sum + event.amount, 0);
    const sum = sums.get(streamId);
    if (sum?.amount !== amount || sum.version !== own.length) {
      problems.push(`the sum of ${streamId} is ${JSON.stringify(sum)}, and its ${own.length} events make ${amount}`);
    }
  }
  const missing = events.filter(({ streamId, version }) => !archived.has(`${streamId}@${version}`));
  if (missing.length > 0) problems.push(`${missing.length} events are not in the archive`);
  return problems;
}
