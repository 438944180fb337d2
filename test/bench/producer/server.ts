// An SQS that takes everything, in a process of its own: `node server.js` prints its port. It speaks the JSON protocol and
// answers with correct MD5s, so that the SDK's check of them is part of what is measured.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

let received = 0;

const accepted = (body: string) => ({
  MessageId: `00000000-0000-4000-8000-${String(++received).padStart(12, '0')}`,
  MD5OfMessageBody: md5(body),
});

const read = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

const server = createServer(async (request, response) => {
  const body = JSON.parse((await read(request)) || '{}');
  const action = request.headers['x-amz-target'];
  const reply =
    action === 'AmazonSQS.SendMessageBatch'
      ? { Successful: body.Entries.map(({ Id, MessageBody }: Entry) => ({ Id, ...accepted(MessageBody) })) }
      : accepted(body.MessageBody);
  response.setHeader('content-type', 'application/x-amz-json-1.0');
  response.end(JSON.stringify(reply));
});
server.keepAliveTimeout = 60_000;

server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.stdin.resume().on('end', () => process.exit());
