import { join } from 'node:path';
import { LOCAL } from '../../bin/local/run';
import { faultTable, patternTable } from '../faults/report';
import { faultOf } from '../faults/rules';
import { type Result, runFaults } from '../faults/run';

/** The long run is `npm run faults`; docs/faults.md is its report. */
const MESSAGES = 350;

let result: Result;

beforeAll(async () => {
  result = await runFaults({
    messages: MESSAGES,
    seed: 1,
    directory: join(LOCAL, 'e2e-faults'),
    killRate: 0.004,
    killEveryMs: 6_000,
    timeoutSeconds: 10,
    maxConcurrency: 4,
    // Waiting for a breaker to close would be half of the time.
    downMs: 0,
    patienceMs: 60_000,
  });
  console.info(
    `${patternTable(result)}\n\n${faultTable(result)}\n\n${JSON.stringify(result.kills)}, ${result.seconds} s`,
  );
}, 240_000);

it('loses nothing, has idempotent effects once, and finds dead what is bad and nothing else', () => {
  expect(result.problems).toEqual([]);
  expect(result.accounts.charges.dead).toBeGreaterThan(0);
});

it('has met throttles, resets, lost replies and latency on the way, and deaths', () => {
  const kinds = new Set(result.fired.map(({ action }) => faultOf(action)));
  expect([...kinds]).toEqual(expect.arrayContaining(['throttle', 'reset', 'lost reply', 'latency']));
  expect(new Set(result.fired.map(({ service }) => service))).toEqual(new Set(['sqs', 'sns', 'dynamodb', 's3']));
  expect(result.kills.before + result.kills.after + result.kills.anywhere).toBeGreaterThan(0);
});
