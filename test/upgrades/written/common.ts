import type { SQSRecord } from 'aws-lambda';
import type { Logger } from '../../../lambda/runtime/log';
import { sqsEvent } from '../../../lambda/testing';
import { TABLE } from '../../lambda/breaker/fake-table';
import { CONNECTED, FakeEdge } from '../../lambda/fake-edge';

/** When all of this happens. */
export const NOW = Date.parse('2026-11-24T10:00:00Z');

export const BREAKER = {
  name: 'Test/Breaker',
  table: TABLE,
  failureRatio: 0.5,
  minimumCalls: 4,
  window: 60,
  coolDown: 30,
  maxCoolDown: 120,
};
export const IDEMPOTENCY = { table: 'keys', retention: 3600, lease: 60 };
export const PAYLOADS = { bucket: 'payloads', prefix: 'orders/', threshold: 100 };
export const BODY = { orderId: 'o-1', note: 'Grüße' };
export const LARGE = { orderId: 'o-2', note: 'x'.repeat(200) };

export const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export const edgeOf = (env: Record<string, string> = {}): FakeEdge => {
  const edge = new FakeEdge({ ...CONNECTED, ...env });
  edge.now = () => NOW;
  return edge;
};

export const attributes = { kind: 'order', amount: 7, bytes: new Uint8Array([1, 2, 255]) };
export const origin = {
  correlationId: 'c-1',
  causationId: 'm-0',
  traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
};

/** A message that was sent, as Lambda hands it over. */
export const sqsRecordOf = (sent: any, i = 0): SQSRecord => {
  const [record] = sqsEvent([{ messageId: `m-${i}`, body: sent.MessageBody ?? sent.Message }]).Records;
  const messageAttributes = Object.entries<any>(sent.MessageAttributes ?? {}).map(([name, attribute]) => [
    name,
    { dataType: attribute.DataType, stringValue: attribute.StringValue, binaryValue: attribute.BinaryValue },
  ]);
  return { ...record!, messageAttributes: Object.fromEntries(messageAttributes) };
};
