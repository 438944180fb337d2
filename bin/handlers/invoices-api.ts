import { jobsApi } from 'cdk-async-patterns/runtime';
import { InvoiceRequest } from './invoice';

/** What is no request for an invoice never becomes a job: 400, with what is wrong. */
export const handler = jobsApi({ schema: InvoiceRequest });
