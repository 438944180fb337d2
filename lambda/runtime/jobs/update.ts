import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { Alarm } from '../abort-at';
import { describe, sentence } from '../describe';
import type { Answer } from '../idempotency/store';
import type { Item } from './job';

export interface UpdateCalls {
  updateItem(input: UpdateItemCommandInput, signal: AbortSignal): Promise<unknown>;
}

/** Makes one conditional update, and tells what it found. Never rejects. */
export async function update(calls: UpdateCalls, input: UpdateItemCommandInput, alarm: Alarm): Promise<Answer> {
  try {
    await alarm.race(calls.updateItem(input, alarm.signal));
    return { kind: 'done' };
  } catch (error) {
    const { name, Item: item } = (error ?? {}) as { name?: string; Item?: Item };
    if (name !== 'ConditionalCheckFailedException') return { kind: 'unknown', reason: sentence(describe(error)) };
    return item ? { kind: 'refused', item } : { kind: 'refused' };
  }
}
