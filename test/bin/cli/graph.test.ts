import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import fc from 'fast-check';
import { layers } from '../../../bin/cli/graph/layout';
import { mermaid } from '../../../bin/cli/graph/mermaid';
import type { Graph } from '../../../bin/cli/graph/model';
import { graphOf } from '../../../bin/cli/graph/read';
import { boxesOf, svg } from '../../../bin/cli/graph/svg';
import { run } from '../../../bin/cli/run';
import { ReferenceStack } from '../../../bin/reference-app';
import {
  AsyncApi,
  AsyncDestination,
  AsyncFunction,
  AsyncWorker,
  CircuitBreaker,
  EventLog,
  FanOutTopic,
  Handler,
  LoadLevelingQueue,
  MessageFilter,
  MessageMatch,
  Pace,
  StreamSource,
  StreamWorker,
} from '../../../lib';
import { FakeWorld } from './fake-aws';

const handler = () => Handler.fromEntry(`${__dirname}/../../fixtures/handler.ts`);
const textOf = (stack: Stack): string => JSON.stringify(Template.fromStack(stack).toJSON());
/** As the CDK CLI has it: with the paths of constructs. */
const newApp = (outdir?: string): App => new App({ outdir, context: { 'aws:cdk:enable-path-metadata': true } });
const read = (make: (stack: Stack) => void): Graph => {
  const stack = new Stack(newApp(), 'Shop');
  make(stack);
  return graphOf([textOf(stack)]);
};
/** `from kind to`, dead-letter queues left out. */
const arrows = ({ edges }: Graph): string[] =>
  edges
    .filter(({ kind }) => kind !== 'dead')
    .map(({ from, to, kind, label }) => `${from} ${kind} ${to}${label === undefined ? '' : ` (${label})`}`);
const limitsOf = ({ nodes }: Graph, id: string) => nodes.find((node) => node.id === id)?.limits;
const worker = (stack: Stack, id: string) => new AsyncWorker(stack, id, { handler: handler() });

test.each<[string, (stack: Stack) => void, string[]]>([
  [
    'a function that sends to a worker',
    (stack) => worker(stack, 'Orders').connectProducer(worker(stack, 'Api').function),
    ['Shop/Api sends Shop/Orders'],
  ],
  [
    'a function of no pattern',
    (stack) =>
      worker(stack, 'Orders').connectProducer(
        new lambda.Function(stack, 'Mine', {
          runtime: lambda.Runtime.NODEJS_24_X,
          handler: 'index.handler',
          code: lambda.Code.fromInline('exports.handler = async () => {}'),
        }),
      ),
    ['Shop/Mine sends Shop/Orders'],
  ],
  [
    'a topic, its publisher and its subscribers',
    (stack) => {
      const topic = new FanOutTopic(stack, 'Events');
      topic.connectPublisher(worker(stack, 'Orders').function);
      topic.addWorker('Audit', {
        handler: handler(),
        filter: MessageFilter.body({ type: MessageMatch.strings('placed') }),
      });
      topic.addQueue(new sqs.Queue(stack, 'Mine'));
    },
    [
      'Shop/Orders publishes Shop/Events',
      'Shop/Events delivers Shop/Events/Audit (filtered)',
      'Shop/Events delivers Shop/Mine',
    ],
  ],
  [
    'an asynchronous function and where it tells',
    (stack) => {
      const fn = new AsyncFunction(stack, 'Thumbnails', {
        handler: handler(),
        onSuccess: AsyncDestination.queue(worker(stack, 'Albums').queue),
      });
      fn.connectInvoker(worker(stack, 'Uploads').function);
    },
    ['Shop/Uploads invokes Shop/Thumbnails', 'Shop/Thumbnails sends Shop/Albums (on success)'],
  ],
  [
    'an event log, who appends and who reads',
    (stack) => {
      const log = new EventLog(stack, 'Log');
      log.connectWriter(worker(stack, 'Orders').function);
      log.connectReader(log.addWorker('Totals', { handler: handler() }).function);
    },
    [
      'Shop/Log publishes Shop/Log/Topic',
      'Shop/Orders appends Shop/Log',
      'Shop/Log/Topic/Totals reads Shop/Log',
      'Shop/Log/Topic delivers Shop/Log/Topic/Totals',
    ],
  ],
  [
    'jobs behind an API, and a client of it',
    (stack) => {
      const api = new AsyncApi(stack, 'Api', { queue: worker(stack, 'Invoices'), handler: handler() });
      api.connectClient(worker(stack, 'Nightly').function);
    },
    ['Shop/Api sends Shop/Invoices', 'Shop/Nightly submits Shop/Api'],
  ],
  [
    'a stream and its worker',
    (stack) => {
      const table = new dynamodb.Table(stack, 'Items', {
        partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING },
        stream: dynamodb.StreamViewType.NEW_IMAGE,
      });
      new StreamWorker(stack, 'Changes', { source: StreamSource.dynamodb(table), handler: handler() });
    },
    ['Shop/Items delivers Shop/Changes'],
  ],
  [
    'a circuit breaker and its workers',
    (stack) => {
      const circuitBreaker = new CircuitBreaker(stack, 'Provider');
      new AsyncWorker(stack, 'Charges', { handler: handler(), circuitBreaker });
      new AsyncWorker(stack, 'Refunds', { handler: handler(), circuitBreaker });
    },
    ['Shop/Provider pauses Shop/Charges', 'Shop/Provider pauses Shop/Refunds'],
  ],
])('it shows %s', (_, make, expected) => {
  const graph = read(make);
  expect(arrows(graph).sort()).toEqual([...expected].sort());
  const ids = graph.nodes.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { from, to } of graph.edges) expect(ids).toEqual(expect.arrayContaining([from, to]));
});

test.each<[string, (stack: Stack) => void, string[]]>([
  ['nothing', (stack) => new AsyncWorker(stack, 'X', { handler: handler() }), []],
  [
    'a worker',
    (stack) =>
      new AsyncWorker(stack, 'X', {
        handler: handler(),
        fifo: true,
        maxConcurrency: 5,
        reservedConcurrentExecutions: 7,
      }),
    ['FIFO', 'at most 5 invocations', '7 reserved'],
  ],
  [
    'a rate',
    (stack) => new LoadLevelingQueue(stack, 'X', { handler: handler(), pace: Pace.rate(100, Duration.minutes(1)) }),
    ['100 in 60 s', 'at most 3 invocations'],
  ],
  [
    'a rate for each tenant',
    (stack) =>
      new LoadLevelingQueue(stack, 'X', {
        handler: handler(),
        pace: Pace.rate(1, Duration.minutes(1), { perTenant: true }),
        timeout: Duration.minutes(2),
      }),
    ['1 in 60 s for each tenant', 'at most 2 invocations'],
  ],
  [
    'a concurrency',
    (stack) => new LoadLevelingQueue(stack, 'X', { handler: handler(), pace: Pace.concurrency(5) }),
    ['5 at once', 'at most 5 invocations'],
  ],
  ['a FIFO topic', (stack) => new FanOutTopic(stack, 'X', { fifo: true }), ['FIFO']],
])('it says the limits of %s', (_, make, expected) => {
  expect(limitsOf(read(make), 'Shop/X')).toEqual(expected);
});

test('dead-letter queues are shown with the receives that the runtime counts', () => {
  const { edges } = read((stack) => {
    new AsyncWorker(stack, 'Orders', {
      handler: handler(),
      maxReceiveCount: 3,
      circuitBreaker: new CircuitBreaker(stack, 'Provider'),
    });
    new FanOutTopic(stack, 'Events').addQueue(new sqs.Queue(stack, 'Mine'));
  });
  expect(edges.filter(({ kind }) => kind === 'dead').map(({ from, label }) => [from, label])).toEqual([
    ['Shop/Orders', 'after 3 receives'],
    ['Shop/Events', 'undelivered'],
  ]);
});

test('what another stack exports is followed', () => {
  const app = newApp();
  const [shop, mailer] = [new Stack(app, 'Shop'), new Stack(app, 'Mailer')];
  const topic = new FanOutTopic(shop, 'Events');
  topic.addQueue(worker(mailer, 'Mails').queue);
  worker(shop, 'Orders').connectProducer(worker(mailer, 'Letters').function);
  app.synth();
  expect(arrows(graphOf([shop, mailer].map(textOf)))).toEqual([
    'Mailer/Letters sends Shop/Orders',
    'Shop/Events delivers Mailer/Mails',
  ]);
});

test('a template without patterns has no graph', () => {
  expect(graphOf(['{"Resources":{"Bucket":{"Type":"AWS::S3::Bucket"}}}'])).toEqual({ nodes: [], edges: [] });
});

describe('the reference app', () => {
  const graph = () => graphOf([textOf(new ReferenceStack(newApp(), 'Reference'))]);

  test('is drawn in the docs as it is: `npx cdk synth -q && npx cdk-async graph` draws it anew', () => {
    const page = readFileSync(join(__dirname, '../../../docs/reference-app.md'), 'utf8');
    expect(page).toContain(`\`\`\`mermaid\n${mermaid(graph())}\n\`\`\`\n`);
  });

  test('is the picture in the README as it is: `npx cdk-async graph --format svg > docs/reference-app.svg`', () => {
    expect(readFileSync(join(__dirname, '../../../docs/reference-app.svg'), 'utf8')).toBe(`${svg(graph())}\n`);
    expect(readFileSync(join(__dirname, '../../../README.md'), 'utf8')).toContain('](docs/reference-app.svg)');
  });

  test('as SVG it has a box of each, and its texts', () => {
    const picture = svg(graph());
    expect(picture.match(/<rect /g)).toHaveLength(graph().nodes.length + 1);
    for (const word of ['Payments', 'at most 5 invocations', 'publishes', 'after 2 receives'])
      expect(picture).toContain(word);
  });
});

/** Any graph, circles and loops included. */
const graphs = fc.integer({ min: 1, max: 8 }).chain((count) =>
  fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 20 }).map(
    (pairs): Graph => ({
      nodes: Array.from({ length: count }, (_, i) => ({ id: `S/${i}`, kind: 'AsyncWorker', limits: [] })),
      edges: pairs.map(([from, to]) => ({ from: `S/${from}`, to: `S/${to}`, kind: 'sends' })),
    }),
  ),
);

describe('the picture', () => {
  test('has every box once, none on another', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const boxes = [...boxesOf(graph).values()];
        expect(boxes.map(({ node }) => node.id).sort()).toEqual(graph.nodes.map(({ id }) => id).sort());
        for (const a of boxes) {
          for (const b of boxes) {
            if (a === b) continue;
            const apart =
              a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
            expect(apart).toBe(true);
          }
        }
      }),
    );
  });

  test('points to the right where there is no circle', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const forward = graph.edges.filter(({ from, to }) => from < to);
        const columns = layers({ ...graph, edges: forward });
        const column = (id: string) => columns.findIndex((ids) => ids.includes(id));
        for (const { from, to } of forward) expect(column(from)).toBeLessThan(column(to));
      }),
    );
  });

  test('has who reads an event log to the right of it, though the log delivers to it as well', () => {
    const graph = read((stack) => {
      const log = new EventLog(stack, 'Log');
      log.connectReader(log.addWorker('Balances', { handler: handler() }).function);
    });
    const columns = layers(graph);
    const column = (id: string) => columns.findIndex((ids) => ids.includes(id));
    expect(arrows(graph)).toContain('Shop/Log/Topic/Balances reads Shop/Log');
    expect(column('Shop/Log')).toBeLessThan(column('Shop/Log/Topic'));
    expect(column('Shop/Log/Topic')).toBeLessThan(column('Shop/Log/Topic/Balances'));
  });

  test('draws an arrow to each kind of place: ahead, back, beside, itself', () => {
    const nodes = ['a', 'b', 'c'].map((id) => ({ id, kind: 'AsyncWorker', limits: [] }));
    const edges = [
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'c'],
      ['b', 'c'],
      ['c', 'c'],
    ].map(([from, to]) => ({ from: from!, to: to!, kind: 'reads' as const }));
    const picture = svg({ nodes, edges: [{ from: 'a', to: 'b', kind: 'sends' }, ...edges] });
    expect(picture).not.toMatch(/NaN|undefined/);
    const starts = [...picture.matchAll(/<path d="M([\d.]+),.*? ([\d.]+),[\d.]+" fill/g)].map(
      ([, x1, x2]) => Number(x2) - Number(x1),
    );
    expect(starts.map(Math.sign)).toEqual([1, 1, -1, 0, -1, 0]);
  });

  test('takes no name for markup', () => {
    const graph: Graph = {
      nodes: [{ id: 'S/"<b>&#', kind: 'AsyncWorker', limits: [] }],
      edges: [],
    };
    expect(svg(graph)).toContain('&quot;&lt;b&gt;&amp;#');
    expect(mermaid(graph)).toContain('n0["#quot;b&#35;<br>AsyncWorker"]');
  });
});

describe('cdk-async graph', () => {
  let directory: string;
  const errors: string[] = [];
  beforeEach(() => {
    errors.length = 0;
    jest.spyOn(console, 'error').mockImplementation((line) => void errors.push(line));
    directory = mkdtempSync(join(tmpdir(), 'graph-'));
    const app = newApp(directory);
    for (const name of ['Shop', 'Mailer']) worker(new Stack(app, name), 'Orders');
    app.synth();
  });
  afterEach(() => {
    jest.restoreAllMocks();
    rmSync(directory, { recursive: true });
  });

  test('draws all stacks of a cloud assembly, or one, or one template', async () => {
    const draw = async (...args: string[]): Promise<string> => {
      const world = new FakeWorld();
      expect(await run(['graph', ...args], () => world)).toBe(0);
      return world.lines.join('\n');
    };
    expect(await draw(directory)).toMatch(/^flowchart LR\n/);
    expect(JSON.parse(await draw(directory, '--json')).nodes).toHaveLength(4);
    expect(JSON.parse(await draw(directory, '--json', '--stack', 'Shop')).nodes).toHaveLength(2);
    expect(JSON.parse(await draw(join(directory, 'Mailer.template.json'), '--json')).nodes).toHaveLength(2);
    expect(await draw(directory, '--format', 'svg')).toMatch(/^<svg .*<\/svg>$/s);
  });

  test.each<[string[], number, RegExp]>([
    [['nowhere'], 1, /^nowhere: got no template, expected some/],
    [['x', 'y'], 2, /^graph: got 2 arguments, expected 0 or 1/],
    [['--format', 'png'], 2, /^--format: got png, expected one of mermaid, svg/],
  ])('%p is refused', async (args, code, message) => {
    expect(await run(['graph', ...args], () => new FakeWorld())).toBe(code);
    expect(errors[0]).toMatch(message);
  });
});
