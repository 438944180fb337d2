import { account, type Evidence } from '../../../../bin/local/invoices/account';
import { jobsPage } from '../../../../bin/local/invoices/page';
import { problemsOf } from '../../../../bin/local/invoices/problems';
import type { LedgerRow } from '../../../../bin/local/ledger';
import type { Sight } from '../../../../bin/local/page';
import { idle as idleQueues, none as noLetters } from '../sight';
import { job, letter, made, view } from './world';

const jobs = [job('a'), job('twice', 'sent twice'), job('bad', 'no tax rate'), job('off', 'cancelled')];
const views = [view('a', 'succeeded'), view('twice', 'succeeded'), view('bad', 'failed'), view('off', 'cancelled')];
const viewsOf = (of: typeof views) => new Map(of.map((one) => [one.id, one]));
const rows = [made('a', 1), made('twice', 2)];
const good: Evidence = { views: viewsOf(views), made: rows, dead: [letter('bad')], waiting: 0 };

/** The views, but for one that is otherwise. */
const seeing = (changed: (typeof views)[number]) => ({
  views: viewsOf(views.map((one) => (one.id === changed.id ? changed : one))),
});

describe('the books of jobs', () => {
  it('balance when every job has ended as it must', () => {
    expect(problemsOf(account(jobs, good))).toEqual([]);
  });

  it.each<[string, Partial<Evidence>, string[]]>([
    ['a job that nobody knows', { views: viewsOf(views.slice(1)) }, ['the job of a is unknown, not succeeded']],
    ['a job that has not ended', seeing(view('a', 'running')), ['the job of a is running, not succeeded']],
    [
      'a cancelled job that succeeded',
      seeing(view('off', 'succeeded')),
      ['the job of off is succeeded, not cancelled'],
    ],
    [
      'another result',
      seeing(view('a', 'succeeded', { result: { orderId: 'a', netCents: 1_000, taxCents: 80 } })),
      [
        'the result of a is {"orderId":"a","netCents":1000,"taxCents":80}, ' +
          'not {"orderId":"a","netCents":1000,"taxCents":81}',
      ],
    ],
    [
      'another failure',
      seeing(view('bad', 'failed', { problem: { type: '', title: '', detail: 'timeout' } as never })),
      ['the job of bad has failed for another reason: timeout'],
    ],
    ['an invoice that was not made', { made: [rows[0]!] }, ['the invoice of twice was made 0 times, not 1']],
    ['one that was made twice', { made: [...rows, made('a', 3)] }, ['the invoice of a was made 2 times, not 1']],
    ['one that was cancelled', { made: [...rows, made('off', 3)] }, ['the invoice of off was made 1 times, not 0']],
    [
      'one that was made for another job',
      { made: [rows[0]!, { ...rows[1]!, jobId: 'id-a' }] },
      ['the invoice of twice was made for another job'],
    ],
    ['a failed job without its dead letter', { dead: [] }, ['bad has 0 dead letters, not 1']],
    ['a dead letter of a good one', { dead: [letter('bad'), letter('a')] }, ['a has 1 dead letters, not 0']],
    ['what is in the queue yet', { waiting: 2 }, ['the queue of invoices still holds 2 messages']],
    [
      'an invoice of an order that nobody sent',
      { made: [...rows, made('stray', 3)] },
      ['there is an invoice or a dead letter of stray, which was not sent by us'],
    ],
  ])('name %s', (_, seen, problems) => {
    expect(problemsOf(account(jobs, { ...good, ...seen }))).toEqual(problems);
  });

  it('name a request that was refused, and one that became another job', () => {
    const refused = job('a', 'plain', { replies: [{ status: 503, body: { detail: 'the table is away' } }] });
    const split = job('twice', 'sent twice', {
      replies: ['id-twice', 'id-other'].map((id) => ({ status: 202, body: { id } })),
    });
    const late = job('off', 'cancelled', { cancellation: { status: 409, body: {} } });
    expect(problemsOf(account([refused, split, jobs[2]!, late], good))).toEqual([
      'a was answered with 503: the table is away',
      'the job of a is unknown, not succeeded',
      'the invoice of a was made for another job',
      'twice became 2 jobs under one Idempotency-Key',
      'the cancellation of off was answered with 409',
    ]);
  });

  it('name a rush', () => {
    const many = Array.from({ length: 20 }, (_, i) => `many-${i}`);
    const books = account(
      many.map((id) => job(id)),
      {
        views: viewsOf(many.map((id) => view(id, 'succeeded'))),
        made: many.map((id, i) => made(id, i / 100)),
        dead: [],
        waiting: 0,
      },
    );
    expect(problemsOf(books)).toEqual(['20 invoices were started within 0.2 s: 4 a second allow 5']);
  });
});

describe('the page of jobs', () => {
  const none = noLetters();
  const idle = idleQueues();
  const ledger = rows.map((row) => ({ pk: `invoice#${row.orderId}`, sk: '1', ...row })) as readonly LedgerRow[];
  const full: Sight = {
    logRows: [],
    rows: ledger,
    deadLetters: { ...none, invoices: [letter('bad')] },
    waiting: { ...idle, invoices: 0 },
  };
  const pageOf = (sight: Partial<Sight> = {}, seen = good.views) =>
    jobsPage(
      { see: async (id) => ({ status: seen.has(id) ? 200 : 404, body: seen.get(id) ?? {} }) },
      jobs,
    )({
      ...full,
      ...sight,
    });
  const cells = (text: string, start: string) =>
    text
      .split('\n')
      .find((it) => it.startsWith(start))!
      .split(/\s{2,}/);

  it('is complete, and names no problem, when every job has ended as it must', async () => {
    expect(await pageOf()).toMatchObject({ isComplete: true, problems: [] });
  });

  it.each<[string, Partial<Sight>, typeof good.views]>([
    ['a job has not ended', {}, seeing(view('a', 'accepted')).views],
    ['a dead letter is missing', { deadLetters: { ...none, invoices: [] } }, good.views],
    ['the queue holds something yet', { waiting: { ...idle, invoices: 1 } }, good.views],
  ])('is not complete while %s', async (_, sight, seen) => {
    expect((await pageOf(sight, seen)).isComplete).toBe(false);
  });

  it('does not wait for a job that was not taken: it is a problem', async () => {
    const refused = job('a', 'plain', { replies: [{ status: 403, body: { title: 'Forbidden' } }] });
    const page = await jobsPage({ see: async () => ({ status: 404, body: {} }) }, [refused])({
      ...full,
      rows: [],
      deadLetters: { ...none, invoices: [] },
    });
    expect(page.isComplete).toBe(true);
    expect(page.problems).toContain('a was answered with 403: Forbidden');
  });

  it('counts requests, jobs and their ends, and tells the pace', async () => {
    const text = (await pageOf()).table();
    expect(cells(text, 'jobs over HTTP').slice(1)).toEqual([
      ...['requests', 'jobs', 'succeeded', 'failed', 'cancelled', 'expired', 'missing', 'made', 'dead'],
    ]);
    expect(cells(text, 'sent twice')).toEqual(['sent twice', '2', '1', '1', '0', '0', '0', '0', '1', '0']);
    expect(cells(text, 'total')).toEqual(['total', '5', '4', '2', '1', '1', '0', '0', '2', '1']);
    expect(text).toContain('2 starts, 1.00 a second');
  });

  it('says on the way how many have ended', async () => {
    expect((await pageOf({}, seeing(view('a', 'running')).views)).progress()).toBe('3 of 4 jobs');
  });
});
