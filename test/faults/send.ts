import { setTimeout as sleep } from 'node:timers/promises';
import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Emulator } from '../../bin/local/emulator';
import { InvoicesClient, type Reply } from '../../bin/local/invoices/client';
import { waitingIn } from '../../bin/local/waiting';
import { inParallel } from '../../lambda/runtime/parallel';
import type { Work } from './app/work';
import type { Sent, SentLoad } from './load';

type SendError = import('cdk-async-patterns/runtime').SendError;
type Outputs = Readonly<Record<string, string>>;
type Runtime = typeof import('cdk-async-patterns/runtime');

/** The local SQS is the slower the longer a queue is: nobody sends more than is handled. */
const BACKLOG = 600;
const CHUNK = 100;
const LOOK_MS = 200;
const THRESHOLD = 2_000;
const MAX_TRIES = 20;

export interface Submitted {
  /** All that was sent, which is less than the load when the time was up before. */
  readonly sent: SentLoad;
  /** By the id of the work: the ids that the API gave to what was submitted. One, if all is well. */
  readonly jobs: ReadonlyMap<string, readonly string[]>;
  /** Messages that were refused after all tries of the producer, and sent again. */
  readonly resent: number;
}

export interface Sending {
  /** Whether the time to send is up. */
  isOver(): boolean;
  onSent(count: number): void;
}

/** Sends the load through the proxy, as an application would: what is not accepted is an error of the run. */
export async function sendLoad(
  emulator: Emulator,
  proxy: string,
  out: Outputs,
  load: SentLoad,
  { isOver, onSent }: Sending,
): Promise<Submitted> {
  // What runs here reads its connections' region and credentials as a function would.
  Object.assign(process.env, { ...emulator.env, AWS_ENDPOINT_URL: proxy });
  const runtime = await import('cdk-async-patterns/runtime');
  const sqs = new SQSClient(emulator.clientConfig);
  let resent = 0;
  const sent: Partial<Record<Sent, readonly Work[]>> = {};

  const toQueue = async (name: Sent, more: object = {}): Promise<void> => {
    const works = load[name];
    const direct = out[`${name}Queue`]!;
    // The address of a queue is also where its client calls.
    const queueUrl = direct.replace(emulator.endpoint, proxy);
    const producer = runtime.producer<Work>({ queueUrl, ...more });
    for (let i = 0; i < works.length && !isOver(); i += CHUNK) {
      while ((await waitingIn(sqs, direct)) > BACKLOG) await sleep(LOOK_MS);
      const some = works.slice(i, i + CHUNK);
      // What is refused after five tries is named, and sent again: in its order.
      for (let open = some; open.length > 0; ) {
        const refused: SendError[] = [];
        await producer.sendAll(open, {
          onFailure: (error) => refused.push(error),
          ...(queueUrl.endsWith('.fifo') && { each: ({ id, group }) => ({ groupId: group!, deduplicationId: id }) }),
        });
        resent += refused.length;
        open = refused.sort((a, b) => a.index! - b.index!).map(({ input }) => input as Work);
      }
      sent[name] = works.slice(0, i + some.length);
      onSent(some.length);
    }
  };
  const payloads = (prefix: string) => ({
    payloads: { bucket: out.PayloadBucket!, prefix: out[prefix]!, threshold: THRESHOLD },
  });
  const jobs = new Map<string, string[]>();
  const clients = await InvoicesClient.of(emulator, out.ApiId!);
  await Promise.all([
    toQueue('charges'),
    toQueue('steps'),
    toQueue('documents', payloads('DocumentsPrefix')),
    toQueue('mails'),
    toQueue('orders'),
    toQueue('accounts'),
    inParallel(load.jobs, 4, async (work) => {
      if (isOver()) return;
      jobs.set(work.id, await submit(clients, work));
      onSent(1);
    }),
    putClicks(emulator, out.ClicksStream!, load.clicks, { isOver, onSent }).then((clicks) => {
      sent.clicks = clicks;
    }),
    invokeThumbnails(runtime, out, load.thumbnails, payloads('ThumbnailsPrefix'), { isOver, onSent }).then(
      (thumbnails) => {
        sent.thumbnails = thumbnails;
      },
    ),
  ]);
  sqs.destroy();
  sent.jobs = load.jobs.filter(({ id }) => jobs.has(id));
  return { jobs, resent, sent: sent as SentLoad };
}

/** Some twice at the same time, and each again until there is an answer: its key makes that harmless. */
async function submit(client: InvoicesClient, { id, key, fails, bad }: Work): Promise<string[]> {
  const once = async (): Promise<Reply> => {
    for (let tries = 1; ; tries++) {
      const reply = await client.submit({ id, key, fails, bad }, id).catch((error: Error) => error);
      if (!(reply instanceof Error) && reply.status < 500) return reply;
      if (tries === MAX_TRIES) throw reply instanceof Error ? reply : new Error(`${id}: got ${JSON.stringify(reply)}`);
      await sleep(LOOK_MS * tries);
    }
  };
  const isTwice = Number(id.split('-').at(-1)) % 5 === 0;
  const replies = await Promise.all(isTwice ? [once(), once()] : [once()]);
  return [...new Set(replies.map(({ status, body }) => body.id ?? `${status} ${body.title}: ${body.detail}`))];
}

/** Nothing of ours puts records: that is not disturbed. */
async function putClicks(
  { clientConfig }: Emulator,
  StreamName: string,
  works: readonly Work[],
  { isOver, onSent }: Sending,
): Promise<Work[]> {
  const put: Work[] = [];
  const kinesis = new KinesisClient(clientConfig);
  for (let i = 0; i < works.length && !isOver(); i += CHUNK) {
    const some = works.slice(i, i + CHUNK);
    const Records = some.map((work) => ({ PartitionKey: work.group, Data: Buffer.from(JSON.stringify(work)) }));
    const { FailedRecordCount } = await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
    if (FailedRecordCount !== 0) throw new Error(`${StreamName} refused ${FailedRecordCount} records`);
    put.push(...some);
    onSent(some.length);
  }
  kinesis.destroy();
  return put;
}

async function invokeThumbnails(
  { invoker }: Runtime,
  out: Outputs,
  works: readonly Work[],
  more: object,
  { isOver, onSent }: Sending,
): Promise<Work[]> {
  const invoked: Work[] = [];
  const thumbnails = invoker<Work>({ functionArn: out.ThumbnailsFunction!, ...more });
  await inParallel(works, 2, async (work) => {
    if (isOver()) return;
    for (;;) {
      const refused = await thumbnails.invoke(work).catch((error: Error) => error);
      if (!(refused instanceof Error)) break;
      if (refused.name !== 'SendError') throw refused;
    }
    invoked.push(work);
    onSent(1);
  });
  return invoked;
}
