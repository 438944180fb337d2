import type { Problem } from '../problem';

/** Names and queues of all subscribers are in one environment, and that holds 4 KB: a queue's URL has some 170 characters. */
const ENVIRONMENT = 3_500;
const SUBSCRIBER = 210;

export interface Subscriber {
  readonly name: string;
  readonly types?: readonly string[];
}

const bytesOf = ({ name, types = [] }: Subscriber): number =>
  SUBSCRIBER + name.length + types.reduce((sum, type) => sum + type.length + 3, 0);

export function subscriberRefusals(subscribers: readonly Subscriber[]): Problem[] {
  const { name, types } = subscribers.at(-1)!;
  if (types && types.length === 0) {
    return [
      {
        what: `types of ${name}`,
        got: 'none',
        expected: 'at least one type of event',
        todo: 'name some, or leave it out to get all',
      },
    ];
  }
  const bytes = subscribers.reduce((sum, subscriber) => sum + bytesOf(subscriber), 0);
  if (bytes > ENVIRONMENT) {
    return [
      {
        what: `subscribers of the log, ${name} among them`,
        got: `${subscribers.length} with ${bytes} bytes of names, types and queues`,
        expected: `at most ${ENVIRONMENT}, what the environment of the replayer holds`,
        todo: 'let some subscribe to log.topic instead, which replays cannot name one by one',
      },
    ];
  }
  return [];
}

/** Without FIFO neither SNS nor SQS keeps the order of a stream. */
export const topicRefusals = (fifo: boolean): Problem[] =>
  fifo
    ? []
    : [
        {
          what: 'topic',
          got: 'a standard topic',
          expected: 'a FIFO topic',
          todo: 'say fifo: true when making it: subscribers get the events of a stream in order',
        },
      ];
