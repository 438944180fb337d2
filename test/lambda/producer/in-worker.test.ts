import { sendsOf, setBusy } from '../../../lambda/runtime/producer/pending';
import { type WorkerOptions, workerOn } from '../../../lambda/runtime/worker';
import { lambdaContext, sqsEvent } from '../../../lambda/testing';
import { FakeEdge } from '../fake-edge';

const run = async (process: WorkerOptions<string>['process']) => {
  const edge = new FakeEdge();
  const messages = ['a', 'b'].map((name) => ({ messageId: name, body: JSON.stringify(name) }));
  const { batchItemFailures } = await workerOn(edge, { process })(sqsEvent(messages), lambdaContext());
  return { edge, failed: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier) };
};

test.each([
  ['returns at once', (result: unknown) => result],
  ['is asynchronous', async (result: unknown) => result],
])('a message whose handler %s is acknowledged only when what it sent is accepted', async (_, finish) => {
  const { edge, failed } = await run((name, context) => {
    const sends = sendsOf(context);
    const send = {
      outcome: async () => {
        sends.delete(send);
        return name === 'b' ? new Error('the queue refused it') : undefined;
      },
    };
    sends.add(send);
    return finish(undefined);
  });
  expect(failed).toEqual(['b']);
  expect(edge.logs('WARN')[0]).toMatchObject({ messageId: 'b', error: { message: 'the queue refused it' } });
});

test('what was sent without saying for which message holds back all of the batch if it is not accepted', async () => {
  const sender = {
    flush: async () => {
      setBusy(sender, false);
      return [new Error('the queue is gone')];
    },
  };
  const { edge, failed } = await run(() => setBusy(sender, true));
  expect(failed).toEqual(['a', 'b']);
  expect(edge.logs('ERROR')[0]).toMatchObject({ message: 'message not sent', error: { message: 'the queue is gone' } });
});

test('and holds back nothing once it is', async () => {
  const sender = {
    flush: async () => {
      setBusy(sender, false);
      return [];
    },
  };
  expect((await run(() => setBusy(sender, true))).failed).toEqual([]);
});
