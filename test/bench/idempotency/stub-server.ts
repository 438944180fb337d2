// A DynamoDB to which every key is new, and to which every query is for the same page, in a process of its own: what answers must not be in the figures of who asks.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { page } from '../event-log/stored';
import { event } from '../runtime/event';
import { TABLE } from './store';

const PAGE = JSON.stringify({ Items: page(event(1, 0).Records[0]!.body) });

const answer = (operation: string | undefined, body: Buffer): string => {
  switch (operation) {
    case 'BatchExecuteStatement': {
      const { Statements } = JSON.parse(body.toString()) as { Statements: unknown[] };
      return JSON.stringify({ Responses: Statements.map(() => ({ TableName: TABLE })) });
    }
    case 'PutItem':
    case 'TransactWriteItems':
    case 'UpdateItem':
    case 'GetItem':
      return '{}';
    case 'Query':
      return PAGE;
    default:
      throw new Error(`the stub does not know ${operation}`);
  }
};

const server = createServer(async (request, response) => {
  const body = await buffer(request);
  const text = answer(String(request.headers['x-amz-target']).split('.')[1], body);
  response.writeHead(200, {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(text),
    'x-amzn-requestid': 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'x-amz-crc32': String(crc32(text)),
  });
  response.end(text);
});
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));

process.on('disconnect', () => process.exit());
