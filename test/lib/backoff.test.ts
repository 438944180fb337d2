import { Duration } from 'aws-cdk-lib';
import { Backoff } from '../../lib';

test.each<[string, () => Backoff, object]>([
  ['exponential', () => Backoff.exponential(), { initial: 5, max: 300, factor: 2, jitter: true }],
  [
    'exponential with every option',
    () => Backoff.exponential({ initial: Duration.seconds(1), max: Duration.hours(12), factor: 1.5 }),
    { initial: 1, max: 43_200, factor: 1.5, jitter: true },
  ],
  [
    'exponential that starts above the default maximum',
    () => Backoff.exponential({ initial: Duration.hours(1) }),
    { initial: 3600, max: 3600, factor: 2, jitter: true },
  ],
  ['constant', () => Backoff.constant(Duration.minutes(1)), { initial: 60, max: 60, factor: 1, jitter: false }],
  ['none', () => Backoff.none(), { initial: 0, max: 0, factor: 1, jitter: false }],
])('%s', (_, make, spec) => {
  expect(make()._spec).toEqual(spec);
});

test.each<[string, () => Backoff, RegExp]>([
  [
    'above 12 hours',
    () => Backoff.constant(Duration.seconds(43_201)),
    /Backoff delay: got .*, expected whole seconds, 12 hours at most; /,
  ],
  ['parts of seconds', () => Backoff.constant(Duration.millis(500)), /Backoff delay: got 500 millis/],
  ['max above 12 hours', () => Backoff.exponential({ max: Duration.days(1) }), /Backoff max: got 1 day/],
  [
    'initial above max',
    () => Backoff.exponential({ initial: Duration.seconds(10), max: Duration.seconds(9) }),
    /Backoff initial: got 10 s, expected at most max, 9 s; /,
  ],
  [
    'a factor that shrinks',
    () => Backoff.exponential({ factor: 0.5 }),
    /Backoff factor: got 0.5, expected a number from 1 to 100; /,
  ],
  ['a factor that is no number', () => Backoff.exponential({ factor: Number.NaN }), /Backoff factor: got NaN/],
])('%s is refused', (_, make, message) => {
  expect(make).toThrow(message);
});
