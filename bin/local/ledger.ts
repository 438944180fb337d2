import { type DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';

/** A row that a handler wrote. */
export interface LedgerRow {
  readonly pk: string;
  readonly sk: string;
}

export async function readLedger(dynamodb: DynamoDBDocumentClient, TableName: string): Promise<LedgerRow[]> {
  const rows: LedgerRow[] = [];
  for await (const { Items = [] } of paginateScan({ client: dynamodb }, { TableName, ConsistentRead: true })) {
    rows.push(...(Items as LedgerRow[]));
  }
  return rows;
}

/** The rows of a kind, as their handler wrote them. */
export const rowsOf = <T>(rows: readonly LedgerRow[], kind: string): (LedgerRow & T)[] =>
  rows.filter(({ pk }) => pk.startsWith(`${kind}#`)) as (LedgerRow & T)[];

/** What handlers appended to histories, each in the order in which it was handled. */
export const historyOf = <T>(rows: readonly LedgerRow[], kind: string): T[] =>
  rowsOf<{ readonly history: readonly T[] }>(rows, kind).flatMap(({ history }) => history);
