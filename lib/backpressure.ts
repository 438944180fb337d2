import type { Duration } from 'aws-cdk-lib';
import { InvalidInput } from './private/problem';

/** When the producers of a `LoadLevelingQueue` are to slow down. */
export class Backpressure {
  /**
   * When the backlog would take longer than that at the rate at which it is worked off.
   *
   * @param limit 10 seconds to 4 days, after which SQS forgets a message
   */
  public static timeToDrain(limit: Duration): Backpressure {
    const seconds = limit.toSeconds({ integral: false });
    if (!limit.isUnresolved() && !(seconds >= 10 && seconds <= 4 * 86_400)) {
      throw new InvalidInput({
        what: 'Backpressure timeToDrain',
        got: `${seconds} s`,
        expected: 'a Duration from 10 seconds to 4 days',
        todo: 'the backlog is read every few seconds, and the queue keeps messages for 4 days',
      });
    }
    return new Backpressure(seconds);
  }

  /** @internal */
  public readonly _limit: number;

  private constructor(limit: number) {
    this._limit = limit;
  }
}
