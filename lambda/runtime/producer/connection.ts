import {
  type BackpressureSpec,
  CONNECTION_ENV,
  type PayloadSpec,
  type ScheduleSpec,
  variableName,
} from '../../../lib/private/contract';

export type { BackpressureSpec, PayloadSpec, ScheduleSpec };

export interface QueueConnection {
  readonly queueUrl: string;
  /** @default - whether the name of the queue ends with .fifo */
  readonly fifo?: boolean;
  /** What sends at a time that SQS cannot delay to. @default - nothing: `at` reaches 900 seconds */
  readonly schedule?: ScheduleSpec;
  /** Where large bodies go. Who receives must be able to read there. @default - nowhere: SQS takes 1 MiB */
  readonly payloads?: PayloadSpec;
  /** Where its backlog is seen, and what is too long. @default - nothing: whatever comes is sent */
  readonly backpressure?: BackpressureSpec;
}

export interface TopicConnection {
  readonly topicArn: string;
  /** @default - whether the name of the topic ends with .fifo */
  readonly fifo?: boolean;
  /** Where large bodies go. All who receive must be able to read there. @default - nowhere: SNS takes 256 KiB */
  readonly payloads?: PayloadSpec;
}

export interface FunctionConnection {
  /** Or its name. */
  readonly functionArn: string;
  /** Where large payloads go; the function must be able to read there. @default - nowhere: Lambda takes 1 MiB */
  readonly payloads?: PayloadSpec;
}

/** As a construct writes it, which also knows what is too large for where failures of the function go. */
export type ConnectedFunction = FunctionConnection & { readonly maxBytes?: number };

const KINDS = {
  producer: { field: 'queueUrl', call: 'worker.connectProducer' },
  publisher: { field: 'topicArn', call: 'topic.connectPublisher' },
  invoker: { field: 'functionArn', call: 'asyncFunction.connectInvoker' },
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
