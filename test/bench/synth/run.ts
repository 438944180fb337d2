// What every synth contender shares: an app of 50 workers, timed from the loaded CDK to the written assembly.
import { App, Stack } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import recommended from 'aws-cdk-lib/recommended-feature-flags.json';
import { handmadeWorker, readyFunction } from './l2';
import { WORKERS } from './layout';

export type AddWorker = (stack: Stack, n: number, alarmTopic: Topic) => void;

/** A stack holds 500 resources at most, which is fewer than 50 workers need. */
const PER_STACK = 25;

const synth = (outdir: string | undefined, workers: number, addWorker: AddWorker): void => {
  const app = new App({
    outdir,
    context: recommended,
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
  });
  for (let first = 0; first < workers; first += PER_STACK) {
    const stack = new Stack(app, `Stack${first}`);
    const alarmTopic = new Topic(stack, 'Alarms');
    const end = Math.min(first + PER_STACK, workers);
    for (let n = first; n < end; n++) addWorker(stack, n, alarmTopic);
  }
  app.synth();
};

/** @param load gives the contender; what it imports by itself is in its time */
export const runSynth = (load: () => AddWorker): void => {
  // The CDK loads a file of its own when a class of it is first used: for all contenders before the clock starts.
  synth(undefined, 1, (stack, n, alarmTopic) => handmadeWorker(stack, n, alarmTopic, readyFunction));
  const start = performance.now();
  const before = process.cpuUsage();
  synth(process.argv[2], WORKERS, load());
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(JSON.stringify({ synth: performance.now() - start, cpu: (user + system) / 1000 }));
};
