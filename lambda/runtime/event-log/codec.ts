import { parseJson, validate } from '../decode';
import { describe } from '../describe';
import { jsonBody } from '../producer/entry';
import { InvalidEventError, UnreadableEventError } from './errors';
import type { StoredEvent } from './stored';
import type { EventLogDefinition, RecordedEvent } from './types';

type Upcaster = (data: unknown) => unknown;

/** Data as it is stored. */
export interface Encoded {
  readonly data: string;
  readonly schemaVersion: number;
}

/** Turns events into what is stored, and what was stored at any time into events of today. */
export class Codec<E> {
  private readonly upcasters = new Map<string, ReadonlyMap<number, Upcaster>>();

  constructor(private readonly definition: EventLogDefinition<E>) {
    for (const [type, steps] of Object.entries(definition.upcasters ?? {})) {
      this.upcasters.set(type, checked(type, (steps ?? {}) as Readonly<Record<string, Upcaster>>));
    }
  }

  /** @throws InvalidEventError if the data cannot be stored, or is not what it must be */
  async encode(type: string, data: unknown): Promise<Encoded> {
    let text: string;
    try {
      text = jsonBody(data);
      // Nobody would read it: see there.
      if (text.includes('__proto__')) parseJson(text);
    } catch (error) {
      throw new InvalidEventError(`data of ${type}: ${describe(error).message}`);
    }
    if (this.definition.schemas) {
      const schema = this.schemaOf(type);
      if (!schema) {
        const types = Object.keys(this.definition.schemas).join(', ');
        throw new InvalidEventError(`type ${type}: got no schema for it, expected one of ${types}`);
      }
      try {
        // What is judged is what will be read.
        await validate(schema, JSON.parse(text));
      } catch (error) {
        throw new InvalidEventError(`data of ${type}: ${describe(error).message}`, { cause: error });
      }
    }
    return { data: text, schemaVersion: this.versionOf(type) };
  }

  /** @throws UnreadableEventError if it cannot be read */
  decode(event: StoredEvent): RecordedEvent<E> | Promise<RecordedEvent<E>> {
    const { streamId, version, type, schemaVersion } = event;
    const today = this.versionOf(type);
    if (!(schemaVersion <= today)) {
      throw new UnreadableEventError(
        streamId,
        version,
        `${type} is stored in version ${schemaVersion}, and this code knows it up to ${today}; deploy the newer code here`,
      );
    }
    const withData = (data: unknown) => ({ ...event, data }) as RecordedEvent<E>;
    const refuse = (error: unknown): never => {
      throw new UnreadableEventError(streamId, version, `${type}: ${describe(error).message}`, { cause: error });
    };
    try {
      let data: unknown = parseJson(event.data);
      for (let v = schemaVersion; v < today; v++) data = this.upcasters.get(type)!.get(v)!(data);
      const schema = this.schemaOf(type);
      if (!schema) return withData(data);
      const valid = validate(schema, data);
      return valid instanceof Promise ? valid.then(withData, refuse) : withData(valid);
    } catch (error) {
      return refuse(error);
    }
  }

  private versionOf(type: string): number {
    return (this.upcasters.get(type)?.size ?? 0) + 1;
  }

  private schemaOf(type: string) {
    const { schemas } = this.definition;
    return schemas && Object.hasOwn(schemas, type) ? schemas[type as keyof E] : undefined;
  }
}

/** From 1 on without a gap, or some event could not be brought to the form of today. */
function checked(type: string, steps: Readonly<Record<string, Upcaster>>): ReadonlyMap<number, Upcaster> {
  const byVersion = new Map(Object.entries(steps).map(([version, step]) => [Number(version), step]));
  for (let version = 1; version <= byVersion.size; version++) {
    if (typeof byVersion.get(version) !== 'function') {
      throw new TypeError(
        `upcasters of ${type}: got ${Object.keys(steps).join(', ')}, expected functions from version 1 on without a gap`,
      );
    }
  }
  return byVersion;
}
