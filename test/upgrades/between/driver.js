// Runs the built runtime of some version in a process of its own, as a function does: nothing of this checkout is in it.
const { join } = require('node:path');

const runtime = require(join(process.argv[2], 'index.js'));
const context = {
  awsRequestId: 'request-1',
  functionName: 'f',
  functionVersion: '1',
  getRemainingTimeInMillis: () => 30_000,
};
const log = () => runtime.eventLog('log');
const passing = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
const told = ({ correlationId, causationId, attributes, job }) => ({
  correlationId,
  causationId,
  kind: attributes.kind,
  job: job?.id,
});
const fold = { name: 'Sum', snapshotEvery: 1, initial: 0, reducer: (sum, { data }) => sum + data.cents };

/** By what the other side asks for; each returns what there is to tell. */
const steps = {
  send: ({ message, options = {} }) =>
    runtime.producer('orders').send(message, { ...options, ...(options.at && { at: new Date(options.at) }) }),
  publish: ({ message, options }) => runtime.publisher('orders').send(message, options),
  invoke: ({ message, options }) => runtime.invoker('orders').invoke(message, options),
  async work({ event, fails, key }) {
    const seen = [];
    const handler = runtime.worker({
      ...(key && { idempotencyKey: (message) => message[key] }),
      process(message, worker) {
        if (fails === 'permanent') throw new runtime.PermanentError('empty order');
        if (fails === 'dependency') throw new runtime.DependencyError('away');
        seen.push({ message, ...told(worker) });
        return { done: true };
      },
    });
    return { reply: await handler(event, context), seen };
  },
  async stream({ event }) {
    const handler = runtime.streamWorker({
      process() {
        throw new runtime.PermanentError('empty order');
      },
    });
    return handler(event, context);
  },
  async run({ event, fails }) {
    const seen = [];
    const handler = runtime.asyncFunction({
      process(message, of) {
        if (fails) throw new runtime.PermanentError('empty order');
        seen.push({ message, correlationId: of.correlationId });
      },
    });
    await handler(event, context);
    return seen;
  },
  api: ({ event }) => runtime.jobsApi({ schema: passing })(event, context),
  append: ({ stream, events, options }) => log().append(stream, events, options),
  async read({ stream }) {
    const events = [];
    for await (const event of log().read(stream)) events.push(event);
    return events;
  },
  fold: ({ stream }) => log().aggregate(fold).load(stream),
  parse: ({ body }) => log().parse(body),
  async replay({ options }) {
    return (await log().replay(options)).id;
  },
  progress: ({ id }) => log().replayOf(id).progress(),
  cancel: ({ id }) => log().replayOf(id).cancel(),
};

process.on('message', async ({ step, input }) => {
  try {
    process.send({ result: (await steps[step](input)) ?? null });
  } catch (error) {
    process.send({ error: `${error?.stack ?? error}` });
  }
});
