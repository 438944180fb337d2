export { type JobsApiHandler, type JobsApiOptions, jobsApi } from './api';
export {
  type Job,
  type Jobs,
  type JobsOptions,
  jobs,
  type ResultOptions,
  type SubmitAllOptions,
  type SubmitOptions,
} from './client';
export { type JobContext, JobEndedError } from './context';
export {
  JobCancelledError,
  JobError,
  JobExpiredError,
  JobFailedError,
  type SubmitCode,
  SubmitError,
} from './errors';
export type { JobState } from './job';
export type { Problem } from './problem';
export type { JobView } from './view';
