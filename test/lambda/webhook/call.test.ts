import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Delivery } from '../../../lambda/handlers/job-completions/completion';
import { isPublic } from '../../../lambda/handlers/webhook-sender/address';
import { Caller, type CallerOptions } from '../../../lambda/handlers/webhook-sender/call';
import { keyOf } from '../../../lambda/handlers/webhook-sender/signature';
import { retryAfterSeconds } from '../../../lambda/runtime/errors';

const KEY = keyOf(`whsec_${Buffer.from('0123456789abcdef01234567').toString('base64')}`);
const NOW = Date.UTC(2026, 10, 24);

const delivery = (url: string): Delivery => ({
  id: 'job.1',
  url,
  completion: {
    api: 'Test/Api',
    id: 'job',
    status: 'succeeded',
    createdAt: '',
    updatedAt: '',
    expiresAt: '',
    result: { name: 'Zoë' },
  },
});

let server: Server;
let port: number;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const received: { headers: Record<string, unknown>; body: string; url: string | undefined }[] = [];

beforeEach(async () => {
  received.length = 0;
  answer = (_, response) => response.end();
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.push({ headers: request.headers, body, url: request.url });
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Speaks plain HTTP, and takes this machine for a public one. */
const caller = (options: Partial<CallerOptions> = {}) =>
  new Caller({
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    isAllowed: () => true,
    request: ((url: URL, ...rest: [object, () => void]) =>
      httpRequest(`http:${url.href.slice('https:'.length)}`, ...rest)) as unknown as CallerOptions['request'],
    now: () => NOW,
    key: async () => KEY,
    timeout: 1,
    ...options,
  });
const never = new AbortController().signal;
const call = (path = '/hook?a=1', options: Partial<CallerOptions> = {}) =>
  caller(options).call(delivery(`https://hooks.example:${port}${path}`), never);

test('posts the job to the path that was given, signed as receivers check it', async () => {
  await call();
  const [{ headers, body, url }] = received as [(typeof received)[0]];
  expect(url).toBe('/hook?a=1');
  expect(JSON.parse(body)).toMatchObject({ id: 'job', status: 'succeeded', result: { name: 'Zoë' } });
  expect(headers).toMatchObject({
    host: `hooks.example:${port}`,
    'content-type': 'application/json',
    'webhook-id': 'job.1',
    'webhook-timestamp': String(NOW / 1000),
  });
  const expected = createHmac('sha256', '0123456789abcdef01234567')
    .update(`job.1.${NOW / 1000}.${body}`)
    .digest('base64');
  expect(headers['webhook-signature']).toBe(`v1,${expected}`);
});

describe('is not called', () => {
  const refused: [string, string, string[]][] = [
    ['loopback', 'https://127.0.0.1/', []],
    ['loopback, as one number', 'https://2130706433/', []],
    ['loopback, in hexadecimal', 'https://0x7f000001/', []],
    ['loopback of IPv6', 'https://[::1]/', []],
    ['the metadata service, mapped', 'https://[::ffff:169.254.169.254]/', []],
    ['a name at a private address', 'https://intranet.example/', ['10.0.0.7']],
    ['a name with one private address among public ones', 'https://mixed.example/', ['1.1.1.1', '192.168.0.1']],
    ['plain HTTP', 'http://example.com/', ['1.1.1.1']],
    ['a password', 'https://user:pass@example.com/', ['1.1.1.1']],
    ['a file', 'file:///etc/passwd', []],
    ['nothing', 'not a url', []],
    ['a URL too long', `https://example.com/${'x'.repeat(2_000)}`, ['1.1.1.1']],
  ];
  test.each(refused)('%s', async (_, url, addresses) => {
    const request = jest.fn();
    const strict = caller({
      isAllowed: isPublic,
      resolve: async () => addresses.map((address) => ({ address, family: 4 })),
      request: request as never,
    });
    await expect(strict.call(delivery(url), never)).rejects.toMatchObject({ name: 'PermanentError' });
    expect(request).not.toHaveBeenCalled();
  });
});

test('connects to the address that was judged, whatever the name says a moment later', async () => {
  const resolve = jest
    .fn()
    .mockResolvedValueOnce([{ address: '127.0.0.1', family: 4 }])
    .mockResolvedValue([{ address: '127.0.0.2', family: 4 }]);
  await call('/', { resolve });
  expect(resolve).toHaveBeenCalledTimes(1);
  expect(received).toHaveLength(1);
});

describe('what the receiver answers', () => {
  const answers: [number, Record<string, string>, 'taken' | 'again' | 'never'][] = [
    [200, {}, 'taken'],
    [204, {}, 'taken'],
    [301, { location: 'http://169.254.169.254/' }, 'never'],
    [307, { location: 'https://127.0.0.1/' }, 'never'],
    [400, {}, 'again'],
    [404, {}, 'again'],
    [410, {}, 'never'],
    [429, { 'retry-after': '120' }, 'again'],
    [500, {}, 'again'],
    [503, { 'retry-after': '999999' }, 'again'],
  ];
  test.each(answers)('%d: %j: %s', async (status, headers, fate) => {
    answer = (_, response) => response.writeHead(status, headers).end();
    const thrown = await call().then(
      () => undefined,
      (error) => error,
    );
    if (fate === 'taken') expect(thrown).toBeUndefined();
    else {
      expect(thrown.message).toContain(`answered ${status}`);
      expect(thrown.name === 'PermanentError').toBe(fate === 'never');
    }
    if (headers['retry-after']) expect(retryAfterSeconds(thrown)).toBe(Math.min(3_600, Number(headers['retry-after'])));
    expect(received).toHaveLength(1);
  });

  test('nothing, in time: it is tried again', async () => {
    answer = () => {};
    await expect(call()).rejects.toThrow(/timeout|aborted/i);
  });

  test('without end: it is not read', async () => {
    answer = (_, response) => {
      response.writeHead(200);
      const pour = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', pour);
      pour();
    };
    await call();
  });
});

test('stops when the function is about to time out', async () => {
  answer = () => {};
  const called = caller({ timeout: 60 }).call(delivery(`https://hooks.example:${port}/`), AbortSignal.timeout(100));
  await expect(called).rejects.toThrow();
});

test.each(['', 'short', 'whsec_', 'not base64!', Buffer.alloc(23).toString('base64')])('%p is no secret', (secret) => {
  expect(() => keyOf(secret)).toThrow('the secret of the webhook');
});
