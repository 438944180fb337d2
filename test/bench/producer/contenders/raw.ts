import { Agent, request } from 'node:http';
import { batches, IN_FLIGHT, inLanes } from './lanes';

const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });

const post = (url: string, target: string, body: string): Promise<any> =>
  new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': target,
      'content-length': Buffer.byteLength(body),
    };
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())));
    });
    sent.on('error', reject);
    sent.end(body);
  });

export const send = (queueUrl: string, count: number): Promise<void> =>
  inLanes(batches(count), IN_FLIGHT, async (batch) => {
    const Entries = batch.map((order, i) => ({ Id: String(i), MessageBody: JSON.stringify(order) }));
    const body = JSON.stringify({ QueueUrl: queueUrl, Entries });
    const { Successful } = await post(queueUrl, 'AmazonSQS.SendMessageBatch', body);
    if (Successful.length !== batch.length) throw new Error('a message was not accepted');
  });
