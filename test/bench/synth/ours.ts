import { entry } from './layout';
import { runSynth } from './run';

runSynth(() => {
  const { AsyncWorker, Handler } = require('cdk-async-patterns') as typeof import('cdk-async-patterns');
  return (stack, n, alarmTopic) => {
    new AsyncWorker(stack, `Worker${n}`, { handler: Handler.fromEntry(entry(n)), alarmTopic });
  };
});
