import type { Alarm } from '../abort-at';
import type { DeadLetter } from '../dead-letter';
import { describe, sentence } from '../describe';
import type { Edge } from '../edge';
import { sendDeadLetters } from '../effects';
import type { Logger } from '../log';
import { letterOf, type Remains } from './letter';

export interface BurialOptions {
  readonly edge: Pick<Edge, 'failurePath' | 'now' | 'random'>;
  readonly queueUrl: string | undefined;
  readonly log: Logger;
  /** Goes off when the reply can wait no longer. */
  readonly alarm: Alarm;
}

/** Remains whose bytes are made when they are wanted. */
export type Buried = Omit<Remains, 'bytes'> & { bytes(): Buffer | undefined };

interface Waiting {
  readonly letter: DeadLetter;
  resolve(confirmed: boolean): void;
}

/**
 * Sends dead letters while the batch runs: the next record of a key must not start before it is certain that the last one is
 * safe, or it could come back behind it. Letters of one moment share a request.
 */
export class Burial {
  private waiting: Waiting[] = [];

  constructor(private readonly options: BurialOptions) {}

  /** Whether the dead-letter queue has confirmed it. Never rejects: also what cannot be written as bytes has a fate. */
  async bury({ bytes, ...remains }: Buried, reason: string): Promise<boolean> {
    const { queueUrl, edge, log } = this.options;
    if (queueUrl === undefined) return false;
    try {
      const letter = await letterOf({ ...remains, bytes: bytes() }, reason, edge.now());
      return await new Promise<boolean>((resolve) => {
        this.waiting.push({ letter, resolve });
        if (this.waiting.length === 1) void Promise.resolve().then(() => this.send(queueUrl));
      });
    } catch (error) {
      log.error('dead letter not written', { messageId: remains.id, reason: sentence(describe(error)) });
      return false;
    }
  }

  private async send(queueUrl: string): Promise<void> {
    const { edge, log, alarm } = this.options;
    const sending = this.waiting;
    this.waiting = [];
    let lost: ReadonlySet<string>;
    const letters = sending.map(({ letter }) => letter);
    try {
      const { calls } = await edge.failurePath();
      lost = await sendDeadLetters({ calls, log, alarm, random: edge.random }, queueUrl, letters);
    } catch (error) {
      log.error('dead letters not sent', { count: letters.length, reason: sentence(describe(error)) });
      lost = new Set(letters.map(({ messageId }) => messageId));
    }
    for (const { letter, resolve } of sending) resolve(!lost.has(letter.messageId));
  }
}
