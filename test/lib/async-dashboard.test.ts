import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Duration, NestedStack, Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { maskAssets } from '../../lambda/testing';
import {
  AsyncApi,
  AsyncDashboard,
  AsyncFunction,
  AsyncWorker,
  CircuitBreaker,
  EventLog,
  FanOutTopic,
  Handler,
  Idempotency,
  LoadLevelingQueue,
  Pace,
  PayloadStore,
  StreamSource,
  StreamWorker,
  Webhook,
} from '../../lib';

const handler = () => Handler.fromEntry(`${__dirname}/../fixtures/handler.ts`);

/** The body of the only dashboard, with intrinsic functions as text. */
const bodyOf = (stack: Stack): any => {
  const [dashboard, ...more] = Object.values(Template.fromStack(stack).findResources('AWS::CloudWatch::Dashboard'));
  expect(more).toEqual([]);
  const body = dashboard!.Properties.DashboardBody;
  const parts: unknown[] = typeof body === 'string' ? [body] : body['Fn::Join'][1];
  return JSON.parse(
    parts.map((part: any) => (typeof part === 'string' ? part : (part.Ref ?? part['Fn::GetAtt']?.join('.')))).join(''),
  );
};
const widgetsOf = (stack: Stack): any[] => bodyOf(stack).widgets;
const titlesOf = (stack: Stack): string[] => widgetsOf(stack).map(({ properties }) => properties.title);
const widget = (stack: Stack, title: string): any => {
  const found = widgetsOf(stack).filter(({ properties }) => properties.title === title);
  expect(found).toHaveLength(1);
  return found[0].properties;
};
/** The options of the lines that are drawn. */
const drawn = (properties: any): any[] =>
  properties.metrics.map((line: any[]) => line.at(-1)).filter(({ visible }: any) => visible !== false);
const labels = (properties: any): string[] => drawn(properties).map(({ label }) => label);
const descriptionsOf = (stack: Stack): unknown[] =>
  Object.values(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm')).map(
    ({ Properties }) => Properties.AlarmDescription,
  );

/** One of each pattern, with all that has an alarm. */
const everything = (stack: Stack): void => {
  const breaker = new CircuitBreaker(stack, 'Provider');
  const orders = new AsyncWorker(stack, 'Orders', {
    handler: handler(),
    fifo: true,
    circuitBreaker: breaker,
    idempotency: Idempotency.table(),
  });
  const fn = new AsyncFunction(stack, 'Thumbnails', { handler: handler() });
  orders.connectProducer(fn.function, 'orders', { schedules: true });
  const topic = new FanOutTopic(stack, 'Events');
  topic.addWorker('Audit', { handler: handler() });
  topic.addQueue(new sqs.Queue(stack, 'Mine'));
  new EventLog(stack, 'Log').addWorker('Projection', { handler: handler() });
  new LoadLevelingQueue(stack, 'Mails', { handler: handler(), pace: Pace.rate(120, Duration.minutes(1)) });
  const table = new dynamodb.Table(stack, 'Items', {
    partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING },
    stream: dynamodb.StreamViewType.NEW_IMAGE,
  });
  new StreamWorker(stack, 'Changes', { source: StreamSource.dynamodb(table), handler: handler() });
  new AsyncApi(stack, 'Api', {
    queue: new AsyncWorker(stack, 'Invoices', { handler: handler() }),
    handler: handler(),
    webhook: Webhook.toCallers(),
    payloadStore: new PayloadStore(stack, 'Results'),
  });
};

describe('what it shows', () => {
  test('matches its template', () => {
    const stack = new Stack(new App(), 'Shop');
    new AsyncDashboard(stack, 'Dashboard');
    new LoadLevelingQueue(stack, 'Mails', { handler: handler(), pace: Pace.rate(10, Duration.seconds(1)) });
    const { Resources } = Template.fromStack(stack).toJSON();
    const dashboards = Object.entries<any>(Resources).filter(([, { Type }]) => Type === 'AWS::CloudWatch::Dashboard');
    expect(maskAssets(Object.fromEntries(dashboards))).toMatchSnapshot();
    expect(bodyOf(stack)).toMatchSnapshot();
  });

  test.each([
    ['Backlog', ['Orders', 'Events/Audit', 'Log/Topic/Projection', 'Mails', 'Invoices', 'Api/Completions/Webhook']],
    ['Circuit breakers', ['Provider']],
  ])('%s has a line of each that has it', (title, expected) => {
    const stack = new Stack(new App(), 'Shop');
    new AsyncDashboard(stack, 'Dashboard');
    everything(stack);
    expect(labels(widget(stack, title)).sort()).toEqual(expected.map((path) => `Shop/${path}`).sort());
  });

  test.each([
    ['Orders', 'outcomes', ['processed', 'retried', 'dead', 'deferred']],
    ['Changes', 'outcomes', ['processed', 'retried', 'dead', 'deferred']],
    ['Thumbnails', 'outcomes', ['processed', 'retried', 'dead']],
  ])('%s has a widget of its %s', (id, what, expected) => {
    const stack = new Stack(new App(), 'Shop');
    new AsyncDashboard(stack, 'Dashboard');
    everything(stack);
    expect(labels(widget(stack, `Shop/${id}: ${what}`))).toEqual(expected);
  });

  test.each(['Events', 'Log', 'Api', 'Thumbnails'])('%s has a widget of what it counts', (id) => {
    const stack = new Stack(new App(), 'Shop');
    new AsyncDashboard(stack, 'Dashboard');
    everything(stack);
    expect(titlesOf(stack)).toContain(`Shop/${id}: counts`);
  });

  test('every dead-letter queue of ours is in it', () => {
    const stack = new Stack(new App(), 'Shop');
    new AsyncDashboard(stack, 'Dashboard');
    everything(stack);
    const named = widget(stack, 'Dead-letter queues').metrics.map((line: any[]) => line[3].replace('.QueueName', ''));
    const queues = Object.keys(Template.fromStack(stack).findResources('AWS::SQS::Queue'));
    // What is missing are queues that hold work, or changes of a pace, or wait for the schedules of others.
    expect(named.every((id: string) => queues.includes(id))).toBe(true);
    for (const part of [
      'OrdersDeadLetter',
      'ThumbnailsDeadLetter',
      'MailsDeadLetter',
      'ChangesDeadLetter',
      'Mine',
      'Log',
    ])
      expect(named).toContainEqual(expect.stringMatching(`^${part}`));
  });

  test('time to drain is what a controller says, or else what waits at the throughput', () => {
    const stack = new Stack(new App(), 'Shop');
    new AsyncDashboard(stack, 'Dashboard');
    everything(stack);
    const { metrics } = widget(stack, 'Time to drain');
    expect(metrics).toContainEqual([
      'AsyncPatterns',
      'TimeToDrain',
      'Worker',
      'Shop/Mails',
      expect.objectContaining({ label: 'Shop/Mails', stat: 'Maximum' }),
    ]);
    expect(labels({ metrics }).filter((label) => label === 'Shop/Orders')).toHaveLength(1);
    expect(metrics).toContainEqual([expect.objectContaining({ expression: 'IF(n1>0,w1*PERIOD(n1)/n1)' })]);
  });

  test.each([
    ['a rate', Pace.rate(120, Duration.minutes(1)), 2, 'Rate'],
    ['a concurrency', Pace.concurrency(5), 5, 'ConcurrentExecutions'],
    ['a rate for each tenant', Pace.rate(120, Duration.minutes(1), { perTenant: true }), undefined, 'Rate'],
  ])('pace against limit: %s', (_, pace, limit, metric) => {
    const stack = new Stack(new App(), 'Shop');
    new AsyncDashboard(stack, 'Dashboard');
    new LoadLevelingQueue(stack, 'Mails', { handler: handler(), pace, timeout: Duration.minutes(1) });
    const { metrics, annotations } = widget(stack, 'Shop/Mails: pace');
    expect(metrics[0][1]).toBe(metric);
    expect(annotations?.horizontal.map(({ value }: any) => value)).toEqual(limit === undefined ? undefined : [limit]);
  });

  test('every line has a metric that is there: names within a widget are given once', () => {
    const stack = new Stack(new App(), 'Shop');
    new AsyncDashboard(stack, 'Dashboard');
    everything(stack);
    for (const { properties } of widgetsOf(stack)) {
      const ids = properties.metrics.map((line: any[]) => line.at(-1).id).filter(Boolean);
      expect(new Set(ids).size).toBe(ids.length);
      for (const { expression } of drawn(properties).filter((options) => options.expression)) {
        for (const name of expression.match(/\b[a-z]\w*\b/g) ?? []) expect(ids).toContain(name);
      }
    }
  });

  test('widgets do not overlap and stay in the 24 columns', () => {
    const stack = new Stack(new App(), 'Shop');
    const { dashboard } = new AsyncDashboard(stack, 'Dashboard');
    everything(stack);
    expect(dashboard).toBeDefined();
    const taken = new Set<string>();
    for (const { x, y, width, height } of widgetsOf(stack)) {
      expect(x + width).toBeLessThanOrEqual(24);
      for (let i = x; i < x + width; i++) {
        for (let j = y; j < y + height; j++) {
          expect(taken.has(`${i} ${j}`)).toBe(false);
          taken.add(`${i} ${j}`);
        }
      }
    }
  });
});

describe('where it looks', () => {
  test('it shows what is made after it, as what was made before', () => {
    const stack = new Stack(new App(), 'Shop');
    new AsyncWorker(stack, 'Before', { handler: handler() });
    new AsyncDashboard(stack, 'Dashboard');
    new AsyncWorker(stack, 'After', { handler: handler() });
    expect(labels(widget(stack, 'Backlog'))).toEqual(['Shop/Before', 'Shop/After']);
  });

  test('it shows stacks that are nested, and others of the app if asked to', () => {
    const app = new App();
    const stack = new Stack(app, 'Shop');
    new AsyncWorker(new NestedStack(stack, 'Nested'), 'Inner', { handler: handler() });
    new AsyncWorker(new Stack(app, 'Mailer'), 'Mails', { handler: handler() });
    new AsyncDashboard(stack, 'Dashboard', { patternsIn: app });
    expect(labels(widget(stack, 'Backlog')).sort()).toEqual(['Mailer/Mails', 'Shop/Nested/Inner']);
  });

  test('it shows nothing of another stage, which it cannot refer to', () => {
    const app = new App();
    new AsyncWorker(new Stack(new Stage(app, 'Prod'), 'Shop'), 'Orders', { handler: handler() });
    const stack = new Stack(app, 'Watch');
    new AsyncDashboard(stack, 'Dashboard', { patternsIn: app });
    expect(widgetsOf(stack)).toEqual([
      expect.objectContaining({
        type: 'text',
        properties: expect.objectContaining({ markdown: 'No patterns in the app.' }),
      }),
    ]);
  });
});

describe('the cost', () => {
  const expressionOf = (make: (stack: Stack) => void): string => {
    const stack = new Stack(new App(), 'Shop');
    new AsyncDashboard(stack, 'Dashboard');
    make(stack);
    const cost = widgetsOf(stack).find(({ properties }) => properties.title.startsWith('Cost a day'));
    expect(cost.properties.period).toBe(86_400);
    return drawn(cost.properties)
      .map(({ expression }) => expression)
      .join('; ');
  };

  const itemsAt = (price: string) => new RegExp(`${price.replace(/[*.]/g, '\\$&')}(?!\\d)`, 'g');

  test.each<[string, string, boolean | undefined, number]>([
    ['a standard queue', '*0.4/1000000', undefined, 8],
    ['a FIFO queue', '*0.5/1000000', true, 8],
  ])('%s and its dead-letter queue are four kinds of requests each', (_, price, fifo, count) => {
    const expression = expressionOf((stack) => new AsyncWorker(stack, 'Orders', { handler: handler(), fifo }));
    expect(expression.match(itemsAt(price))).toHaveLength(count);
  });

  test.each([
    ['ours, on arm64', 256, undefined, 256 * 0.0000133334],
    ['with more memory', 1024, undefined, 1024 * 0.0000133334],
  ])('a function is requests and GB-seconds: %s', (_, memorySize, __, price) => {
    const expression = expressionOf((stack) => new AsyncWorker(stack, 'Orders', { handler: handler(), memorySize }));
    expect(expression).toContain('*0.2/1000000');
    const [, perSecond] = /\*([\d.]+)\/1024000/.exec(expression)!;
    expect(Number(perSecond)).toBeCloseTo(price, 9);
  });

  test.each<[string, string, (stack: Stack) => void]>([
    ['logs by the GB', '*0.5/1000000000', (stack) => new AsyncWorker(stack, 'Orders', { handler: handler() })],
    ['a topic', '*0.5/1000000', (stack) => new FanOutTopic(stack, 'Events')],
    ['a FIFO topic', '*0.3/1000000', (stack) => new FanOutTopic(stack, 'Events', { fifo: true })],
    ['requests over HTTP', '*3.5/1000000', everything],
  ])('%s', (_, price, make) => {
    expect(expressionOf(make)).toMatch(itemsAt(price));
  });

  test('of logs are counted what the function of the worker writes', () => {
    const stack = new Stack(new App(), 'Shop');
    new AsyncDashboard(stack, 'Dashboard');
    const worker = new AsyncWorker(stack, 'Orders', { handler: handler() });
    const group = stack.resolve(worker.logGroup!.logGroupName);
    expect(JSON.stringify(Template.fromStack(stack).findResources('AWS::CloudWatch::Dashboard'))).toContain(
      `\\"IncomingBytes\\",\\"LogGroupName\\",\\"",${JSON.stringify(group)},`,
    );
  });

  test('of an imported function only the requests are known', () => {
    const expression = expressionOf(
      (stack) =>
        new AsyncWorker(stack, 'Orders', {
          handler: Handler.fromFunction(lambda.Function.fromFunctionName(stack, 'Mine', 'mine')),
          timeout: Duration.seconds(10),
        }),
    );
    expect(expression).toContain('*0.2/1000000');
    expect(expression).not.toContain('/1024000');
  });

  test('tables are read and written, and every expression is one that CloudWatch takes', () => {
    const expression = expressionOf(everything);
    expect(expression).toContain('*0.125/1000000');
    expect(expression).toContain('*0.625/1000000');
    expect(expression).not.toMatch(/e-|NaN|undefined/);
  });
});

describe('alarms', () => {
  test('link to the dashboard of their scope, and without one to the runbook alone', () => {
    const app = new App();
    const stack = new Stack(app, 'Shop');
    new AsyncWorker(stack, 'Orders', { handler: handler() });
    const other = new Stack(app, 'Other');
    new AsyncWorker(other, 'Orders', { handler: handler() });
    new AsyncDashboard(stack, 'Dashboard', { dashboardName: 'shop' });
    for (const description of descriptionsOf(stack)) {
      expect(JSON.stringify(description)).toMatch(/operations\.md#alarm-[\w-]+ https:.*#dashboards\/dashboard\/shop/);
    }
    for (const description of descriptionsOf(other)) expect(description).toMatch(/operations\.md#alarm-[\w-]+$/);
  });

  test('of other stacks link without a reference: both deploy in any order but the dashboard last', () => {
    const app = new App();
    const shop = new Stack(app, 'Shop');
    new AsyncWorker(shop, 'Orders', { handler: handler() });
    const watch = new Stack(app, 'Watch');
    new AsyncDashboard(watch, 'Dashboard', { patternsIn: app, dashboardName: 'all' });
    expect(JSON.stringify(descriptionsOf(shop))).toContain('dashboard/all');
    expect(() => app.synth()).not.toThrow();
    expect(shop.dependencies.map(({ node }) => node.path)).toEqual([]);
    expect(watch.dependencies.map(({ node }) => node.path)).toEqual(['Shop']);
  });

  test('say no more than CloudWatch takes, and link to sections that there are', () => {
    const stack = new Stack(new App(), 'Shop', { env: { region: 'ap-southeast-2', account: '111111111111' } });
    everything(stack);
    new AsyncDashboard(stack, 'Dashboard');
    const descriptions = descriptionsOf(stack) as string[];
    expect(descriptions.length).toBeGreaterThan(30);
    const root = join(__dirname, '../..');
    const { homepage } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    for (const description of descriptions) {
      expect(description.length).toBeLessThanOrEqual(1024);
      const [, page, anchor] = new RegExp(`${homepage}/blob/main/(\\S+)#(\\S+)`).exec(description)!;
      expect(existsSync(join(root, page!))).toBe(true);
      const anchors = [...readFileSync(join(root, page!), 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
        heading!
          .toLowerCase()
          .replace(/[^\w -]/g, '')
          .replace(/ /g, '-'),
      );
      expect(anchors).toContain(anchor);
    }
  });
});

describe('refused', () => {
  test.each(['', 'with space', 'a'.repeat(256), 'a/b'])('a name as %p', (dashboardName) => {
    const stack = new Stack(new App(), 'Shop');
    expect(() => new AsyncDashboard(stack, 'Dashboard', { dashboardName })).toThrow(/dashboardName: got/);
  });
});
