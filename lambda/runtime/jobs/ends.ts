import { type JobsSpec, MAX_RESULT_BYTES, MAX_STORED_RESULT_BYTES } from '../../../lib/private/contract';
import type { Alarm } from '../abort-at';
import { describe } from '../describe';
import type { Edge } from '../edge';
import { PermanentError } from '../errors';
import type { Answer } from '../idempotency/store';
import type { Logger } from '../log';
import { DONE, type Outcome } from '../outcome';
import { storePayload } from '../producer/payload';
import { pause, restAfter } from '../time';
import { type Attempt, type Ending, rowOf } from './job';
import type { JobStatements } from './statements';
import { type UpdateCalls, update } from './update';

export interface EndsOptions {
  readonly edge: Pick<Edge, 'now' | 'random' | 'payloadPath'>;
  readonly calls: UpdateCalls;
  readonly spec: JobsSpec;
  readonly log: Logger;
  readonly statements: JobStatements;
  /** Goes off when the reply can wait no longer. */
  readonly alarm: Alarm;
}

/** JSON of what a handler returned. @throws PermanentError if nobody could be given it */
export function resultOf(value: unknown, { results }: Pick<JobsSpec, 'results'>): string {
  const maxBytes = results ? MAX_STORED_RESULT_BYTES : MAX_RESULT_BYTES;
  let json: string | undefined;
  try {
    json = JSON.stringify(value ?? null);
  } catch {}
  if (json === undefined) throw new PermanentError('the result of the job cannot be written as JSON');
  const bytes = Buffer.byteLength(json);
  if (bytes > maxBytes) {
    throw new PermanentError(`the result of the job has ${bytes} bytes, expected at most ${maxBytes}`);
  }
  return json;
}

/** Writes how attempts at jobs end. */
export class Ends {
  constructor(private readonly options: EndsOptions) {}

  async succeed(attempt: Attempt, result: string): Promise<Outcome> {
    const { edge, spec, log, alarm } = this.options;
    const size = Buffer.byteLength(result);
    if (!spec.results || size <= MAX_RESULT_BYTES) return this.end(attempt, { state: 'succeeded', result }, DONE);
    try {
      const { calls } = await edge.payloadPath();
      const place = await alarm.race(storePayload(calls, spec.results, result, alarm.signal));
      return this.end(attempt, { state: 'succeeded', stored: { ...place, size } }, DONE);
    } catch (error) {
      log.error('the result of a job was not stored', { job: attempt.jobId, error: describe(error) });
      return { kind: 'retry', reason: 'the result of its job was not stored' };
    }
  }

  /** Writes an end for as long as there is time, and returns what becomes of the record. Never rejects. */
  async end(attempt: Attempt, ending: Ending, outcome: Outcome): Promise<Outcome> {
    const { calls, edge, log, statements, alarm } = this.options;
    for (let tries = 0; !alarm.signal.aborted; tries++) {
      if (tries > 0) await pause(restAfter(tries, edge.random()), alarm.signal);
      const answer = await update(calls, statements.end(attempt, ending, edge.now()), alarm);
      if (answer.kind === 'done') return outcome;
      if (answer.kind === 'refused') return this.refused(attempt, ending, outcome, answer);
    }
    log.error('the end of a job was not written', { job: attempt.jobId });
    return { kind: 'retry', reason: 'the end of its job was not written' };
  }

  /** The job was not ours any more when it had ended. */
  private refused(attempt: Attempt, ending: Ending, outcome: Outcome, { item }: Answer & { kind: 'refused' }): Outcome {
    const row = item && rowOf(item);
    // The reply to an earlier try was lost.
    if (row?.run === attempt.run && row.state === ending.state) return outcome;
    this.options.log.warn('what a job came to is dropped', { job: attempt.jobId, state: row?.state ?? 'gone' });
    return row?.state === 'running' ? { kind: 'retry', reason: 'another attempt has taken over the job' } : DONE;
  }
}
