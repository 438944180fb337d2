import { DependencyError, PermanentError } from 'cdk-async-patterns/runtime';
import type { Answer, Work } from './work';

/** What is known of the message in hand. */
interface InHand {
  readonly signal: AbortSignal;
  readonly receiveCount?: number;
}

/**
 * The effect of a message: a call of a service that counts, and knows keys. It also says when this process is to die: before the
 * effect, or between the effect and whatever comes after it.
 */
export async function effect(
  pattern: string,
  work: Work,
  { signal, receiveCount = 0 }: InHand,
  key = work.key,
): Promise<void> {
  if (work.bad) throw new PermanentError(`${work.id} is bad for good`);
  const { padding, ...rest } = work;
  const response = await fetch(`${process.env.EFFECTS_URL}/${pattern}`, {
    method: 'POST',
    headers: { 'idempotency-key': key, 'x-process': `${process.pid}` },
    body: JSON.stringify({ ...rest, receiveCount, characters: padding?.length ?? 0 }),
    signal,
  });
  const answer = (await response.text()) as Answer;
  if (answer === 'die') process.kill(process.pid, 'SIGKILL');
  if (answer === 'down') throw new DependencyError('effects', 'it is down');
  if (answer !== 'done') throw new Error(`${work.id} ${answer}`);
}
