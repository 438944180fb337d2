import type {
  ChangeMessageVisibilityBatchCommandInput,
  ChangeMessageVisibilityBatchCommandOutput,
  SendMessageBatchCommandInput,
  SendMessageBatchCommandOutput,
} from '@aws-sdk/client-sqs';
import { MAX_MESSAGE_BYTES } from '../../lib/private/contract';
import type { Alarm } from './abort-at';
import type { DeadLetter } from './dead-letter';
import { describe, sentence } from './describe';
import type { Logger } from './log';
import { pack } from './pack';
import { inParallel } from './parallel';
import type { VisibilityChange } from './plan';
import { ofEntry, ofRequest } from './producer/retry';
import { pause, restAfter } from './time';

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
const BATCH = { count: 10, bytes: MAX_MESSAGE_BYTES };
/** Requests under way at once: a batch may hold 10,000 records, the client has 50 sockets. */
const IN_FLIGHT = 8;

/** The two calls, as the SDK's client takes and answers them. */
export interface SqsCalls {
  sendMessageBatch(
    input: SendMessageBatchCommandInput,
  ): Promise<Pick<SendMessageBatchCommandOutput, 'Successful' | 'Failed'>>;
  changeMessageVisibilityBatch(
    input: ChangeMessageVisibilityBatchCommandInput,
  ): Promise<Pick<ChangeMessageVisibilityBatchCommandOutput, 'Successful' | 'Failed'>>;
}

export interface Effects {
  readonly calls: SqsCalls;
  readonly log: Logger;
  /** Goes off when the reply can wait no longer. */
  readonly alarm: Alarm;
  random(): number;
}

/**
 * How often SQS is asked, beside what its client tries. What is refused for good is not asked for again; a letter that is not
 * accepted costs a receive, at the last of which the message would die without a reason.
 */
const MAX_ASKS = 4;

/** Asks until nothing is left that may be accepted later, and returns what is left all the same. */
async function untilAccepted<T>(
  { alarm, random }: Effects,
  items: readonly T[],
  ask: (open: readonly T[], isLast: boolean) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  let open = items;
  for (let tries = 1; ; tries++) {
    const isLast = tries === MAX_ASKS;
    open = await ask(open, isLast);
    if (open.length === 0 || isLast) return open;
    await pause(restAfter(tries, random()), alarm.signal);
    if (alarm.signal.aborted) return open;
  }
}

/**
 * Sends dead letters and returns the ids of those that SQS did not confirm. Letters of a FIFO queue go in their order, one
 * request after another, and none overtakes one that was lost.
 */
export async function sendDeadLetters(
  effects: Effects,
  queueUrl: string,
  letters: readonly DeadLetter[],
): Promise<Set<string>> {
  const lost = new Set<string>();
  const left = await untilAccepted(effects, letters, async (open, isLast) => {
    const { passing, refused } = await sendOnce(effects, queueUrl, open, isLast);
    for (const { messageId } of refused) lost.add(messageId);
    return passing;
  });
  for (const { messageId } of left) lost.add(messageId);
  return lost;
}

const groupOf = ({ entry }: DeadLetter): string => entry.MessageGroupId ?? '';

/** The first of each group, then the second, and so on: SQS may refuse one of a request and take what follows it. */
function byGroup(letters: readonly DeadLetter[]): DeadLetter[][] {
  const waves: DeadLetter[][] = [];
  const sizes = new Map<string, number>();
  for (const letter of letters) {
    const place = sizes.get(groupOf(letter)) ?? 0;
    sizes.set(groupOf(letter), place + 1);
    waves[place] ??= [];
    waves[place].push(letter);
  }
  return waves;
}

/** Those that were not confirmed: for now, or for good with all that would overtake them. */
async function sendOnce(
  { calls, log, alarm }: Effects,
  queueUrl: string,
  letters: readonly DeadLetter[],
  isLast: boolean,
): Promise<{ readonly passing: readonly DeadLetter[]; readonly refused: readonly DeadLetter[] }> {
  const confirmed = new Set<DeadLetter>();
  const refused = new Set<DeadLetter>();
  const lostGroups = new Set<string>();
  const fifo = letters.some(({ entry }) => entry.MessageDeduplicationId !== undefined);
  const note = (text: string, retry: boolean, fields: Record<string, unknown>): void =>
    retry && !isLast ? log.warn(`${text}: trying again`, fields) : log.error(text, fields);

  const send = async (packed: readonly DeadLetter[]): Promise<void> => {
    const request = fifo ? packed.filter((letter) => !lostGroups.has(groupOf(letter))) : packed;
    if (request.length === 0) return;
    try {
      const Entries = request.map(({ entry }, i) => ({ Id: String(i), ...entry }));
      const { Successful = [], Failed = [] } = await alarm.race(
        calls.sendMessageBatch({ QueueUrl: queueUrl, Entries }),
      );
      for (const { Id } of Successful) confirmed.add(request[Number(Id)]!);
      for (const entry of Failed) {
        const letter = request[Number(entry.Id)];
        const { code, reason, retry } = ofEntry(entry);
        if (letter && !retry) refused.add(letter);
        note('dead letter refused', retry, { messageId: letter?.messageId, code, reason });
      }
    } catch (error) {
      const { retry } = ofRequest(error);
      if (!retry) for (const letter of request) refused.add(letter);
      note('dead letters not sent', retry, { count: request.length, reason: sentence(describe(error)) });
    }
    for (const letter of request) if (!confirmed.has(letter)) lostGroups.add(groupOf(letter));
  };

  for (const wave of fifo ? byGroup(letters) : [letters]) {
    await inParallel(
      pack(wave, ({ bytes }) => bytes, BATCH),
      fifo ? 1 : IN_FLIGHT,
      send,
    );
  }
  const closed = new Set(fifo ? [...refused].map(groupOf) : []);
  const isRefused = (letter: DeadLetter): boolean => refused.has(letter) || closed.has(groupOf(letter));
  const open = letters.filter((letter) => !confirmed.has(letter));
  return { passing: open.filter((letter) => !isRefused(letter)), refused: open.filter(isRefused) };
}

/** Sets when the failed come back. What SQS does not take comes back after the queue's visibility timeout instead. */
export async function changeVisibility(
  effects: Effects,
  queueUrl: string,
  changes: readonly VisibilityChange[],
): Promise<void> {
  await untilAccepted(effects, changes, (open) => changeOnce(effects, queueUrl, open));
}

/** Those that may be accepted later. */
async function changeOnce(
  { calls, log, alarm }: Effects,
  queueUrl: string,
  changes: readonly VisibilityChange[],
): Promise<readonly VisibilityChange[]> {
  const passing: VisibilityChange[] = [];
  const change = async (request: readonly VisibilityChange[]): Promise<void> => {
    try {
      const Entries = request.map(({ receiptHandle, seconds }, i) => ({
        Id: String(i),
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: seconds,
      }));
      const { Failed = [] } = await alarm.race(calls.changeMessageVisibilityBatch({ QueueUrl: queueUrl, Entries }));
      for (const entry of Failed) {
        const refused = request[Number(entry.Id)];
        const { code, reason, retry } = ofEntry(entry);
        if (refused && retry) passing.push(refused);
        log.warn('backoff refused', { messageId: refused?.messageId, code, reason });
      }
    } catch (error) {
      if (ofRequest(error).retry) passing.push(...request);
      log.warn('backoff not set', { count: request.length, reason: sentence(describe(error)) });
    }
  };
  await inParallel(
    pack(changes, () => 0, BATCH),
    IN_FLIGHT,
    change,
  );
  return passing;
}
