import { CONNECTION_ENV, variableName } from '../../../lib/private/contract';

/** Where bodies go that are too large to travel. */
export interface PayloadSpec {
  readonly bucket: string;
  /** What the keys begin with. */
  readonly prefix?: string;
  /** Bodies of more bytes than this are stored. */
  readonly threshold: number;
}

/** What makes the one-shot schedules of messages that are sent later than SQS can delay them. */
export interface ScheduleSpec {
  readonly groupName: string;
  readonly roleArn: string;
  readonly queueArn: string;
}

export interface QueueConnection {
  readonly queueUrl: string;
  /** @default - whether the name of the queue ends with .fifo */
  readonly fifo?: boolean;
  /** What sends at a time that SQS cannot delay to. @default - nothing: `at` reaches 900 seconds */
  readonly schedule?: ScheduleSpec;
}

export interface TopicConnection {
  readonly topicArn: string;
  /** @default - whether the name of the topic ends with .fifo */
  readonly fifo?: boolean;
}

interface Stored {
  readonly payloads?: PayloadSpec;
}

/** Connections as a construct writes them, which also knows who reads what is stored. */
export type ConnectedQueue = QueueConnection & Stored;
export type ConnectedTopic = TopicConnection & Stored;

const KINDS = {
  producer: { field: 'queueUrl', call: 'worker.connectProducer' },
  publisher: { field: 'topicArn', call: 'topic.connectPublisher' },
  log: { field: 'table', call: 'log.connectWriter' },
} as const;

/**
 * The connection of that name, as the construct wrote it into the environment.
 *
 * @throws Error if there is none
 */
export function readConnection<C>(
  kind: keyof typeof KINDS,
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): C {
  const { field, call } = KINDS[kind];
  const variable = CONNECTION_ENV[kind] + variableName(name);
  const value = env[variable];
  if (value === undefined) {
    throw new Error(
      `${kind} ${name}: got no environment variable ${variable}, expected the one that its construct writes; ` +
        `add ${call}(fn, '${name}') to the stack, or pass { ${field} } instead of a name`,
    );
  }
  try {
    const connection = JSON.parse(value);
    if (typeof connection[field] === 'string') return connection;
  } catch {}
  throw new Error(
    `${kind} ${name}: got ${JSON.stringify(value)} in ${variable}, expected JSON with ${field} as the construct writes it`,
  );
}
