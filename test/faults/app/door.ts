import { jobsApi } from 'cdk-async-patterns/runtime';
import { z } from 'zod';

/** Takes jobs. */
export const handler = jobsApi({
  schema: z.object({ id: z.string(), key: z.string(), fails: z.number(), bad: z.boolean() }),
});
