import { type Duration, Token } from 'aws-cdk-lib';
import { type BackoffSpec, DEFAULT_BACKOFF } from './private/contract';
import { InvalidInput } from './private/problem';

/** How a delay grows with the attempts. */
export interface ExponentialBackoffOptions {
  /**
   * Upper bound of the first delay.
   * @default Duration.seconds(5)
   */
  readonly initial?: Duration;

  /**
   * Upper bound of every delay, at most 12 hours.
   * @default Duration.minutes(5)
   * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
   */
  readonly max?: Duration;

  /**
   * By what the upper bound grows from one attempt to the next.
   * @default 2
   */
  readonly factor?: number;
}

const MAX_DELAY_SECONDS = 12 * 3600;

const secondsOf = (name: string, duration: Duration): number => {
  const seconds = duration.toSeconds({ integral: false });
  if (duration.isUnresolved()) return seconds;
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_DELAY_SECONDS) {
    throw new InvalidInput({
      what: `Backoff ${name}`,
      got: duration.toHumanString(),
      expected: 'whole seconds, 12 hours at most',
      todo: 'SQS hides a message for no longer; let a schedule send what must wait',
    });
  }
  return seconds;
};

/**
 * How long a failed message rests before its next attempt. The runtime sets it through the message's visibility timeout,
 * so a resting message costs nothing and holds up no other (in a FIFO queue: no other group).
 */
export class Backoff {
  /**
   * Delays drawn at random from zero to a bound that grows with the attempts ("full jitter"), so that messages that failed
   * together do not come back together.
   */
  public static exponential(options: ExponentialBackoffOptions = {}): Backoff {
    const initial = options.initial ? secondsOf('initial', options.initial) : DEFAULT_BACKOFF.initial;
    const max = options.max ? secondsOf('max', options.max) : Math.max(DEFAULT_BACKOFF.max, initial);
    const factor = options.factor ?? DEFAULT_BACKOFF.factor;
    if (!Token.isUnresolved(factor) && !(factor >= 1 && factor <= 100)) {
      throw new InvalidInput({
        what: 'Backoff factor',
        got: factor,
        expected: 'a number from 1 to 100',
        todo: 'use Backoff.constant() for a delay that does not grow',
      });
    }
    if (!Token.isUnresolved(initial) && !Token.isUnresolved(max) && initial > max) {
      throw new InvalidInput({
        what: 'Backoff initial',
        got: `${initial} s`,
        expected: `at most max, ${max} s`,
        todo: 'raise max or lower initial',
      });
    }
    return new Backoff({ initial, max, factor, jitter: true });
  }

  /** The same delay before every attempt, without jitter. */
  public static constant(delay: Duration): Backoff {
    const seconds = secondsOf('delay', delay);
    return new Backoff({ initial: seconds, max: seconds, factor: 1, jitter: false });
  }

  /** The next attempt as soon as SQS hands the message out again. */
  public static none(): Backoff {
    return new Backoff({ initial: 0, max: 0, factor: 1, jitter: false });
  }

  /** @internal */
  public readonly _spec: BackoffSpec;

  private constructor(spec: BackoffSpec) {
    this._spec = spec;
  }
}
