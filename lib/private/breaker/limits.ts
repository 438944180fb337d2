import type { Problem } from '../problem';

/**
 * The numbers of a circuit breaker, in seconds where they are times. One that is not known at synth (a token) is missing, and
 * no rule looks at it.
 */
export interface BreakerNumbers {
  readonly failureRatio?: number;
  readonly minimumCalls?: number;
  readonly window?: number;
  readonly coolDown?: number;
  readonly maxCoolDown?: number;
}

const HOUR = 3600;
/** SQS hides a message for no longer: what is put off must come back by the first probe. */
const LONGEST_COOL_DOWN = 11 * HOUR;
/** The list of their mappings is an environment variable of the controller's, and those hold 4 KB in all. */
export const MAX_WORKERS = 40;

const wholeWithin = (what: string, value: number | undefined, min: number, max: number, todo: string): Problem[] =>
  value === undefined || (Number.isInteger(value) && value >= min && value <= max)
    ? []
    : [{ what, got: value, expected: `a whole number from ${min} to ${max}`, todo }];

export function breakerRefusals(numbers: BreakerNumbers): Problem[] {
  const { failureRatio, minimumCalls, window, coolDown, maxCoolDown } = numbers;
  const problems = [
    ...wholeWithin(
      'minimumCalls',
      minimumCalls,
      1,
      10_000,
      'say how many calls within the window it takes to judge the dependency',
    ),
    ...wholeWithin('window', window, 10, HOUR, 'give whole seconds'),
    ...wholeWithin('coolDown', coolDown, 1, LONGEST_COOL_DOWN, 'give whole seconds'),
    ...wholeWithin('maxCoolDown', maxCoolDown, 1, LONGEST_COOL_DOWN, 'give whole seconds'),
  ];
  if (failureRatio !== undefined && !(failureRatio > 0 && failureRatio <= 1)) {
    problems.push({
      what: 'failureRatio',
      got: failureRatio,
      expected: 'above 0 and up to 1',
      todo: 'give the share of calls that fails, such as 0.5',
    });
  }
  if (coolDown !== undefined && maxCoolDown !== undefined && maxCoolDown < coolDown) {
    problems.push({
      what: 'maxCoolDown',
      got: `${maxCoolDown} s`,
      expected: `at least coolDown, ${coolDown} s`,
      todo: 'raise it, or lower coolDown',
    });
  }
  return problems;
}
