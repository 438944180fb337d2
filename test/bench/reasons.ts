/** Why a goal is missed, by the id of its figure, where that is known. */
export const REASONS: Record<string, string> = {
  'template/resources':
    'Errors and throttles are two alarms. In one of metric math it would be 12, but such an alarm says less, costs as much, and does not deploy to the local target of the tests.',
  'startup/ours':
    'Reading 17 KB of bundle takes two thirds of a millisecond, compiling the thirty functions that a first batch runs through the rest.',
  'startup/ours-deployed': 'The same, and a line of metrics.',
  'size/ours-empty':
    'What only failures, state or tracing need is loaded from files beside the handler. What is left is scheduling, deadlines, context, logger, metrics and clear errors.',
  'synth/cold': 'esbuild has 50 entries to bundle in the same time; the floor has one directory to copy.',
  'synth/warm':
    'A bundle is taken from the cache by the content of all its inputs, which are read and hashed again at each synth.',
  'idempotency/cpu/own':
    '1.5 to 2 us of it are the SHA-256 of the body, by which the same key with another payload is told.',
  'idempotency/resent/ours':
    'A message that was sent twice looks new. One request where DynamoDB hands out the item with its refusal, which its documentation does not promise and the store of this bench does not do.',
};
