import { Looked, letters } from '../browse';
import { type Command, positive } from '../command';
import type { Letter } from '../letter';
import { part, patternAt } from '../patterns';
import { printable } from '../printable';
import { ago, counted, isoOf } from '../render';
import { SELECT_OPTIONS, selectOf } from '../select';

const DEFAULT_LIMIT = 10;

const shown = ({ StringValue, BinaryValue }: Letter['attributes'][string]): string =>
  StringValue ?? `${BinaryValue?.byteLength ?? 0} bytes`;

function lines(letter: Letter, now: number, withBody: boolean): string[] {
  const { id, reason, deadAt, sentAt, receiveCount, groupId, attributes, origin, body } = letter;
  const found = [
    `${id}  dead for ${ago(now - deadAt)}, sent ${ago(now - sentAt)} ago, received ${receiveCount} times`,
    `  reason: ${reason}`,
    ...(origin.messageId === undefined ? [] : [`  was: ${origin.messageId}`]),
    ...(groupId === undefined ? [] : [`  group: ${groupId}`]),
    ...Object.entries(attributes).map(([name, value]) => `  ${name}: ${shown(value)}`),
    ...(withBody ? [`  body: ${body}`] : []),
  ];
  return found.map(printable);
}

const machine = (letter: Letter, withBody: boolean) => {
  const { id, reason, deadAt, sentAt, receiveCount, groupId, correlationId, origin, body } = letter;
  return {
    id,
    reason,
    deadAt: isoOf(deadAt),
    sentAt: isoOf(sentAt),
    receiveCount,
    groupId,
    correlationId,
    originalMessageId: origin.messageId,
    attributes: Object.fromEntries(Object.entries(letter.attributes).map(([name, value]) => [name, shown(value)])),
    ...(withBody && { body }),
  };
};

export const peek: Command = {
  name: 'peek',
  args: '<stack>/<pattern>',
  summary: 'show what is dead and why; nothing is consumed',
  positionals: 1,
  options: {
    ...SELECT_OPTIONS,
    limit: { type: 'string', short: 'n', value: 'n', help: `at most so many; default: ${DEFAULT_LIMIT}` },
    body: { type: 'boolean', help: 'show the bodies, too' },
    reasons: { type: 'boolean', help: 'only count the reasons, of all of them' },
  },
  async run(call) {
    const { world, values, json } = call;
    const select = selectOf(values);
    const limit = positive(values, 'limit') ?? (values.reasons ? Number.POSITIVE_INFINITY : DEFAULT_LIMIT);
    const withBody = values.body === true;
    const pattern = await patternAt(call, call.positionals[0]!);
    const url = part(pattern, 'deadLetterQueue', 'a dead-letter queue');
    const now = world.now();
    const looked = new Looked(world.aws, url);
    const found: Letter[] = [];
    try {
      for await (const batch of letters(world.aws, url, looked, world.interrupted)) {
        found.push(...batch.filter((letter) => select(letter, now)));
        if (found.length >= limit) break;
      }
    } finally {
      await looked.putBack();
    }
    const some = found.slice(0, limit);
    if (values.reasons) {
      const reasons = counted(some.map(({ reason }) => reason));
      if (json) world.out(JSON.stringify({ path: pattern.path, reasons: Object.fromEntries(reasons) }));
      else for (const [reason, count] of reasons) world.out(`${count} x ${printable(reason)}`);
    } else if (json) {
      world.out(JSON.stringify({ path: pattern.path, messages: some.map((letter) => machine(letter, withBody)) }));
    } else for (const letter of some) for (const line of lines(letter, now, withBody)) world.out(line);
    if (some.length === 0 && !json) world.note(`${pattern.path}: nothing of that kind is dead`);
    return undefined;
  },
};
