/** What went wrong, for whoever calls. https://www.rfc-editor.org/rfc/rfc9457 */
export interface Problem {
  /** A URI that names the kind of problem. */
  readonly type: string;
  readonly title: string;
  readonly status?: number;
  readonly detail?: string;
  readonly [extension: string]: unknown;
}

/** Of jobs, not of requests: these come to a caller as part of a job, so they have no HTTP status. */
const TITLES = {
  failed: 'The job has failed',
  cancelled: 'The job was cancelled',
  expired: 'The job was not finished in time',
  'not-sent': 'The job could not be queued; nothing was done',
} as const;

const URN = 'urn:cdk-async-patterns:job:';

export const problemOf = (kind: keyof typeof TITLES, detail?: string): Problem => ({
  type: URN + kind,
  title: TITLES[kind],
  ...(detail !== undefined && { detail }),
});
