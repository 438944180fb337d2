import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { IConstruct } from 'constructs';
import { costs } from './cost';
import type { Shown } from './view';

const HEIGHT = 6;
const THIRD = 8;
const QUARTER = 6;
const FULL = 24;
const MINUTE = Duration.minutes(1);

const COLORS = {
  processed: cloudwatch.Color.GREEN,
  retried: cloudwatch.Color.ORANGE,
  dead: cloudwatch.Color.RED,
  deferred: cloudwatch.Color.GREY,
} as const;

/** A line of a pattern in a widget over all of them; nothing if it has none. */
type LineOf = (shown: Shown, index: number) => readonly cloudwatch.IMetric[];

const named = (metric: cloudwatch.IMetric, label: string): cloudwatch.IMetric =>
  metric instanceof cloudwatch.Metric ? metric.with({ label }) : metric;

const math = (expression: string, usingMetrics: Record<string, cloudwatch.IMetric>, label: string, period = MINUTE) =>
  new cloudwatch.MathExpression({ expression, usingMetrics, label, period });

/** In a minute, at its most. */
const most = { statistic: 'max', period: MINUTE };

const backlog: LineOf = ({ path, queue }, i) =>
  queue
    ? [
        math(
          `v${i}+f${i}+d${i}`,
          {
            [`v${i}`]: queue.metricApproximateNumberOfMessagesVisible(most),
            [`f${i}`]: queue.metricApproximateNumberOfMessagesNotVisible(most),
            [`d${i}`]: queue.metricApproximateNumberOfMessagesDelayed(most),
          },
          path,
        ),
      ]
    : [];

const age: LineOf = ({ path, queue, age: own }, i) => {
  if (queue) return [queue.metricApproximateAgeOfOldestMessage({ ...most, label: path })];
  return own ? [math(`a${i}/1000`, { [`a${i}`]: own }, path, Duration.minutes(5))] : [];
};

/** Where nobody reports it: what waits, at the pace of the last five minutes. */
const timeToDrain: LineOf = ({ path, queue, outcomes, timeToDrain: own }, i) => {
  if (own) return [named(own, path)];
  if (!queue || !outcomes) return [];
  const [done, waiting] = [`n${i}`, `w${i}`];
  const period = Duration.minutes(5);
  return [
    math(
      `IF(${done}>0,${waiting}*PERIOD(${done})/${done})`,
      {
        [done]: outcomes.processed,
        [waiting]: queue.metricApproximateNumberOfMessagesVisible({ statistic: 'max', period }),
      },
      path,
      period,
    ),
  ];
};

const throughput: LineOf = ({ path, outcomes }, i) =>
  outcomes ? [math(`n${i}/PERIOD(n${i})`, { [`n${i}`]: outcomes.processed }, path, Duration.minutes(5))] : [];

const deadLetters: LineOf = ({ path, deadLetterQueues = [] }) =>
  deadLetterQueues.map((queue) =>
    queue.metricApproximateNumberOfMessagesVisible({
      ...most,
      label: deadLetterQueues.length > 1 ? `${path}: ${queue.node.id}` : path,
    }),
  );

const open: LineOf = ({ path, open: own }) => (own ? [named(own, path)] : []);

const OVERVIEW: readonly { title: string; label: string; line: LineOf }[] = [
  { title: 'Backlog', label: 'messages', line: backlog },
  { title: 'Age of the oldest', label: 'seconds', line: age },
  { title: 'Time to drain', label: 'seconds', line: timeToDrain },
  { title: 'Throughput', label: 'messages a second', line: throughput },
  { title: 'Dead-letter queues', label: 'messages', line: deadLetters },
  { title: 'Circuit breakers', label: '1: not closed', line: open },
];

const axis = (label: string): cloudwatch.YAxisProps => ({ label, min: 0, showUnits: false });

const overview = (shown: readonly Shown[]): cloudwatch.IWidget[] =>
  OVERVIEW.flatMap(({ title, label, line }) => {
    const left = shown.flatMap(line);
    return left.length > 0
      ? [new cloudwatch.GraphWidget({ title, left: [...left], leftYAxis: axis(label), width: THIRD, height: HEIGHT })]
      : [];
  });

const outcomes = ({ path, outcomes: own }: Shown): cloudwatch.IWidget[] =>
  own
    ? [
        new cloudwatch.GraphWidget({
          title: `${path}: outcomes`,
          left: Object.entries(own).map(([name, metric]: [string, cloudwatch.IMetric]) =>
            metric instanceof cloudwatch.Metric
              ? metric.with({ label: name, color: COLORS[name as keyof typeof COLORS] })
              : metric,
          ),
          leftYAxis: axis('in 5 minutes'),
          stacked: true,
          width: QUARTER,
          height: HEIGHT,
        }),
      ]
    : [];

const pace = ({ path, pace: own }: Shown): cloudwatch.IWidget[] =>
  own
    ? [
        new cloudwatch.GraphWidget({
          title: `${path}: pace`,
          left: [named(own.actual, own.unit)],
          leftAnnotations: own.limit === undefined ? [] : [{ value: own.limit, label: 'limit as deployed' }],
          leftYAxis: axis(own.unit),
          width: QUARTER,
          height: HEIGHT,
        }),
      ]
    : [];

const counts = ({ path, counts: own = [] }: Shown): cloudwatch.IWidget[] =>
  own.length > 0
    ? [
        new cloudwatch.GraphWidget({
          title: `${path}: counts`,
          left: [...own],
          leftYAxis: axis('in 5 minutes'),
          width: QUARTER,
          height: HEIGHT,
        }),
      ]
    : [];

const cost = (shown: readonly Shown[]): cloudwatch.IWidget[] => {
  const each = costs(shown);
  if (each.length === 0) return [];
  return [
    new cloudwatch.GraphWidget({
      title: 'Cost a day, estimated from metrics at the prices of us-east-1',
      left: each,
      leftYAxis: axis('USD'),
      stacked: true,
      period: Duration.days(1),
      width: FULL,
      height: HEIGHT,
    }),
  ];
};

/** All that a dashboard shows. */
export function widgetsOf(shown: readonly Shown[], scope: IConstruct): cloudwatch.IWidget[] {
  if (shown.length === 0) {
    return [
      new cloudwatch.TextWidget({
        markdown: `No patterns in ${scope.node.path || 'the app'}.`,
        width: FULL,
        height: 1,
      }),
    ];
  }
  return [
    new cloudwatch.Row(...overview(shown)),
    new cloudwatch.Row(...shown.flatMap((each) => [...outcomes(each), ...pace(each), ...counts(each)])),
    new cloudwatch.Row(...cost(shown)),
  ];
}

/** A widget that is made of others when the dashboard is written: by then all patterns are there. */
export class Late implements cloudwatch.IWidget {
  readonly width = FULL;
  private x = 0;
  private y = 0;

  constructor(private readonly make: () => cloudwatch.IWidget[]) {}

  get height(): number {
    return new cloudwatch.Column(...this.make()).height;
  }

  position(x: number, y: number): void {
    this.x = x;
    this.y = y;
  }

  toJson(): ReturnType<cloudwatch.IWidget['toJson']> {
    const column = new cloudwatch.Column(...this.make());
    column.position(this.x, this.y);
    return column.toJson();
  }
}
