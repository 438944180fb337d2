import type { ChildProcess } from 'node:child_process';

/** Asks a contender's process something, and waits for its answer. */
export const askChild = <Answer>(child: ChildProcess, ask: object): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const failed = (code: number | null) => reject(new Error(`the contender's process ended with ${code}`));
    child.once('exit', failed);
    child.once('message', (answer: Answer) => {
      child.off('exit', failed);
      resolve(answer);
    });
    child.send(ask);
  });
