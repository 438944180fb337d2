import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BatchExecuteStatementCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { answeredWithin } from '../../lambda/runtime/answers';

let server: Server;
let requests = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    // The first is never answered.
    if (requests++ > 0) response.setHeader('content-type', 'application/x-amz-json-1.0').end('{"Responses":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

it('gives up a request that is not answered in time, and sends it again', async () => {
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: answeredWithin(100),
  });
  const { Responses } = await client.send(new BatchExecuteStatementCommand({ Statements: [{ Statement: 'none' }] }));
  expect(Responses).toEqual([]);
  expect(requests).toBe(2);
  client.destroy();
});
