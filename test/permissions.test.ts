import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as lib from '../lib';
import { kindsIn } from './iam/permissions';
import { reasonFor } from './iam/reasons';
import { report } from './iam/report';
import { fullest } from './upgrades/fullest';

const page = readFileSync(join(__dirname, '..', 'docs', 'permissions.md'), 'utf8');

test('every permission that a construct gives is on the page that says what it is for', () => {
  const kinds = kindsIn(
    fullest().map(([, stack]) => stack),
    new Set(Object.keys(lib)),
  );
  expect(kinds.length).toBeGreaterThan(100);
  expect(kinds.filter((kind) => !page.includes(`| ${kind} |`))).toEqual([]);
});

describe('the page', () => {
  const [needed, vain, unasked, untried] = [
    'a worker | sqs:SendMessage | a worker DeadLetterQueue',
    'a worker | dynamodb:GetItem | CircuitBreaker Table',
    'a worker | logs:PutLogEvents | a worker LogGroup',
    'a worker | events:PutEvents | AWS::Events::EventBus',
  ];

  const sections = (text: string): Record<string, string> =>
    Object.fromEntries(text.split('\n## ').map((section) => [section.split('\n')[0], section]));

  test('tells what was needed from what was not, was not tried, and cannot be seen', () => {
    const verdicts = [
      { kind: needed, refused: true, broken: ['what is hopeless is dead'] },
      { kind: vain, refused: true, broken: [] },
    ];
    const found = sections(report(verdicts, [needed, vain, unasked, untried]));
    expect(found['What fails without it']).toContain(`| ${needed} | what is hopeless is dead |`);
    expect(found.Survivors).toContain(`| ${vain} |`);
    expect(found['Not tried']).toContain(`| ${untried} |`);
    expect(found['What the local target does not ask about']).toContain(`| ${unasked} |`);
  });

  test('does not take a failure for a proof when the role was not refused', () => {
    const found = sections(report([{ kind: needed, refused: false, broken: ['something else'] }], []));
    expect(found['What fails without it']).not.toContain(needed);
    expect(found.Survivors).toContain(`| ${needed} | not used in this run |`);
  });
});

test('excuses no permission that the local target does ask about', () => {
  for (const kind of [
    'a worker | sqs:SendMessage | a worker DeadLetterQueue',
    'a worker | sqs:ChangeMessageVisibility | a worker Queue',
    'StreamWorker Recovery | kinesis:GetRecords | AWS::Kinesis::Stream',
    'EventLog Outbox | sns:Publish | FanOutTopic Topic',
    'AsyncApi Completions | sqs:SendMessage | a worker Queue',
    'AsyncFunction | sqs:SendMessage | AsyncFunction DeadLetterQueue',
  ]) {
    expect([kind, reasonFor(kind)]).toEqual([kind, undefined]);
  }
});
