import { run } from './run';
import { realWorld } from './world';

void run(process.argv.slice(2), realWorld).then((code) => {
  // Not `exit`: what was written may still be on its way into a pipe.
  process.exitCode = code;
});
