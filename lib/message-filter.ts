import { Token } from 'aws-cdk-lib';
import { filterRefusals } from './private/fan-out/filter-limits';
import { type Condition, type FilterPolicy, type FilterScope, OR } from './private/fan-out/filter-policy';
import { InvalidInput, type Problem } from './private/problem';

/** Numbers between bounds; at least one is given, and at most one at each end. */
export interface NumberRange {
  /**
   * The number is above this.
   * @default - no such bound
   */
  readonly greaterThan?: number;

  /**
   * The number is this or above.
   * @default - no such bound
   */
  readonly greaterThanOrEqualTo?: number;

  /**
   * The number is below this.
   * @default - no such bound
   */
  readonly lessThan?: number;

  /**
   * The number is this or below.
   * @default - no such bound
   */
  readonly lessThanOrEqualTo?: number;
}

const refuse = (problem: Problem): never => {
  throw new InvalidInput(problem);
};

/**
 * What the value of one key must be. Of an array, one element must be it.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
 */
export class MessageMatch {
  /** One of these texts, in this case. */
  public static strings(...values: string[]): MessageMatch {
    return new MessageMatch(values);
  }

  /** One of these numbers. Of attributes: of the type Number. */
  public static numbers(...values: number[]): MessageMatch {
    return new MessageMatch(values.map((value) => ({ numeric: ['=', value] })));
  }

  /** A number between bounds. */
  public static numeric(range: NumberRange): MessageMatch {
    const given = (bounds: [string, number | undefined][]): (string | number)[] =>
      bounds.flatMap(([operator, value]) => (value === undefined ? [] : [operator, value]));
    const lower = given([
      ['>', range.greaterThan],
      ['>=', range.greaterThanOrEqualTo],
    ]);
    const upper = given([
      ['<', range.lessThan],
      ['<=', range.lessThanOrEqualTo],
    ]);
    if (lower.length > 2 || upper.length > 2 || lower.length + upper.length === 0) {
      refuse({
        what: 'range of a message filter',
        got: JSON.stringify(range),
        expected: 'a lower bound, an upper bound, or one of each',
        todo: 'leave out the bounds that say the same',
      });
    }
    return new MessageMatch([{ numeric: [...lower, ...upper] }]);
  }

  /** true or false. Attributes have such values in a String.Array only. */
  public static bool(value: boolean): MessageMatch {
    return new MessageMatch([value]);
  }

  /** null. Attributes have such values in a String.Array only. */
  public static ofNull(): MessageMatch {
    return new MessageMatch([null]);
  }

  /** Begins with one of these. */
  public static prefix(...values: string[]): MessageMatch {
    return new MessageMatch(values.map((prefix) => ({ prefix })));
  }

  /** Ends with one of these. */
  public static suffix(...values: string[]): MessageMatch {
    return new MessageMatch(values.map((suffix) => ({ suffix })));
  }

  /** One of these texts, in any case. */
  public static equalsIgnoreCase(...values: string[]): MessageMatch {
    return new MessageMatch(values.map((value) => ({ 'equals-ignore-case': value })));
  }

  /** Fits one of these patterns, in which `*` is any text; `\*` and `\\` stand for the characters themselves. */
  public static wildcard(...patterns: string[]): MessageMatch {
    return new MessageMatch(patterns.map((wildcard) => ({ wildcard })));
  }

  /** An IP address in one of these blocks, such as `10.0.0.0/24`. */
  public static cidr(...blocks: string[]): MessageMatch {
    return new MessageMatch(blocks.map((cidr) => ({ cidr })));
  }

  /** The key is there. Keys that hold objects are not seen, only what these hold. */
  public static exists(): MessageMatch {
    return new MessageMatch([{ exists: true }]);
  }

  /** The key is missing. A message without any attribute, or with an empty body, does not match. */
  public static absent(): MessageMatch {
    return new MessageMatch([{ exists: false }]);
  }

  /** There, and none of these texts. */
  public static anythingBut(...values: string[]): MessageMatch {
    return new MessageMatch([{ 'anything-but': values }]);
  }

  /** There, and none of these numbers. */
  public static anythingButNumbers(...values: number[]): MessageMatch {
    return new MessageMatch([{ 'anything-but': values }]);
  }

  /** A text that does not begin so. SNS takes one prefix. */
  public static anythingButPrefix(prefix: string): MessageMatch {
    return new MessageMatch([{ 'anything-but': { prefix } }]);
  }

  /** A text that does not end so. */
  public static anythingButSuffix(suffix: string): MessageMatch {
    // SNS documents no suffix here, but wildcards. An empty suffix stays empty, to be refused.
    const wildcard = suffix && `*${suffix.replace(/[*\\]/g, '\\$&')}`;
    return new MessageMatch([{ 'anything-but': { wildcard } }]);
  }

  /** A text that does not fit the pattern; see `wildcard`. SNS takes one pattern. */
  public static anythingButWildcard(wildcard: string): MessageMatch {
    return new MessageMatch([{ 'anything-but': { wildcard } }]);
  }

  /** What one of these matches. */
  public static anyOf(...matches: MessageMatch[]): MessageMatch {
    return new MessageMatch(
      matches.flatMap(({ _rendered }) =>
        Array.isArray(_rendered)
          ? _rendered
          : refuse({
              what: 'anyOf of a message filter',
              got: 'keys of an object',
              expected: 'matches of values',
              todo: 'give MessageFilter.body the alternatives',
            }),
      ),
    );
  }

  /**
   * An object in the body, with what its keys must be.
   *
   * @param keys all of them must match
   * @param alternatives and, if there are any, all keys of one of these
   */
  public static nested(
    keys: { [key: string]: MessageMatch },
    ...alternatives: { [key: string]: MessageMatch }[]
  ): MessageMatch {
    return new MessageMatch(rendered(keys, alternatives));
  }

  /** @internal */
  public readonly _rendered: readonly Condition[] | FilterPolicy;

  private constructor(conditions: readonly Condition[] | FilterPolicy) {
    this._rendered = conditions;
  }
}

function rendered(
  keys: { [key: string]: MessageMatch },
  alternatives: readonly { [key: string]: MessageMatch }[],
): FilterPolicy {
  const policyOf = (all: { [key: string]: MessageMatch }): FilterPolicy =>
    Object.fromEntries(Object.entries(all).map(([key, { _rendered }]) => [key, _rendered]));
  if ([keys, ...alternatives].some((all) => OR in all)) {
    refuse({
      what: 'key of a message filter',
      got: OR,
      expected: 'a key of the message',
      todo: 'give the alternatives after the keys that must always match',
    });
  }
  return { ...policyOf(keys), ...(alternatives.length > 0 && { [OR]: alternatives.map(policyOf) }) };
}

/**
 * Which messages of a topic a subscriber gets. Others are neither delivered nor paid for.
 *
 * SNS takes five keys and 150 combinations of values; a filter beyond what it takes is refused at synth.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
 *
 * @example
 * MessageFilter.attributes({
 *   type: MessageMatch.prefix('order.'),
 *   amount: MessageMatch.numeric({ greaterThan: 100 }),
 * });
 */
export class MessageFilter {
  /**
   * By the attributes that the message was published with.
   *
   * @param keys all of them must match
   * @param alternatives and, if there are any, all keys of one of these
   */
  public static attributes(
    keys: { [key: string]: MessageMatch },
    ...alternatives: { [key: string]: MessageMatch }[]
  ): MessageFilter {
    return new MessageFilter(rendered(keys, alternatives), 'MessageAttributes');
  }

  /**
   * By the body, which must be a JSON object; no other is delivered.
   *
   * @param keys all of them must match
   * @param alternatives and, if there are any, all keys of one of these
   */
  public static body(
    keys: { [key: string]: MessageMatch },
    ...alternatives: { [key: string]: MessageMatch }[]
  ): MessageFilter {
    return new MessageFilter(rendered(keys, alternatives), 'MessageBody');
  }

  private constructor(
    /** @internal */
    public readonly _policy: FilterPolicy,
    /** @internal */
    public readonly _scope: FilterScope,
  ) {
    const [problem] = filterRefusals(_policy, _scope, (value) => !Token.isUnresolved(value));
    if (problem) refuse(problem);
  }
}
