import type { InvoicesClient, Reply } from '../../../../bin/local/invoices/client';
import { buildJobs } from '../../../../bin/local/invoices/load';
import { idsOf, submit } from '../../../../bin/local/invoices/submit';
import { hasEnded, JobsWatch } from '../../../../bin/local/invoices/watch';
import { job, view } from './world';

/** Takes a job under its key, and knows how it has ended at the second look. */
class FakeApi {
  readonly calls: string[] = [];
  readonly looks = new Map<string, number>();

  async submit(_: object, key: string): Promise<Reply> {
    this.calls.push(`submit ${key}`);
    return { status: 202, body: { id: `id-${key}` } };
  }

  async cancel(id: string): Promise<Reply> {
    this.calls.push(`cancel ${id}`);
    return { status: 200, body: { id, status: 'cancelled' } };
  }

  async see(id: string): Promise<Reply> {
    const looks = (this.looks.get(id) ?? 0) + 1;
    this.looks.set(id, looks);
    return id === 'id-lost'
      ? { status: 404, body: {} }
      : { status: 200, body: view(id, looks > 1 ? 'succeeded' : 'running') };
  }
}

describe('jobs', () => {
  it('are submitted under the key of their order, twice or cancelled as they are meant to be', async () => {
    const api = new FakeApi();
    const load = buildJobs(1, { plain: 1, 'sent twice': 1, 'no tax rate': 0, cancelled: 1 });
    const submitted = await submit(api as unknown as InvoicesClient, load);
    expect(submitted.map(({ request }) => request)).toEqual(load.map(({ request }) => request));
    const expected = load.flatMap(({ kind, request: { orderId } }) => [
      `submit ${orderId}`,
      ...(kind === 'sent twice' ? [`submit ${orderId}`] : []),
      ...(kind === 'cancelled' ? [`cancel id-${orderId}`] : []),
    ]);
    expect(api.calls.toSorted()).toEqual(expected.toSorted());
    for (const one of submitted) {
      expect(idsOf(one)).toEqual([`id-${one.request.orderId}`]);
      expect(one.cancellation?.status).toBe(one.kind === 'cancelled' ? 200 : undefined);
    }
  });

  it('are not cancelled when they were not taken', async () => {
    const api = new FakeApi();
    api.submit = async () => ({ status: 403, body: { title: 'Forbidden' } });
    const load = buildJobs(1, { plain: 0, 'sent twice': 0, 'no tax rate': 0, cancelled: 1 });
    expect(await submit(api as unknown as InvoicesClient, load)).toMatchObject([{ replies: [{ status: 403 }] }]);
    expect(api.calls).toEqual([]);
  });

  it('are followed until they have ended, a lost one without keeping the others from being seen', async () => {
    const api = new FakeApi();
    const ids = ['lost', ...Array.from({ length: 30 }, (_, i) => `${i}`)];
    const watch = new JobsWatch(
      api,
      ids.map((id) => job(id)),
    );
    for (let look = 0; look < 7; look++) await watch.look();
    const views = await watch.look();
    expect([...views.values()].filter(hasEnded)).toHaveLength(30);
    expect(views.has('id-lost')).toBe(false);
    // What has ended is not asked for again.
    expect(ids.filter((id) => id !== 'lost' && api.looks.get(`id-${id}`) !== 2)).toEqual([]);
  });
});
