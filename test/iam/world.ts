import { setTimeout as sleep } from 'node:timers/promises';
import { type AttributeValue, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { GetEventSourceMappingCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type DeadLetter, DeadLetterReader } from '../../bin/local/dead-letters';
import type { Emulator } from '../../bin/local/emulator';

type Item = Record<string, AttributeValue>;

/** A deployed app, as those see it who use it. */
export class World {
  readonly dynamodb: DynamoDBClient;
  readonly kinesis: KinesisClient;
  private readonly s3: S3Client;
  private readonly sqs: SQSClient;
  private readonly lambda: LambdaClient;
  private readonly readers = new Map<string, DeadLetterReader>();

  constructor(
    readonly emulator: Emulator,
    private readonly outputs: Readonly<Record<string, string>>,
  ) {
    const { clientConfig } = emulator;
    this.dynamodb = new DynamoDBClient(clientConfig);
    this.kinesis = new KinesisClient(clientConfig);
    this.s3 = new S3Client({ ...clientConfig, forcePathStyle: true });
    this.sqs = new SQSClient(clientConfig);
    this.lambda = new LambdaClient(clientConfig);
  }

  out(name: string): string {
    const value = this.outputs[name];
    if (value === undefined) throw new Error(`no output ${name}: got ${Object.keys(this.outputs).join(', ')}`);
    return value;
  }

  async send(queue: string, ...messages: readonly object[]): Promise<void> {
    await Promise.all(
      messages.map((message) =>
        this.sqs.send(new SendMessageCommand({ QueueUrl: this.out(queue), MessageBody: JSON.stringify(message) })),
      ),
    );
  }

  async row(table: string, id: string, key = 'pk'): Promise<Item | undefined> {
    return (await this.dynamodb.send(new GetItemCommand({ TableName: this.out(table), Key: { [key]: { S: id } } })))
      .Item;
  }

  async number(table: string, pk: string, attribute: string): Promise<number> {
    return Number((await this.row(table, pk))?.[attribute]?.N ?? 0);
  }

  /** Dead letters that hold a text: that of a run is in no other's. */
  async dead(queue: string, text: string): Promise<DeadLetter[]> {
    const reader = this.readers.get(queue) ?? new DeadLetterReader(this.sqs, this.out(queue));
    this.readers.set(queue, reader);
    return (await reader.look()).filter(({ body }) => body.includes(text));
  }

  async invoke(fn: string, payload: object, InvocationType?: 'Event'): Promise<any> {
    const { Payload, FunctionError } = await this.lambda.send(
      new InvokeCommand({ FunctionName: this.out(fn), Payload: JSON.stringify(payload), InvocationType }),
    );
    const reply = JSON.parse(Buffer.from(Payload ?? '').toString() || 'null');
    if (FunctionError) throw new Error(reply.errorMessage);
    return reply;
  }

  /** The keys of a bucket, in their order; there are few. */
  async objects(bucket: string): Promise<string[]> {
    const { Contents = [] } = await this.s3.send(new ListObjectsV2Command({ Bucket: this.out(bucket) }));
    return Contents.map(({ Key }) => Key!);
  }

  /** Takes an object away. @returns what puts it back */
  async takeObject(bucket: string, Key: string): Promise<() => Promise<unknown>> {
    const object = { Bucket: this.out(bucket), Key };
    const { Body } = await this.s3.send(new GetObjectCommand(object));
    const body = await Body!.transformToString();
    await this.s3.send(new DeleteObjectCommand(object));
    return () => this.s3.send(new PutObjectCommand({ ...object, Body: body }));
  }

  async isEnabled(mapping: string): Promise<boolean> {
    const { State } = await this.lambda.send(new GetEventSourceMappingCommand({ UUID: this.out(mapping) }));
    return State === 'Enabled';
  }

  close(): void {
    for (const client of [this.dynamodb, this.kinesis, this.s3, this.sqs, this.lambda]) client.destroy();
  }
}

/** What was promised, and whether it is kept by now. */
export type Promises = Readonly<Record<string, () => Promise<unknown>>>;

const LOOK_MS = 400;

/** Which promises are not kept in time. */
export async function broken(promises: Promises, seconds = 12): Promise<string[]> {
  const end = Date.now() + seconds * 1000;
  const isKept = async (look: () => Promise<unknown>): Promise<boolean> => {
    for (;;) {
      if (await look().catch(() => false)) return true;
      if (Date.now() > end) return false;
      await sleep(LOOK_MS);
    }
  };
  const names = Object.keys(promises);
  const kept = await Promise.all(Object.values(promises).map(isKept));
  return names.filter((_, i) => !kept[i]);
}

/** What is asked once: the answer counts. */
export const once = (look: () => Promise<unknown>): (() => Promise<boolean>) => {
  const answer = look().then(Boolean, () => false);
  return () => answer;
};

/** One after the other, until promises are broken: that is enough to know. */
export async function inTurn(...steps: readonly (() => Promise<readonly string[]>)[]): Promise<string[]> {
  for (const step of steps) {
    const names = await step();
    if (names.length > 0) return [...names];
  }
  return [];
}

/** Asks a deployed app for everything that it promises, in a run of its own, and tells what was not kept. */
export type Probe = (run: string) => Promise<string[]>;

export interface Unit {
  readonly stack: string;
  /** The directory of its app. */
  readonly fixture: string;
  /** What the app must find in its environment; called before it is deployed. */
  environment?(): Promise<Readonly<Record<string, string>>>;
  start(world: World): Promise<Probe>;
  stop?(): Promise<void>;
}
