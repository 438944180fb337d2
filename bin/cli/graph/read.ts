import {
  CONNECTION_ENV,
  ENV,
  EVENT_LOG_ENV,
  JOBS_ENV,
  type LevelingSpec,
  PACE_ENV,
  type PaceSpec,
} from '../../../lib/private/contract';
import { DEAD_LETTER_QUEUE, type EdgeKind, type Graph, type GraphEdge, type GraphNode } from './model';
import { type Found, jsonOf, pathOf, Templates } from './template';

/** Variables by which a function knows whom it sends to: what they begin with, and the part of a pattern that they name. */
const CONNECTIONS: readonly { readonly prefix: string; readonly part: string; readonly kind: EdgeKind }[] = [
  { prefix: CONNECTION_ENV.producer, part: 'queue', kind: 'sends' },
  { prefix: CONNECTION_ENV.publisher, part: 'topic', kind: 'publishes' },
  { prefix: CONNECTION_ENV.invoker, part: 'function', kind: 'invokes' },
  { prefix: CONNECTION_ENV.log, part: 'table', kind: 'appends' },
  { prefix: JOBS_ENV.client, part: 'table', kind: 'submits' },
  { prefix: JOBS_ENV.api, part: 'queue', kind: 'sends' },
  { prefix: EVENT_LOG_ENV.topicArn, part: 'topic', kind: 'publishes' },
];

/** Which part of which pattern a resource is. */
interface Role {
  readonly path: string;
  readonly part: string;
}

/** Reads the graph of an app from its templates. Pure. */
export function graphOf(texts: readonly string[]): Graph {
  return new Reader(new Templates(texts)).read();
}

class Reader {
  private readonly nodes = new Map<string, GraphNode>();
  private readonly edges = new Map<string, GraphEdge>();
  private readonly roles = new Map<string, Role>();

  constructor(private readonly templates: Templates) {}

  read(): Graph {
    this.patterns();
    this.functions();
    this.subscriptions();
    this.streams();
    this.destinations();
    return { nodes: [...this.nodes.values()], edges: [...this.edges.values()] };
  }

  private patterns(): void {
    const { patterns } = this.templates;
    for (const { kind, path, resources, template } of patterns) {
      for (const [part, id] of Object.entries(resources)) {
        const found = this.templates.find(template, id);
        // The controller of a breaker is told by its workers, too.
        if (!found || kind === 'Subscription' || (part === 'controller' && kind !== 'CircuitBreaker')) continue;
        this.roles.set(found.key, { path, part });
      }
    }
    for (const pattern of patterns) {
      const { kind, path, resources, template } = pattern;
      if (kind === 'Subscription') {
        this.undelivered(template, resources);
        continue;
      }
      this.nodes.set(path, { id: path, kind, limits: this.limits(template, resources) });
      const dead = this.part(template, resources.deadLetterQueue);
      if (dead) this.dead(path, dead.key, this.receives(template, resources));
      const breaker = this.part(template, resources.controller);
      const guard = breaker && this.roles.get(breaker.key);
      if (guard && guard.path !== path) this.edge(guard.path, path, 'pauses');
    }
  }

  private limits(template: number, resources: Readonly<Record<string, string>>): string[] {
    const {
      queue,
      function: fn,
      mapping,
      topic,
    } = Object.fromEntries(
      ['queue', 'function', 'mapping', 'topic'].map((part) => [part, this.part(template, resources[part])?.resource]),
    );
    const concurrency = mapping?.Properties?.ScalingConfig?.MaximumConcurrency;
    const reserved = fn?.Properties?.ReservedConcurrentExecutions;
    const leveling = jsonOf(fn?.Properties?.Environment?.Variables?.[PACE_ENV.spec]) as LevelingSpec | undefined;
    return [
      ...(queue?.Properties?.FifoQueue || topic?.Properties?.FifoTopic ? ['FIFO'] : []),
      ...(leveling?.pace ? [paceText(leveling.pace, leveling.perTenant === true)] : []),
      ...(concurrency === undefined ? [] : [`at most ${worded(concurrency)} invocations`]),
      ...(reserved === undefined ? [] : [`${worded(reserved)} reserved`]),
    ];
  }

  /** As the runtime counts; the queue's own count may hold some that are forgiven. */
  private receives(template: number, { function: fn, queue }: Readonly<Record<string, string>>): string | undefined {
    const variables = this.part(template, fn)?.resource.Properties?.Environment?.Variables;
    const redrive = this.part(template, queue)?.resource.Properties?.RedrivePolicy;
    const count = variables?.[ENV.maxReceiveCount] ?? redrive?.maxReceiveCount;
    return count === undefined ? undefined : `after ${worded(count)} receives`;
  }

  /** What SNS could not deliver to one subscriber. */
  private undelivered(template: number, { topic, deadLetterQueue }: Readonly<Record<string, string>>): void {
    const from = this.part(template, topic);
    const to = this.part(template, deadLetterQueue);
    const role = from && this.roles.get(from.key);
    if (role && to) this.dead(role.path, to.key, 'undelivered');
  }

  /** By the variables of functions. */
  private functions(): void {
    for (const fn of this.templates.ofType('AWS::Lambda::Function')) {
      const variables: Record<string, unknown> = fn.resource.Properties?.Environment?.Variables ?? {};
      for (const [name, value] of Object.entries(variables)) {
        for (const { prefix, part, kind } of CONNECTIONS) {
          if (!name.startsWith(prefix)) continue;
          // `JOBS_ENV.api` is not what the names of others begin with, and no client is called so.
          if (prefix === JOBS_ENV.api && name !== prefix) continue;
          const target = this.templates
            .references(fn.template, value)
            .find(({ key }) => this.roles.get(key)?.part === part);
          if (!target) continue;
          const to = this.roles.get(target.key)!.path;
          const reads = kind === 'appends' && (jsonOf(value) as { savesSnapshots?: boolean })?.savesSnapshots !== true;
          this.edge(this.node(fn), to, reads ? 'reads' : kind);
        }
      }
    }
  }

  private subscriptions(): void {
    for (const { template, resource } of this.templates.ofType('AWS::SNS::Subscription')) {
      const { TopicArn, Endpoint, FilterPolicy } = resource.Properties ?? {};
      const [topic] = this.templates.references(template, TopicArn);
      const [endpoint] = this.templates.references(template, Endpoint);
      if (!topic || !endpoint || !this.roles.has(topic.key)) continue;
      this.edge(this.node(topic), this.node(endpoint), 'delivers', FilterPolicy ? 'filtered' : undefined);
    }
  }

  /** What stream workers read. */
  private streams(): void {
    for (const { template, resource } of this.templates.ofType('AWS::Lambda::EventSourceMapping')) {
      const { FunctionName, EventSourceArn } = resource.Properties ?? {};
      const [fn] = this.templates.references(template, FunctionName);
      const [source] = this.templates.references(template, EventSourceArn);
      const role = fn && this.roles.get(fn.key);
      if (!role || !source || this.nodes.get(role.path)?.kind !== 'StreamWorker') continue;
      this.edge(this.node(source), role.path, 'delivers');
    }
  }

  /** Where asynchronous functions tell what became of an event. */
  private destinations(): void {
    for (const { template, resource } of this.templates.ofType('AWS::Lambda::EventInvokeConfig')) {
      const { FunctionName, DestinationConfig = {} } = resource.Properties ?? {};
      const [fn] = this.templates.references(template, FunctionName);
      if (!fn || !this.roles.has(fn.key)) continue;
      for (const [name, label] of [
        ['OnSuccess', 'on success'],
        ['OnFailure', 'on failure'],
      ] as const) {
        const [target] = this.templates.references(template, DestinationConfig[name]?.Destination);
        if (!target || this.roles.get(target.key)?.part === 'deadLetterQueue') continue;
        this.edge(this.node(fn), this.node(target), 'sends', label);
      }
    }
  }

  private part(template: number, id: string | undefined): Found | undefined {
    return id === undefined ? undefined : this.templates.find(template, id);
  }

  /** The pattern that a resource is part of, or the resource itself. */
  private node(found: Found): string {
    const role = this.roles.get(found.key);
    if (role) return role.path;
    const id = pathOf(found);
    if (!this.nodes.has(id)) this.nodes.set(id, { id, kind: found.resource.Type.split('::').at(-1)!, limits: [] });
    return id;
  }

  private dead(from: string, id: string, label: string | undefined): void {
    this.nodes.set(id, { id, kind: DEAD_LETTER_QUEUE, limits: [] });
    this.edge(from, id, 'dead', label);
  }

  private edge(from: string, to: string, kind: EdgeKind, label?: string): void {
    // Functions of a pattern that serve it are no senders of their own.
    if (from === to) return;
    this.edges.set(`${from} ${to} ${kind}`, { from, to, kind, ...(label !== undefined && { label }) });
  }
}

/** A number of the template, or one that is known when it is deployed. */
const worded = (value: unknown): string =>
  typeof value === 'number' || typeof value === 'string' ? String(value) : '?';

function paceText(pace: PaceSpec, perTenant: boolean): string {
  switch (pace.kind) {
    case 'rate':
      return `${worded(pace.count)} in ${worded(pace.per)} s${perTenant ? ' for each tenant' : ''}`;
    case 'concurrency':
      return `${worded(pace.limit)} at once`;
    case 'closed':
      return 'closed';
    default:
      return 'a pace of another version';
  }
}
