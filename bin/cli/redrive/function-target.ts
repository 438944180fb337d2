import { EVENT } from '../../../lib/private/contract';
import type { Aws } from '../aws';
import type { Letter } from '../letter';
import { type Failure, type Failures, failureOf, type Outgoing, type Target } from './target';

/** A function, whose letters are Lambda's records of failed invocations: it is invoked with the event of each again. */
export class FunctionTarget implements Target {
  constructor(
    private readonly aws: Aws,
    readonly name: string,
    private readonly fn: string,
  ) {}

  /** What an invoker of ours was handed, or the event of anybody else. */
  content({ body }: Letter): string {
    const event = eventOf(body);
    return JSON.stringify(isWrapped(event) ? event[EVENT.payload] : event);
  }

  withContent({ body }: Letter, content: string): string {
    const event = eventOf(body);
    const changed = JSON.parse(content);
    return JSON.stringify(isWrapped(event) ? { ...event, [EVENT.payload]: changed } : changed);
  }

  async send(outgoing: readonly Outgoing[]): Promise<Failures> {
    const failures = new Map<string, Failure>();
    await Promise.all(
      outgoing.map(async ({ letter, body }) => {
        try {
          await this.aws.invoke(this.fn, body, 'Event');
        } catch (error) {
          failures.set(letter.id, failureOf(error));
        }
      }),
    );
    return failures;
  }
}

type Wrapped = Record<string, unknown> & { [EVENT.payload]: unknown };

const isWrapped = (event: unknown): event is Wrapped =>
  typeof event === 'object' && event !== null && EVENT.origin in event && EVENT.payload in event;

/** @throws Error if it is no record: then it stays where it is */
function eventOf(body: string): unknown {
  const record: unknown = JSON.parse(body);
  if (typeof record === 'object' && record !== null && 'requestPayload' in record) return record.requestPayload;
  throw new Error('it is no record of an invocation');
}
