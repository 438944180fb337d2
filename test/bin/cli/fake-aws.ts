import type { Message } from '@aws-sdk/client-sqs';
import type { Aws, BatchReply, Handle, Item, LogLine, StackResource } from '../../../bin/cli/aws';
import type { World } from '../../../bin/cli/world';

interface Stored {
  readonly message: Message;
  readonly groupId: string | undefined;
  visibleAt: number;
  receives: number;
}

export const DLQ = 'https://sqs.test/1/dead';
export const QUEUE = 'https://sqs.test/1/orders';

let sequence = 0;

/** SQS as it behaves here: what is received is hidden, and of a FIFO group nothing is handed out behind what is hidden. */
export class FakeAws implements Aws {
  time = Date.parse('2026-11-24T12:00:00Z');
  readonly queues = new Map<string, Stored[]>();
  readonly invoked: { fn: string; payload: string; type: string }[] = [];
  readonly mappings = new Map<string, string>();
  readonly templates = new Map<string, string>();
  readonly stackResources = new Map<string, StackResource[]>();
  readonly lines = new Map<string, LogLine[]>();
  readonly environments = new Map<string, Record<string, string>>();
  readonly rows = new Map<string, Item>();
  readonly calls: string[] = [];
  invokeReply = { payload: '{}', functionError: undefined as string | undefined };
  /** Runs before each call; may throw. */
  before: (call: string) => void = () => {};
  /** Runs after its effect and before its reply; may throw: the reply is lost. */
  after: (call: string) => void = () => {};
  refuse: (call: string, id: string) => boolean = () => false;
  /** What becomes of what is sent to the queue. */
  onSent: (message: Message, groupId: string | undefined) => void = () => {};

  queue(url: string): Stored[] {
    const known = this.queues.get(url) ?? [];
    this.queues.set(url, known);
    return known;
  }

  put(url: string, message: Partial<Message> & { Body: string }, groupId?: string): string {
    const MessageId = message.MessageId ?? `m-${++sequence}`;
    this.queue(url).push({
      message: {
        MessageId,
        ...message,
        Attributes: {
          SentTimestamp: String(this.time - 60_000),
          ...(groupId !== undefined && { MessageGroupId: groupId }),
          ...message.Attributes,
        },
      },
      groupId,
      visibleAt: 0,
      receives: 0,
    });
    return MessageId;
  }

  bodies(url: string): string[] {
    return this.queue(url).map(({ message }) => message.Body!);
  }

  visible(url: string): number {
    return this.queue(url).filter(({ visibleAt }) => visibleAt <= this.time).length;
  }

  private async call<R>(name: string, effect: () => R): Promise<R> {
    this.calls.push(name);
    this.before(name);
    const result = effect();
    this.after(name);
    return result;
  }

  private each(name: string, ids: readonly string[], effect: (i: number) => void): Promise<BatchReply> {
    return this.call(name, () => {
      const refused = ids.map((id) => this.refuse(name, id));
      ids.forEach((_, i) => {
        if (!refused[i]) effect(i);
      });
      return {
        done: ids.filter((_, i) => !refused[i]),
        failed: ids.flatMap((id, i) => (refused[i] ? [{ id, reason: 'Refused: no' }] : [])),
      };
    });
  }

  template = async (stack: string) => this.templates.get(stack) ?? '{}';
  resources = async (stack: string) => this.stackResources.get(stack) ?? [];

  queueAttributes = async (url: string) => ({
    ApproximateNumberOfMessages: String(this.visible(url)),
    ApproximateNumberOfMessagesNotVisible: String(this.queue(url).length - this.visible(url)),
    ApproximateNumberOfMessagesDelayed: '0',
  });

  receive = (url: string, max: number, visibility: number): Promise<Message[]> =>
    this.call('receive', () => {
      const blocked = new Set<string>();
      const found: Message[] = [];
      for (const stored of this.queue(url)) {
        const { groupId } = stored;
        if (found.length >= max) break;
        if (stored.visibleAt > this.time) {
          if (groupId !== undefined && url.endsWith('.fifo')) blocked.add(groupId);
          continue;
        }
        if (groupId !== undefined && blocked.has(groupId)) continue;
        stored.receives++;
        stored.visibleAt = this.time + visibility * 1000;
        const { message } = stored;
        found.push({
          ...message,
          ReceiptHandle: `${message.MessageId}@${stored.receives}`,
          Attributes: { ...message.Attributes, ApproximateReceiveCount: String(stored.receives) },
        });
      }
      return found;
    });

  send: Aws['send'] = (url, entries) =>
    this.each(
      'send',
      entries.map(({ Id }) => Id!),
      (i) => {
        const { MessageBody, MessageAttributes, MessageGroupId, MessageDeduplicationId } = entries[i]!;
        const message = {
          Body: MessageBody!,
          MessageAttributes,
          Attributes: { SentTimestamp: String(this.time), ...(MessageDeduplicationId && { MessageDeduplicationId }) },
        };
        this.put(url, message, MessageGroupId);
        this.onSent(message, MessageGroupId);
      },
    );

  remove: Aws['remove'] = (url, handles) =>
    this.each(
      'remove',
      handles.map(({ id }) => id),
      (i) => {
        const queue = this.queue(url);
        const at = queue.findIndex(({ message }) => message.MessageId === handles[i]!.id);
        if (at >= 0) queue.splice(at, 1);
      },
    );

  release: Aws['release'] = (url: string, handles: readonly Handle[]) =>
    this.each(
      'release',
      handles.map(({ id }) => id),
      (i) => {
        const stored = this.queue(url).find(({ message }) => message.MessageId === handles[i]!.id);
        if (stored) stored.visibleAt = 0;
      },
    );

  purge = async (url: string) => {
    this.queues.set(url, []);
  };

  invoke: Aws['invoke'] = (fn, payload, type) =>
    this.call('invoke', () => {
      this.invoked.push({ fn, payload, type });
      return this.invokeReply;
    });

  mappingState = async (id: string) => {
    const state = this.mappings.get(id)!;
    if (state === 'Disabling') this.mappings.set(id, 'Disabled');
    if (state === 'Enabling') this.mappings.set(id, 'Enabled');
    return state;
  };
  enableMapping = async (id: string, enabled: boolean) => {
    this.mappings.set(id, enabled ? 'Enabling' : 'Disabling');
  };

  logs = async (group: string, text: string, since: number) => {
    const lines = this.lines.get(group);
    if (!lines) throw Object.assign(new Error('no'), { name: 'ResourceNotFoundException' });
    return lines.filter(({ timestamp, message }) => timestamp >= since && message.includes(text));
  };

  environment = async (fn: string) => this.environments.get(fn) ?? {};

  /** One table, two rows a page. */
  async *scan(_: string, columns: readonly string[]): AsyncGenerator<Item[]> {
    const rows = [...this.rows.values()].map((row) =>
      Object.fromEntries(Object.entries(row).filter(([name]) => columns.includes(name))),
    );
    for (let i = 0; i < rows.length; i += 2) yield rows.slice(i, i + 2);
  }

  getItem: Aws['getItem'] = ({ Key }) => this.call('getItem', () => ({ Item: this.rows.get(Key.pk!.S!) }));

  /** Of the end of a job: the state and the run must be what was seen. */
  updateItem: Aws['updateItem'] = ({ Key, ExpressionAttributeValues: values = {} }) =>
    this.call('updateItem', () => {
      const row = this.rows.get(Key!.pk!.S!)!;
      if (row.state!.S !== values[':from']!.S || row.run!.S !== values[':run']!.S) {
        throw Object.assign(new Error('no'), { name: 'ConditionalCheckFailedException', Item: row });
      }
      this.rows.set(Key!.pk!.S!, {
        ...row,
        state: values[':state']!,
        problem: values[':problem']!,
        ttl: values[':ttl']!,
        changed: values[':now']!,
      });
      return {};
    });
}

/** A terminal that nobody sits at, unless an answer is given. */
export class FakeWorld implements World {
  readonly lines: string[] = [];
  readonly notes: string[] = [];
  readonly bars: string[] = [];
  readonly questions: string[] = [];
  readonly controller = new AbortController();
  answer: string | undefined;
  slept = 0;

  constructor(readonly aws: FakeAws = new FakeAws()) {}

  out = (line: string): void => {
    this.lines.push(line);
  };
  note = (line: string): void => {
    this.notes.push(line);
  };
  progress = (line: string): void => {
    this.bars.push(line);
  };
  now = (): number => this.aws.time;
  sleep = async (ms: number): Promise<void> => {
    this.slept += ms;
    this.aws.time += ms;
    await new Promise(setImmediate);
  };
  ask = async (question: string): Promise<string | undefined> => {
    this.questions.push(question);
    return this.answer;
  };
  get interrupted(): AbortSignal {
    return this.controller.signal;
  }

  get json(): any {
    expect(this.lines).toHaveLength(1);
    return JSON.parse(this.lines[0]!);
  }
}

/** A stack with a worker, a FIFO worker, an asynchronous function and a breaker. */
export function deployed(
  aws: FakeAws,
  ...more: { kind: string; path: string; resources: Record<string, string> }[]
): void {
  const parts = (names: Record<string, string>) => ({
    ids: Object.fromEntries(Object.keys(names).map((part) => [part, `Id${names[part]!.replace(/\W/g, '')}`])),
    names,
  });
  const patterns = [
    {
      kind: 'AsyncWorker',
      path: 'Shop/Orders',
      ...parts({
        queue: QUEUE,
        deadLetterQueue: DLQ,
        mapping: 'mapping-1',
        function: 'orders-fn',
        logGroup: 'orders-log',
      }),
    },
    {
      kind: 'AsyncWorker',
      path: 'Shop/Shipments',
      ...parts({ queue: `${QUEUE}.fifo`, deadLetterQueue: `${DLQ}.fifo`, function: 'shipments-fn' }),
    },
    { kind: 'AsyncFunction', path: 'Shop/Thumbnails', ...parts({ deadLetterQueue: `${DLQ}-t`, function: 'thumbs' }) },
    { kind: 'CircuitBreaker', path: 'Shop/Provider', ...parts({ controller: 'controller-fn', table: 'table' }) },
    { kind: 'FanOutTopic', path: 'Shop/Events', ...parts({ topic: 'arn:topic' }) },
    ...more.map(({ kind, path, resources }) => ({ kind, path, ...parts(resources) })),
  ];
  aws.templates.set(
    'Shop',
    JSON.stringify({
      Metadata: {
        'cdk-async-patterns': {
          version: 1,
          patterns: patterns.map(({ kind, path, ids }) => ({ kind, path, resources: ids })),
        },
      },
    }),
  );
  aws.stackResources.set(
    'Shop',
    patterns.flatMap(({ ids, names }) =>
      Object.keys(ids).map((part) => ({ logicalId: ids[part]!, physicalId: names[part]!, type: 'x' })),
    ),
  );
  aws.mappings.set('mapping-1', 'Enabled');
}
