// A cold start: `node once.js <handler bundle>` loads the bundle, handles one record and prints how long the two took.
import { writeSync } from 'node:fs';
import { context, event } from './event';

const one = event(1, 0);
const start = process.hrtime.bigint();
const { handler } = require(process.argv[2]!);
handler(one, context).then((reply?: { batchItemFailures: unknown[] }) => {
  const elapsed = process.hrtime.bigint() - start;
  if (reply?.batchItemFailures.length) throw new Error('the record failed');
  writeSync(3, String(elapsed));
});
