import type { AttributeValue, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { Message, SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';

export interface StackResource {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
}

/** What became of the entries of a batch, by their ids. */
export interface BatchReply {
  readonly done: readonly string[];
  readonly failed: readonly { readonly id: string; readonly reason: string }[];
}

export interface Handle {
  readonly id: string;
  readonly receiptHandle: string;
}

export interface InvokeReply {
  readonly payload: string;
  /** Missing if the function did not fail. */
  readonly functionError?: string;
}

export interface LogLine {
  readonly timestamp: number;
  readonly message: string;
  readonly eventId: string;
}

export type Item = Record<string, AttributeValue>;

/** The calls that commands make. */
export interface Aws {
  template(stack: string): Promise<string>;
  resources(stack: string): Promise<StackResource[]>;
  queueAttributes(url: string): Promise<Readonly<Record<string, string>>>;
  /** Hides what it returns for so many seconds. */
  receive(url: string, max: number, visibility: number): Promise<Message[]>;
  send(url: string, entries: SendMessageBatchRequestEntry[]): Promise<BatchReply>;
  remove(url: string, handles: readonly Handle[]): Promise<BatchReply>;
  /** Shows them again at once. */
  release(url: string, handles: readonly Handle[]): Promise<BatchReply>;
  purge(url: string): Promise<void>;
  invoke(fn: string, payload: string, type: 'Event' | 'RequestResponse'): Promise<InvokeReply>;
  mappingState(id: string): Promise<string>;
  enableMapping(id: string, enabled: boolean): Promise<void>;
  /** Lines that hold the text, from a time on, oldest first. */
  logs(group: string, text: string, since: number): Promise<LogLine[]>;
  /** The variables of a function. */
  environment(fn: string): Promise<Readonly<Record<string, string>>>;
  /** All rows of a table, page by page, of each these columns. */
  scan(table: string, columns: readonly string[]): AsyncIterable<Item[]>;
  getItem(input: { TableName: string; Key: Item; ConsistentRead: boolean }): Promise<{ readonly Item?: Item }>;
  updateItem(input: UpdateItemCommandInput): Promise<unknown>;
}
