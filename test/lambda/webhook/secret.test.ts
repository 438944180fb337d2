import { secretKey } from '../../../lambda/handlers/webhook-sender/secret';
import { signed } from '../../../lambda/handlers/webhook-sender/sigv4';

test('a request is signed as AWS’s own example is', () => {
  const { authorization } = signed(
    {
      method: 'GET',
      url: new URL('https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08'),
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: '',
    },
    { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
    { region: 'us-east-1', service: 'iam' },
    new Date('2015-08-30T12:36:00Z'),
  );
  expect(authorization).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, ' +
      'SignedHeaders=content-type;host;x-amz-date, ' +
      'Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  );
});

describe('the key', () => {
  const SECRET = Buffer.alloc(32, 7).toString('base64');
  const made = (replies: (() => Promise<Response>)[]) => {
    let now = 0;
    const fetch = jest.fn(async (..._: Parameters<typeof globalThis.fetch>) => replies.shift()!());
    const key = secretKey({
      secretArn: 'arn:secret',
      env: {
        AWS_REGION: 'eu-west-1',
        AWS_ACCESS_KEY_ID: 'id',
        AWS_SECRET_ACCESS_KEY: 'secret',
        AWS_SESSION_TOKEN: 't',
      },
      now: () => now,
      fetch: fetch as typeof globalThis.fetch,
    });
    const later = (ms: number): void => {
      now += ms;
    };
    return { key, fetch, later };
  };
  const ok = async () => Response.json({ SecretString: SECRET });

  test('comes from Secrets Manager of the region, once in five minutes', async () => {
    const { key, fetch, later } = made([ok, ok]);
    expect(await key()).toEqual(Buffer.alloc(32, 7));
    later(299_999);
    await key();
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(String(fetch.mock.calls[0]![0])).toBe('https://secretsmanager.eu-west-1.amazonaws.com/');
    expect(fetch.mock.calls[0]![1]!.headers).toMatchObject({ 'x-amz-security-token': 't' });
    later(1);
    await key();
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  test('is asked for again after a failure', async () => {
    const { key } = made([async () => new Response('', { status: 500 }), ok]);
    await expect(key()).rejects.toThrow('answered 500');
    expect(await key()).toHaveLength(32);
  });
});
