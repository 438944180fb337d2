import type { APIGatewayProxyResult } from 'aws-lambda/trigger/api-gateway-proxy';
import type { JobRow } from './job';
import type { Problem } from './problem';
import { etagOf, viewOf } from './view';

const COMMON = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };
/** Seconds after which to ask again. */
const ASK_AGAIN = '1';

/** A request that is refused: its problem is its reply. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly status: number,
    title: string,
    readonly detail?: string,
    readonly extension: Readonly<Record<string, unknown>> = {},
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(title);
  }
}

export function refused({ status, message, detail, extension, headers }: Refusal): APIGatewayProxyResult {
  const problem: Problem = {
    // What the status says and no more: https://www.rfc-editor.org/rfc/rfc9457#name-about-blank
    type: 'about:blank',
    title: message,
    status,
    ...(detail !== undefined && { detail }),
    ...extension,
  };
  return {
    statusCode: status,
    headers: { ...COMMON, 'Content-Type': 'application/problem+json', ...headers },
    body: JSON.stringify(problem),
  };
}

export function shown(
  status: number,
  row: JobRow,
  headers: Readonly<Record<string, string>> = {},
): APIGatewayProxyResult {
  const running = row.state === 'accepted' || row.state === 'running';
  return {
    statusCode: status,
    headers: {
      ...COMMON,
      'Content-Type': 'application/json',
      ETag: etagOf(row),
      ...(running && { 'Retry-After': ASK_AGAIN }),
      ...headers,
    },
    body: JSON.stringify(viewOf(row)),
  };
}

export const unchanged = (row: JobRow): APIGatewayProxyResult => ({
  statusCode: 304,
  headers: { ...COMMON, ETag: etagOf(row) },
  body: '',
});
