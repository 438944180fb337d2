import { type Departing, type Flushable, setBusy } from '../producer/pending';

class Flight<R> implements Departing {
  readonly landed: Promise<R>;

  constructor(call: Promise<R>, close: (flight: Flight<R>) => void) {
    this.landed = call.finally(() => close(this));
  }

  /** Whoever asks answers for the failure. */
  outcome(): Promise<Error | undefined> {
    return this.landed.then(
      () => undefined,
      (error) => error,
    );
  }
}

/** Calls that nobody may be waiting for: a handler is not done before they are. */
export class Flights implements Flushable {
  private readonly open = new Set<Flight<unknown>>();
  private givenUp = new AbortController();

  /** Runs a call until it is done, or given up. */
  run<R>(call: (signal: AbortSignal) => Promise<R>, sends: Set<Departing> | undefined): Promise<R> {
    const flight = new Flight(call(this.givenUp.signal), (landed) => {
      this.open.delete(landed);
      sends?.delete(landed);
      if (this.open.size === 0) setBusy(this, false);
    });
    this.open.add(flight);
    sends?.add(flight);
    setBusy(this, true);
    return flight.landed;
  }

  /** Waits for all of them; those that have not landed when the signal fires are given up. Returns the errors. */
  async flush(signal?: AbortSignal): Promise<Error[]> {
    const giveUp = (): void => {
      const { givenUp } = this;
      this.givenUp = new AbortController();
      givenUp.abort();
    };
    const errors: Error[] = [];
    signal?.addEventListener('abort', giveUp);
    try {
      while (this.open.size > 0) {
        const outcomes = Array.from(this.open, (flight) => flight.outcome());
        if (signal?.aborted) giveUp();
        for (const error of await Promise.all(outcomes)) if (error) errors.push(error);
      }
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
    return errors;
  }
}
