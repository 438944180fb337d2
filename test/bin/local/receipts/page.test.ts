import { buildReceipts, type Receipt } from '../../../../bin/local/receipts/load';
import { receiptsPage } from '../../../../bin/local/receipts/page';
import { letter, none, sight } from '../sight';

const receipt = (receiptId: string, kind: Receipt['kind']): Receipt => ({
  kind,
  payload: { receiptId, address: `${receiptId}@shop.example`, cents: 100 },
});
const invoked = [
  receipt('fine', 'healthy'),
  receipt('late', 'fails once'),
  receipt('lost', 'fails each time'),
  receipt('bad', 'permanently bad'),
];
const mail = (mailId: string, attempts: number, delivered?: number) => ({
  pk: `mail#${mailId}`,
  sk: 'mail',
  ...{ mailId, attempts, delivered },
});
const failure = (i: number, condition: string, errorMessage: string, payload: object = invoked[i]!.payload) =>
  letter({ requestContext: { condition }, requestPayload: payload, responsePayload: { errorMessage } });
const exhausted = failure(2, 'RetriesExhausted', 'down.example answered 451: try again later');
const permanent = failure(3, 'PermanentError', 'receipt bad has no address that mail could go to');
const mails = [mail('fine', 1, 1), mail('late', 2, 1), mail('lost', 2)];
const pageOf = (rows: readonly object[], receipts = [exhausted, permanent]) =>
  receiptsPage(invoked)(sight(rows, { deadLetters: none({ receipts }) }));

it('mails twelve receipts, of which two fail each time and one can never be mailed', () => {
  const kinds = Map.groupBy(buildReceipts(7), ({ kind }) => kind);
  expect([...kinds].map(([kind, of]) => [kind, of.length]).sort()).toEqual([
    ['fails each time', 2],
    ['fails once', 1],
    ['healthy', 8],
    ['permanently bad', 1],
  ]);
});

describe('the page of receipts', () => {
  it('is complete, and names no problem, when each has met its fate', () => {
    expect(pageOf(mails)).toMatchObject({ isComplete: true, problems: [] });
  });

  it.each<[string, ReturnType<typeof pageOf>, string[]]>([
    ['is missing', pageOf(mails.slice(1)), ['fine is missing', 'fine was tried 0 times, not 1']],
    [
      'was mailed twice',
      pageOf([mail('fine', 1, 2), ...mails.slice(1)]),
      ['fine was done 2 times and is dead 0 times'],
    ],
    ['was tried too often', pageOf([mail('fine', 2, 1), ...mails.slice(1)]), ['fine was tried 2 times, not 1']],
    [
      'is dead with another payload',
      pageOf(mails, [exhausted, failure(3, 'PermanentError', 'receipt bad has no address', { receiptId: 'bad' })]),
      ['bad is dead with another payload than it was handed over with'],
    ],
    [
      'was tried to the end though it is permanent',
      pageOf(mails, [exhausted, failure(3, 'RetriesExhausted', 'receipt bad has no address')]),
      [
        'bad is dead with RetriesExhausted: receipt bad has no address, not with ^PermanentError: receipt .* has no address',
      ],
    ],
  ])('names a receipt that %s', (_, page, problems) => {
    expect(page.problems).toEqual(problems);
  });

  it('is not complete while a dead letter is missing', () => {
    expect(pageOf(mails, [permanent]).isComplete).toBe(false);
  });
});
