import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { deployLocally, type LocalStack } from 'cdk-async-patterns/testing';

// Through the name of the package, as it is published.
let shop: LocalStack;

beforeAll(async () => {
  shop = await deployLocally({ stack: 'Testing', app: 'tsx test/e2e/fixtures/testing/app.ts' });
}, 120_000);
afterAll(() => shop?.stop(), 20_000);

it('drain waits for work and for what comes of it', async () => {
  const ids = await shop.send('Orders', [
    { body: { id: 'a', items: ['x'] } },
    { body: { id: 'b', items: [] }, attributes: { Channel: 'web' } },
    { body: { id: 'unknown', items: ['y'] } },
  ]);
  await shop.drain();
  expect(await shop.deadLetters('Orders')).toEqual([
    expect.objectContaining({
      messageId: ids[1],
      reason: 'empty order',
      body: '{"id":"b","items":[]}',
      attributes: { Channel: 'web' },
      receiveCount: 1,
    }),
  ]);
  // Two receives, of which the runtime moved the last, with its reason.
  const [mail, ...more] = await shop.deadLetters('Testing/Booked/Mails');
  expect(more).toEqual([]);
  expect(mail).toMatchObject({ receiveCount: 2, reason: expect.stringMatching(/retries exhausted.*no such customer/) });
  expect(await shop.effects('Orders')).toEqual({ processed: 2, retried: 0, dead: 1, deferred: 0 });
  expect(await shop.effects('Mails')).toEqual({ processed: 1, retried: 1, dead: 1, deferred: 0 });
}, 60_000);

it('looking at dead letters consumes none', async () => {
  expect(await shop.deadLetters('Orders')).toHaveLength(1);
  expect(await shop.deadLetters('Orders')).toHaveLength(1);
}, 20_000);

it('logs are those of the worker', async () => {
  const lines = await shop.logs('Orders');
  expect(lines.filter((line) => line.includes('"booked"')).map((line) => JSON.parse(line).order)).toEqual(
    expect.arrayContaining(['a', 'unknown']),
  );
}, 20_000);

it('outputs and the config of clients reach what was deployed', async () => {
  const client = new SQSClient(shop.clientConfig);
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: shop.outputs.StepsQueueUrl, AttributeNames: ['FifoQueue'] }),
  );
  client.destroy();
  expect(Attributes).toEqual({ FifoQueue: 'true' });
}, 20_000);

it('sends the same body twice to a FIFO queue', async () => {
  const step = { body: { step: 1 }, groupId: 'g' };
  await shop.send('Steps', [step, step]);
  await shop.drain();
  expect(await shop.effects('Steps')).toMatchObject({ processed: 2 });
}, 60_000);

it('drain says what is left when it has waited long enough', async () => {
  await shop.send('Orders', [{ body: { id: 'unknown', items: ['z'] } }]);
  await expect(shop.drain({ timeoutSeconds: 0.5 })).rejects.toThrow(/^Testing: not drained after 0\.5 s: /);
  await shop.drain();
}, 60_000);

it('knows its workers', async () => {
  await expect(shop.deadLetters('Nobody')).rejects.toThrow(
    /^Nobody: got no such pattern in the stack Testing, expected one of/,
  );
}, 20_000);
