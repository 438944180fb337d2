import { discardedOf } from '../../lambda/handlers/stream-recovery/discarded';
import { deadLetterOf } from '../../lambda/runtime/dead-letter';
import { hasRoom } from '../../lambda/runtime/outcome';
import { dynamodbEvent, kafkaEvent, kinesisEvent, sqsEvent } from '../../lambda/testing';
import { EVENT } from '../../lib/private/contract';
import { deep, SECRET } from './corpus';
import { accepted, type Decoder, type Fate, meet } from './decoder';
import * as cli from './decoders/cli';
import * as eventLog from './decoders/event-log';
import * as functions from './decoders/functions';
import * as jobs from './decoders/jobs';
import * as messages from './decoders/messages';
import * as rows from './decoders/rows';
import * as streams from './decoders/streams';
import * as templates from './decoders/templates';

const first = ({ valid }: Decoder): any => structuredClone(valid[0]);
const changed = (decoder: Decoder, change: (input: any) => void): any => {
  const input = first(decoder);
  change(input);
  return input;
};
const withBody = (decoder: Decoder, body: string): any => ({ ...first(decoder), body });
const withRow = (decoder: Decoder, row: object): any => ({ ...first(decoder), ...row });

/** A shard of Kafka whose second record is no JSON. */
const badKafka = (timestamp: number): any => {
  const event: any = kafkaEvent([{ value: { a: 1 } }, { value: 'no json' }]);
  event.records['topic-0'][1].timestamp = timestamp;
  return event;
};

// Each of these once crashed, hung, or said what it should not.
test.each<[string, Decoder, unknown, Fate['kind']]>([
  [
    'a body that is no JSON, parsed by the handler',
    messages.ownParser,
    withBody(messages.ownParser, SECRET),
    'refused',
  ],
  [
    'a body that is no JSON behind what is some, parsed by the handler',
    messages.ownParser,
    withBody(messages.ownParser, `{"note":"${SECRET}`),
    'refused',
  ],
  [
    'a schema that quotes what it got',
    messages.withQuotingSchema,
    withBody(messages.withQuotingSchema, JSON.stringify({ note: `${SECRET}"x`, lines: [SECRET] })),
    'refused',
  ],
  [
    'a key __proto__ far below',
    messages.sqsRecord,
    withBody(messages.sqsRecord, `{"a":${deep(20_000)},"b":${deep(20_000, '{"a":', '}', '{"__proto__":1}')}}`),
    'refused',
  ],
  [
    'an attribute without a type, on a message that dies',
    messages.sqsRecord,
    changed(messages.sqsRecord, (it) => {
      it.body = '{';
      it.messageAttributes.CorrelationId = { stringValue: 'c' };
      it.messageAttributes.none = null;
    }),
    'refused',
  ],
  [
    'a receive count that is an object, on a message that fails',
    messages.sqsRecord,
    changed(messages.sqsRecord, (it) => {
      it.body = '{';
      it.attributes.ApproximateReceiveCount = { toString: 1, valueOf: null };
    }),
    'refused',
  ],
  ['a time of Kafka beyond all times, on a record that dies', streams.kafka, badKafka(9e18), 'refused'],
  ['a time of Kafka before all times, on a record that dies', streams.kafka, badKafka(-9e18), 'refused'],
  [
    'a header of Kafka that is no bytes',
    streams.kafka,
    changed(streams.kafka, (it) => {
      it.records['topic-0'][0].headers = [{ a: [{ toString: 1, valueOf: null }] }, null];
    }),
    'accepted',
  ],
  [
    'an event source that is an object with a body in it',
    streams.kinesis,
    changed(streams.kinesis, (it) => {
      it.Records[0].eventSource = { note: SECRET };
    }),
    'refused',
  ],
  [
    'a list of DynamoDB that is none',
    streams.dynamodb,
    changed(streams.dynamodb, (it) => {
      it.Records[0].dynamodb.NewImage.list = { L: {} };
    }),
    'refused',
  ],
  [
    'sequence numbers that are none, in what Lambda has given up',
    streams.recoveryNotice,
    JSON.stringify({
      KinesisBatchInfo: { shardId: 's', startSequenceNumber: 'a', endSequenceNumber: 'b', streamArn: 'x' },
    }),
    'refused',
  ],
  [
    'an event that was sent after all times',
    functions.asyncEvent,
    { [EVENT.origin]: { sentAt: 1e300, correlationId: 'a\u0000b' }, [EVENT.payload]: { key: 'k' } },
    'accepted',
  ],
  [
    'a breaker that opened after all times',
    rows.breakerController,
    { state: { S: 'open' }, openedAt: { N: '1e30' } },
    'refused',
  ],
  ['a pace that has no numbers', rows.paceRow, withRow(rows.paceRow, { pace: { S: '{"kind":"rate"}' } }), 'accepted'],
  ['a pace of version zero', rows.paceController, withRow(rows.paceController, { version: { N: '0' } }), 'accepted'],
  [
    'a pace of zero',
    rows.paceRow,
    withRow(rows.paceRow, { pace: { S: '{"kind":"rate","count":0,"per":1,"burst":1}' } }),
    'accepted',
  ],
  ['a message that is forgiven less than nothing', rows.ledgerRow, { forgiven: { N: '-5' } }, 'refused'],
  ['a job whose problem is no JSON', jobs.workerRow, withRow(jobs.workerRow, { problem: { S: '{' } }), 'accepted'],
  [
    'a job that has ended with a result that is no JSON',
    jobs.endedRow,
    withRow(jobs.endedRow, { result: { S: SECRET } }),
    'accepted',
  ],
  [
    'a job that was made after all times',
    jobs.endedRow,
    withRow(jobs.endedRow, { created: { N: '1e30' } }),
    'accepted',
  ],
  [
    'a job whose result lies in a foreign bucket',
    jobs.apiRow,
    withRow(jobs.apiRow, { result: { NULL: true }, stored: { S: '{"bucket":"other","key":"jobs/k","size":8}' } }),
    'refused',
  ],
  [
    'a job whose result lies outside of its prefix',
    jobs.apiRow,
    withRow(jobs.apiRow, { result: { NULL: true }, stored: { S: '{"bucket":"results","key":"jobs/../k","size":8}' } }),
    'refused',
  ],
  [
    'a job with a state that breaks a header',
    jobs.apiRow,
    withRow(jobs.apiRow, { state: { S: 'done\r\nSet-Cookie: a=b' } }),
    'accepted',
  ],
  [
    'a request without a path',
    jobs.apiRequest,
    changed(jobs.apiRequest, (it) => {
      it.path = null;
      it.requestContext.path = undefined;
    }),
    'accepted',
  ],
  [
    'a request whose body is an object with what Node.js would show of it',
    jobs.apiRequest,
    changed(jobs.apiRequest, (it) => {
      it.body = { constructor: it.body };
    }),
    'refused',
  ],
  [
    'a failed job whose reason is a number',
    jobs.workerRow,
    withRow(jobs.workerRow, { state: { S: 'failed' }, run: { S: 'r' }, problem: { S: '{"title":"x","detail":1}' } }),
    'refused',
  ],
  [
    'an item of DynamoDB that cannot be written as JSON',
    streams.dynamodb,
    changed(streams.dynamodb, (it) => {
      it.Records[0].dynamodb.NewImage = { a: { X: 5n } };
    }),
    'refused',
  ],
  [
    'an event in the archive at a time of another hour',
    eventLog.archiveObject,
    changed(eventLog.archiveObject, (it) => {
      it.body = it.body.replace('T10:02', 'T09:02');
    }),
    'accepted',
  ],
  [
    'an event in the archive that could not be sent',
    eventLog.archiveObject,
    changed(eventLog.archiveObject, (it) => {
      it.body = it.body.replace('"c-a"', '"c\\u0000a"');
    }),
    'accepted',
  ],
  [
    'an event that could not be sent, told to the outbox',
    eventLog.outbox,
    changed(eventLog.outbox, (it) => {
      it.dynamodb.NewImage.correlationId = { S: '\u0000' };
    }),
    'refused',
  ],
  ['a reply that is null', cli.reply, { payload: 'null' }, 'refused'],
  [
    'a template that refers to what all objects have',
    templates.template,
    {
      Resources: {
        A: {
          Type: 'AWS::SNS::Subscription',
          Properties: { TopicArn: { Ref: 'constructor' }, Endpoint: { Ref: 'toString' } },
        },
      },
    },
    'accepted',
  ],
  [
    'a template with a count that is an object',
    templates.template,
    changed(templates.template, (it) => {
      it.Resources.Queue.Properties.RedrivePolicy.maxReceiveCount = { toString: 1, valueOf: null };
    }),
    'accepted',
  ],
  ['an id of a replay that adds a line', eventLog.replayRequest, { action: 'status', id: 'a\r\nb' }, 'refused'],
  [
    'a template with a reference to an object',
    templates.template,
    {
      Resources: {
        A: { Type: 'AWS::SNS::Subscription', Properties: { TopicArn: { 'Fn::GetAtt': [{ toString: 1 }] } } },
      },
    },
    'accepted',
  ],
  [
    'a template with a pattern of a kind that all objects have',
    templates.template,
    changed(templates.template, (it) => {
      it.Metadata['cdk-async-patterns'].patterns[0].kind = 'constructor';
    }),
    'accepted',
  ],
  [
    'a breaker of version 0, which nobody could change any more',
    rows.breakerController,
    withRow(rows.breakerController, { version: { N: '0' }, probeAt: { N: '1' } }),
    'accepted',
  ],
  [
    'a pace whose version is a text, which nobody could change any more',
    rows.paceController,
    withRow(rows.paceController, { version: { S: '3' }, pace: { S: '' } }),
    'refused',
  ],
  ['a call to a webhook that is null', jobs.delivery, null, 'refused'],
  [
    'a call to a webhook whose id breaks a header',
    jobs.delivery,
    withRow(jobs.delivery, { id: 'a\r\nb: c' }),
    'refused',
  ],
  ['an event without data in the log', eventLog.eventRow, { type: { S: 'Added' } }, 'refused'],
  [
    'an event with data that is no JSON, told to the outbox',
    eventLog.outbox,
    changed(eventLog.outbox, (it) => {
      it.dynamodb.NewImage.data = { S: SECRET };
    }),
    'refused',
  ],
  [
    'an event with data that has a key __proto__',
    eventLog.eventRow,
    withRow(eventLog.eventRow, { data: { S: '{"__proto__":{"polluted":true}}' } }),
    'refused',
  ],
  [
    'an event with a time that is none, told to the archiver',
    eventLog.archiver,
    withRow(eventLog.archiver, { at: { S: '../../x' } }),
    'refused',
  ],
  ['a snapshot without a version', eventLog.snapshotRow, { state: { S: '{"sum":5}' } }, 'refused'],
  ['a cursor that is no JSON', eventLog.replayRow, withRow(eventLog.replayRow, { cursor: { S: '{' } }), 'refused'],
  [
    'a cursor that leads out of the archive',
    eventLog.replayRow,
    withRow(eventLog.replayRow, { cursor: { S: '{"hour":"2026-11-24T10","via":"archive","object":"../../other"}' } }),
    'refused',
  ],
  [
    'a cursor in no hour',
    eventLog.replayRow,
    withRow(eventLog.replayRow, { cursor: { S: '{"hour":"x","via":"table"}' } }),
    'refused',
  ],
  ['a replay at no rate', eventLog.replayRow, withRow(eventLog.replayRow, { rate: { N: '0' } }), 'refused'],
  [
    'a letter whose context a sender wrote',
    cli.letter,
    changed(cli.letter, (it) => {
      it.MessageAttributes.DeadLetterContext.StringValue = JSON.stringify({
        deadTimestamp: 'soon',
        attributes: { a: null, __proto__: 1, b: { dataType: 1, stringValue: {} } },
      });
    }),
    'accepted',
  ],
  [
    'a reason that clears the terminal and adds a line',
    cli.letter,
    changed(cli.letter, (it) => {
      it.MessageAttributes.DeadLetterReason.StringValue = '\u001b[2J\u009b31m\u202ex\n  reason: empty order';
    }),
    'refused',
  ],
  ['a line of a log with a time beyond all times', cli.logLine, withRow(cli.logLine, { timestamp: 9e300 }), 'accepted'],
  [
    'a length of time that is longer than all',
    cli.commandLine,
    ['tail', 'Shop', 'c', '--since', `${'9'.repeat(400)}d`],
    'refused',
  ],
  ['a template that is null', templates.template, null, 'refused'],
  ['a template with a resource that is null', templates.template, { Resources: { A: null } }, 'refused'],
])('%s', async (_, decoder, input, kind) => {
  expect((await meet(decoder, input)).kind).toBe(kind);
});

/** What passes a size in time passes any that can come: nothing is quadratic, or this would take minutes. */
const MEGABYTE = 1_000_000;

describe('a megabyte takes no longer than it must', () => {
  const record = (name: string, value: string) => ({
    ...sqsEvent([
      {
        body: '{',
        attributes: { ...Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`a${i}`, 'x'])), [name]: value },
      },
    ]).Records[0]!,
  });

  test('an attribute that is folded and cut among replacement characters', () => {
    const folded = record('z', `${'"'.repeat(100_000)}${'\ufffd'.repeat(285_000)}x`);
    expect(deadLetterOf(folded, 'x', 0)).toBeUndefined();
    expect(hasRoom(folded)).toBe(false);
  });

  test('a text is cut between characters, and keeps replacement characters of its own', () => {
    const letter = deadLetterOf(record('z', 'x'), `${'\ufffd'.repeat(300)}${'é'.repeat(300)}`, 0)!;
    const reason = letter.entry.MessageAttributes.DeadLetterReason!.StringValue!;
    expect(reason).toBe(`${'\ufffd'.repeat(300)}${'é'.repeat(62)}`);
  });

  test('an ARN of a consumer of consumers', () => {
    const streamArn = `${'/consumer/'.repeat(MEGABYTE / 10)}\n`;
    const notice = { KinesisBatchInfo: { shardId: 's', startSequenceNumber: '1', endSequenceNumber: '1', streamArn } };
    expect(discardedOf(JSON.stringify(notice)).from).toMatchObject({ streamArn: '' });
  });

  test.each<[string, Decoder, unknown]>([
    ['a body', messages.sqsRecord, withBody(messages.sqsRecord, JSON.stringify({ a: 'x'.repeat(MEGABYTE) }))],
    ['a deep body', messages.sqsRecord, withBody(messages.sqsRecord, deep(MEGABYTE / 2))],
    [
      'a deep body that may hold a key',
      messages.sqsRecord,
      withBody(messages.sqsRecord, deep(MEGABYTE / 2, '[', ']', '"__proto__"')),
    ],
    [
      'a deep body with a key of idempotency',
      messages.idempotent,
      withBody(messages.idempotent, `{"orderId":"o","a":${deep(100_000)}}`),
    ],
    [
      'a deep body with a schema',
      messages.withSchema,
      withBody(messages.withSchema, `{"orderId":"o","note":"n","lines":[{"a":${deep(100_000)}}]}`),
    ],
    [
      'a wide body',
      messages.withSchema,
      withBody(messages.withSchema, JSON.stringify({ lines: Array(200_000).fill({}) })),
    ],
    ['quotes', messages.ownParser, withBody(messages.ownParser, '"'.repeat(MEGABYTE))],
    ['backslashes', messages.ownParser, withBody(messages.ownParser, '\\u00'.repeat(MEGABYTE / 4))],
    [
      'a traceparent',
      messages.sqsRecord,
      changed(messages.sqsRecord, (it) => {
        it.messageAttributes.traceparent.stringValue = `00-${'a'.repeat(MEGABYTE)}`;
      }),
    ],
    [
      'an envelope',
      messages.snsEnvelope,
      changed(messages.snsEnvelope, (it) => {
        it.body = JSON.stringify({ ...JSON.parse(it.body), Message: '{"TopicArn"'.repeat(MEGABYTE / 20) });
      }),
    ],
    [
      'a pointer',
      messages.claimCheck,
      withBody(messages.claimCheck, `["x",{"s3Key":"${'../'.repeat(MEGABYTE / 4)}"}]`),
    ],
    ['data of Kinesis', streams.kinesis, kinesisEvent([{ data: '['.repeat(MEGABYTE) }])],
    ['an image of DynamoDB', streams.dynamodb, dynamodbEvent([{ keys: { id: 'x'.repeat(MEGABYTE) } }])],
    [
      'a request',
      jobs.apiRequest,
      changed(jobs.apiRequest, (it) => {
        it.headers['Content-Type'] = `application/${'a+'.repeat(MEGABYTE / 4)}`;
        it.body = deep(100_000);
      }),
    ],
    [
      'a letter',
      cli.letter,
      changed(cli.letter, (it) => {
        it.Body = '\u001b'.repeat(MEGABYTE / 10);
      }),
    ],
    [
      'a log line',
      cli.logLine,
      changed(cli.logLine, (it) => {
        it.message = `c-1 ${'\n'.repeat(MEGABYTE / 10)}`;
      }),
    ],
    ['an asynchronous event', functions.asyncEvent, { key: 'k', a: JSON.parse(deep(3_000)), b: 'x'.repeat(MEGABYTE) }],
  ])(
    '%s',
    async (_, decoder, input) => {
      await meet(decoder, input);
    },
    20_000,
  );
});

describe('what holds decoders to it', () => {
  const saying = (said: string): Decoder => ({ name: 'x', valid: [1], feed: () => ({ ...accepted(), said }) });

  test('notices a piece of a body', async () => {
    await expect(meet(saying(`got ${SECRET.slice(5, 17)}…`), 1)).rejects.toThrow('said what was in the body');
    await expect(meet(saying(`got ${SECRET.slice(5, 16)}…`), 1)).resolves.toBeDefined();
  });

  test('notices what all share when it has changed', async () => {
    const polluting: Decoder = {
      name: 'x',
      valid: [1],
      feed: () => {
        Object.assign(Object.prototype, { polluted: true });
        return accepted();
      },
    };
    try {
      await expect(meet(polluting, 1)).rejects.toThrow(/changed .*polluted/);
    } finally {
      delete (Object.prototype as { polluted?: boolean }).polluted;
    }
  });
});
