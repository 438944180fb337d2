import { handmadeWorker, readyFunction } from './l2';
import { runSynth } from './run';

runSynth(
  () =>
    (...worker) =>
      handmadeWorker(...worker, readyFunction),
);
