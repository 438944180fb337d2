import { type Duration, Token } from 'aws-cdk-lib';
import type { PaceSpec } from './private/contract';
import { InvalidInput } from './private/problem';

/** What a rate is like in the small. */
export interface RateOptions {
  /**
   * How many may start at once after a rest, 1 to 10,000. No window of time ever has more starts than its share and this.
   * @default 1, evenly spaced
   */
  readonly burst?: number;

  /**
   * Give each tenant the whole rate for itself. Who a message belongs to is its message group (`tenant` of a producer), or
   * what `paceKey` of the handler says.
   * @default false
   */
  readonly perTenant?: boolean;
}

const MAX_PER_SECOND = 10_000;
const MAX_BURST = 10_000;
const MAX_CONCURRENCY = 10_000;

const whole = (what: string, value: number, max: number, todo: string): void => {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  throw new InvalidInput({
    what,
    got: Token.isUnresolved(value) ? 'a token' : value,
    expected: `a whole number from 1 to ${max}`,
    todo,
  });
};

/** What the downstream of a `LoadLevelingQueue` bears. It holds over all invocations together. */
export class Pace {
  /**
   * So many starts in a time, evenly spread.
   *
   * @param count at least 1; 10,000 a second at most, since every batch updates one row of a table
   * @param per the time in which that many may start
   */
  public static rate(count: number, per: Duration, options: RateOptions = {}): Pace {
    const { burst = 1, perTenant = false } = options;
    const todo = 'give a number that is known at synth: batch size and concurrency follow from it';
    whole('Pace count', count, 1_000_000, todo);
    whole('Pace burst', burst, MAX_BURST, todo);
    const seconds = per.isUnresolved() ? Number.NaN : per.toSeconds({ integral: false });
    if (!(seconds > 0)) {
      throw new InvalidInput({
        what: 'Pace per',
        got: per.isUnresolved() ? 'a token' : `${seconds} s`,
        expected: 'a time above 0',
        todo,
      });
    }
    if (count / seconds > MAX_PER_SECOND) {
      throw new InvalidInput({
        what: 'Pace rate',
        got: `${count / seconds} a second`,
        expected: `at most ${MAX_PER_SECOND} a second`,
        todo: 'split the work over several queues, each with a part of the rate',
      });
    }
    return new Pace({ kind: 'rate', count, per: seconds, burst }, perTenant);
  }

  /**
   * So many at once.
   *
   * @param limit 1 to 10,000
   */
  public static concurrency(limit: number): Pace {
    whole('Pace concurrency', limit, MAX_CONCURRENCY, 'give a number that is known at synth');
    return new Pace({ kind: 'concurrency', limit });
  }

  /** Nothing at all: for a window in a `schedule`. Messages wait in the queue. */
  public static closed(): Pace {
    return new Pace({ kind: 'closed' });
  }

  /** @internal */
  public readonly _spec: PaceSpec;
  /** @internal */
  public readonly _perTenant: boolean;

  private constructor(spec: PaceSpec, perTenant = false) {
    this._spec = spec;
    this._perTenant = perTenant;
  }
}
