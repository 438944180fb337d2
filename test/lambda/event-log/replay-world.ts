import { objectsOf } from '../../../lambda/handlers/event-log/archive';
import { BucketArchive } from '../../../lambda/handlers/event-log-replayer/event-archive';
import { IndexedTable } from '../../../lambda/handlers/event-log-replayer/event-table';
import { Ledger } from '../../../lambda/handlers/event-log-replayer/ledger';
import { Replayer, type ReplayerOptions } from '../../../lambda/handlers/event-log-replayer/replayer';
import { itemOf, type StoredEvent } from '../../../lambda/runtime/event-log/stored';
import { producerOn, publisherOn } from '../../../lambda/runtime/producer/sender';
import { FakeService } from '../producer/fake-service';
import { LOG, REPLAYS } from './fake-table';
import { stored } from './stream';
import { World } from './world';

export const QUEUE = 'https://sqs.test/1/totals.fifo';
export const START = Date.parse('2026-11-24T10:00:00.000Z');
const OTHER = 'https://sqs.test/1/audit.fifo';

/** Died: nothing after it happens. */
export class Died extends Error {
  // Nobody tries again.
  override readonly name = 'AccessDenied';
  readonly $fault = 'client';
}

/** A log with an archive, its subscribers, and a replayer that may die at any request. */
export class ReplayWorld extends World {
  readonly objects = new Map<string, string>();
  readonly service = new FakeService();
  readonly metrics: any[] = [];
  readonly urls: (string | undefined)[] = [];
  /** Milliseconds that a run has. */
  runs = 600_000;
  /** Runs before each request, to whichever service. */
  onRequest: (what: string) => unknown = () => {};
  private sequence = 0;

  constructor() {
    super();
    this.dynamodb.before = (request) => this.onRequest(request);
    this.service.before = () => this.onRequest('send');
    this.service.now = () => this.time;
  }

  /** Puts events into the log, and, of those that are to be, into the archive. */
  record(events: readonly StoredEvent[], archived = true): void {
    for (const event of events) {
      const item = itemOf(event);
      this.dynamodb.table(LOG).set(JSON.stringify([event.streamId, item.sk!.S]), item);
    }
    if (!archived) return;
    const numbered = events.map((event) => ({ event, sequenceNumber: String(++this.sequence) }));
    for (const { key, body } of objectsOf(numbered)) this.objects.set(key, body);
  }

  replayer(more: Partial<ReplayerOptions> = {}): Replayer {
    return new Replayer({
      name: 'Stack/OrderLog',
      subscribers: { Totals: { queueUrl: QUEUE }, Audit: { queueUrl: OTHER, types: ['Placed', 'Paid'] } },
      ledger: new Ledger(this.dynamodb, REPLAYS, () => this.time),
      table: new IndexedTable(this.dynamodb, LOG, async () => {}),
      archive: new BucketArchive({
        list: async (prefix, token) => {
          await this.onRequest('list');
          const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
          const start = Number(token ?? 0);
          const end = start + 2;
          return { keys: keys.slice(start, end), ...(end < keys.length && { next: String(end) }) };
        },
        read: async (key) => {
          await this.onRequest('read');
          return this.objects.get(key);
        },
      }),
      sender: (queueUrl) => {
        this.urls.push(queueUrl);
        return queueUrl === undefined
          ? publisherOn(this.service, { topicArn: 'arn:aws:sns:eu-west-1:1:events.fifo' })
          : producerOn(this.service, { queueUrl });
      },
      log: this.log,
      now: () => this.time,
      random: () => this.draw(),
      uuid: this.service.uuid,
      sleep: async (ms) => {
        this.time += ms;
      },
      write: (line) => this.metrics.push(JSON.parse(line)),
      ...more,
    });
  }

  /** What the schedule does once a minute. */
  async tick(replayer = this.replayer()): Promise<any> {
    const end = this.time + this.runs;
    return replayer.handle({ action: 'resume' }, () => end - this.time);
  }

  async ask(options: object): Promise<any> {
    return this.replayer().handle({ action: 'replay', ...options }, () => this.runs);
  }

  async progress(id: string): Promise<any> {
    return this.replayer().handle({ action: 'status', id }, () => this.runs);
  }

  /** What was delivered, in order: streams and versions. */
  get got(): { streamId: string; version: number; type: string }[] {
    return this.service.accepted.map((entry: any) => JSON.parse(entry.MessageBody ?? entry.Message));
  }

  get texts(): string[] {
    return this.got.map(({ streamId, version }) => `${streamId}#${version}`);
  }
}

/** Of a stream, minute by minute from a time on. */
export const history = (streamId: string, from: number, count: number, minutes = 1): StoredEvent[] =>
  Array.from({ length: count }, (_, i) =>
    stored(streamId, i + 1, {
      at: new Date(from + i * minutes * 60_000).toISOString(),
      type: ['Placed', 'Added', 'Paid'][i % 3]!,
    }),
  );
