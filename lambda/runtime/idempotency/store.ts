import type { BatchStatementError, BatchStatementRequest } from '@aws-sdk/client-dynamodb';
import type { Alarm } from '../abort-at';
import { describe, sentence } from '../describe';
import { inParallel } from '../parallel';

/** The call, as the SDK's client takes and answers it. */
export interface StatementCalls {
  batchExecuteStatement(
    statements: BatchStatementRequest[],
  ): Promise<readonly { readonly Error?: BatchStatementError }[]>;
}

/** What became of a statement: done, refused by its condition (with the row, where DynamoDB gives it), or not known. */
export type Answer =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly item?: BatchStatementError['Item'] }
  | { readonly kind: 'unknown'; readonly reason: string };

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html */
export const MAX_STATEMENTS = 25;
const IN_FLIGHT = 4;

const answerOf = (error: BatchStatementError | undefined): Answer => {
  if (!error) return { kind: 'done' };
  const { Code, Item, Message } = error;
  if (Code === 'DuplicateItem' || Code === 'ConditionalCheckFailed')
    return Item ? { kind: 'refused', item: Item } : { kind: 'refused' };
  return { kind: 'unknown', reason: `${Code}: ${Message ?? 'no reason given'}` };
};

/** Runs statements, 25 a request; answers in their order. Never rejects. */
export async function execute(
  calls: StatementCalls,
  statements: readonly BatchStatementRequest[],
  alarm: Alarm,
): Promise<Answer[]> {
  const answers = new Array<Answer>(statements.length);
  const starts = Array.from({ length: Math.ceil(statements.length / MAX_STATEMENTS) }, (_, i) => i * MAX_STATEMENTS);
  await inParallel(starts, IN_FLIGHT, async (start) => {
    const request = statements.slice(start, start + MAX_STATEMENTS);
    try {
      const responses = await alarm.race(calls.batchExecuteStatement(request));
      request.forEach((_, i) => {
        const response = responses[i];
        answers[start + i] = response ? answerOf(response.Error) : { kind: 'unknown', reason: 'no answer for it' };
      });
    } catch (error) {
      const reason = sentence(describe(error));
      for (let i = 0; i < request.length; i++) answers[start + i] = { kind: 'unknown', reason };
    }
  });
  return answers;
}
