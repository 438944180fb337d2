import { setImmediate as turn } from 'node:timers/promises';
import type { LogEdge } from '../../../lambda/runtime/event-log/edge';
import { type EventLog, eventLogOn } from '../../../lambda/runtime/event-log/event-log';
import type { EventLogDefinition } from '../../../lambda/runtime/event-log/types';
import { FakeDynamoDB, LOG, REPLAYS, SNAPSHOTS } from './fake-table';

export interface Events {
  Placed: { readonly customer: string };
  Added: { readonly cents: number };
  Paid: { readonly cents: number };
}

export const CONNECTION = { tableName: LOG, snapshotTableName: SNAPSHOTS, replayTableName: REPLAYS };

export const added = (cents: number, id?: string) => ({ type: 'Added' as const, data: { cents }, ...(id && { id }) });

/** Time that passes when somebody waits, and a table. */
export class World {
  readonly dynamodb = new FakeDynamoDB();
  readonly lines: { level: string; message: string; fields: any }[] = [];
  time = Date.parse('2026-11-24T10:00:00.000Z');
  draw: () => number = () => 0.5;
  private uuids = 0;

  readonly log = Object.fromEntries(
    ['debug', 'info', 'warn', 'error'].map((level) => [
      level,
      (message: string, fields: any) => this.lines.push({ level, message, fields }),
    ]),
  ) as unknown as LogEdge['log'];

  edge(skew = 0, env: Record<string, string> = {}): LogEdge {
    return {
      env,
      now: () => this.time + skew,
      random: () => this.draw(),
      uuid: () => `uuid-${++this.uuids}`,
      sleep: async (ms) => {
        this.time += ms;
        await turn();
      },
      log: this.log,
      tableCalls: async () => this.dynamodb,
    };
  }

  /** As a process of its own has it. */
  open<E = Events>(definition?: EventLogDefinition<E>, skew = 0): EventLog<E> {
    return eventLogOn<E>(this.edge(skew), CONNECTION, definition);
  }

  versions(stream: string): number[] {
    return this.dynamodb
      .rows(LOG, stream)
      .filter(({ type }) => type)
      .map(({ sk }) => Number(sk!.S));
  }
}

export const all = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
};

export const thrown = (promise: Promise<unknown>): Promise<any> =>
  promise.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error) => error,
  );
