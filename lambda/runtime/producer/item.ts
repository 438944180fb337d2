import type { Draft, Entry } from './entry';
import { SendError, type Unsent } from './errors';
import type { Departing } from './pending';
import type { Accepted } from './types';

/** Who handed a message over, and is told what became of it. */
export interface Receiver {
  accepted(item: Item, reply: Accepted): void;
  refused(item: Item, error: SendError): void;
  /** Somebody else answers for its failure. */
  relieved?(): void;
}

export interface ItemOptions {
  readonly draft: Draft;
  readonly receiver: Receiver;
  /** The message as it was given. */
  readonly input: unknown;
  readonly index?: number;
  /** The group whose order it keeps: on FIFO. */
  readonly group?: string;
  /** By which it can be withdrawn. */
  readonly signal?: AbortSignal;
  /** Where it is noted as long as it is on its way. */
  readonly sends?: Set<Departing>;
}

/** A message on its way. */
export class Item implements Departing {
  attempts = 0;
  /** First of its group. */
  leads = false;
  /** In a request that has not been answered. */
  flying = false;
  alone = false;
  settled = false;
  /** A request with it went unanswered. */
  uncertain = false;
  /** What must be done before it goes; what that comes to may be that it is accepted. */
  preparing: Promise<Accepted | undefined> | undefined;
  private watchers: ((error: SendError | undefined) => void)[] | undefined;
  private readonly options: ItemOptions;

  constructor(options: ItemOptions) {
    this.options = options;
    options.sends?.add(this);
  }

  get draft(): Draft {
    return this.options.draft;
  }

  get entry(): Entry {
    return this.options.draft.entry;
  }

  get bytes(): number {
    return this.options.draft.bytes;
  }

  get group(): string | undefined {
    return this.options.group;
  }

  get signal(): AbortSignal | undefined {
    return this.options.signal;
  }

  get receiver(): Receiver {
    return this.options.receiver;
  }

  accept(reply: Accepted): void {
    this.settle();
    this.receiver.accepted(this, reply);
    this.tell(undefined);
  }

  refuse({ code, reason, cause }: Pick<Unsent, 'code' | 'reason' | 'cause'>): void {
    this.settle();
    const { draft, input, index, receiver } = this.options;
    const { correlationId, causationId } = draft;
    const mayHaveArrived = this.uncertain || this.flying;
    const error = new SendError({ code, reason, cause, input, index, correlationId, causationId, mayHaveArrived });
    receiver.refused(this, error);
    this.tell(error);
  }

  /** Why it was not accepted, once that is known. Whoever asks answers for its failure. */
  outcome(): Promise<SendError | undefined> {
    this.receiver.relieved?.();
    return new Promise((resolve) => {
      this.watchers ??= [];
      this.watchers.push(resolve);
    });
  }

  private settle(): void {
    this.settled = true;
    this.options.sends?.delete(this);
  }

  private tell(error: SendError | undefined): void {
    if (this.watchers) for (const watcher of this.watchers) watcher(error);
  }
}
