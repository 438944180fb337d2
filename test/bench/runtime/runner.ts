import { type ChildProcess, spawn } from 'node:child_process';
import { askChild } from '../ask';
import { type Contender, environment } from '../contenders';
import { rounds as quickly } from '../quick';
import type { Answer, Ask } from './child';

/** Times in milliseconds. */
export interface Schedule {
  /** Fresh processes: what the engine decides when it compiles differs from one to the next. */
  readonly generations: number;
  readonly rounds: number;
  readonly warmUp: number;
  readonly slice: number;
}

const SCHEDULE: Schedule = { generations: 5, rounds: 8, warmUp: 400, slice: 50 };

interface Run {
  readonly script: string;
  readonly bundle: string;
  readonly contender: Contender;
  readonly batchSize: number;
}

/** A process that holds a contender: see child.ts. */
export class Runner {
  private readonly child: ChildProcess;
  private invocations = 1;

  constructor({ script, bundle, contender, batchSize }: Run) {
    this.child = spawn(process.execPath, [script, bundle, String(batchSize)], {
      env: environment(contender),
      // Log lines go where nothing reads them, for all alike.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  /** Until the engine has compiled what there is to compile; what it managed meanwhile tells how long a round is. */
  async warmUp({ warmUp, slice }: Schedule): Promise<void> {
    const { invocations } = await this.ask({ warmUp });
    this.invocations = Math.max(1, Math.round((invocations * slice) / warmUp));
  }

  round(): Promise<Answer> {
    return this.ask({ invocations: this.invocations });
  }

  ask(ask: Ask): Promise<Answer> {
    return askChild(this.child, ask);
  }

  stop(): void {
    this.child.disconnect();
  }
}

/** What a record takes of each contender, round by round. */
export const measureRounds = async (
  script: string,
  bundled: readonly { readonly contender: Contender; readonly bundle: string }[],
  batchSize: number,
  schedule: Schedule = SCHEDULE,
): Promise<Answer[][]> => {
  const answers: Answer[][] = bundled.map(() => []);
  for (let generation = 0; generation < quickly(schedule.generations); generation++) {
    const runners: Runner[] = [];
    for (const { contender, bundle } of bundled) {
      const runner = new Runner({ script, bundle, contender, batchSize });
      await runner.warmUp(schedule);
      runners.push(runner);
    }
    for (let round = 0; round < quickly(schedule.rounds); round++) {
      for (const [n, runner] of runners.entries()) answers[n]!.push(await runner.round());
    }
    for (const runner of runners) runner.stop();
  }
  return answers;
};
