import { InvoiceRequest } from '../../../../bin/handlers/invoice';
import { buildJobs, DEMO } from '../../../../bin/local/invoices/load';

describe('buildJobs', () => {
  const jobs = buildJobs(1);

  it('makes 60 jobs for the demo, each of an order of its own, as the API takes them', () => {
    expect(new Set(jobs.map(({ request }) => request.orderId)).size).toBe(60);
    for (const { request } of jobs) expect(InvoiceRequest.parse(request)).toEqual(request);
  });

  it('makes the same jobs of the same seed, and others of another', () => {
    expect(buildJobs(1)).toEqual(jobs);
    expect(buildJobs(2)).not.toEqual(jobs);
  });

  it.each(Object.entries(DEMO))('makes jobs that are %s: %i', (kind, count) => {
    expect(jobs.filter((job) => job.kind === kind)).toHaveLength(count);
  });

  it('knows no tax rate for the bad ones, and for no others', () => {
    for (const { kind, request } of jobs) expect(request.country === 'AQ').toBe(kind === 'no tax rate');
  });

  it('cancels the last: they have not started by then', () => {
    expect(jobs.slice(-DEMO.cancelled).every(({ kind }) => kind === 'cancelled')).toBe(true);
  });
});
