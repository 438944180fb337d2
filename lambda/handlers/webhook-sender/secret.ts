import { keyOf } from './signature';
import { signed } from './sigv4';

export interface SecretOptions {
  readonly secretArn: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  now(): number;
  readonly fetch: typeof fetch;
}

/** A secret that is rotated is seen within this time. Milliseconds. */
const REMEMBERED = 300_000;
const TIMEOUT = 5_000;

/** The key that signs, from Secrets Manager. */
export function secretKey({ secretArn, env, now, fetch }: SecretOptions): () => Promise<Buffer> {
  let known: { readonly key: Promise<Buffer>; readonly until: number } | undefined;
  const read = async (): Promise<Buffer> => {
    const region = env.AWS_REGION ?? '';
    const suffix = region.startsWith('cn-') ? '.com.cn' : '.com';
    const url = new URL(env.AWS_ENDPOINT_URL ?? `https://secretsmanager.${region}.amazonaws${suffix}`);
    const body = JSON.stringify({ SecretId: secretArn });
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'secretsmanager.GetSecretValue',
    };
    const credentials = {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
      sessionToken: env.AWS_SESSION_TOKEN,
    };
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: signed(
        { method: 'POST', url, headers, body },
        credentials,
        { region, service: 'secretsmanager' },
        new Date(now()),
      ),
      signal: AbortSignal.timeout(TIMEOUT),
    });
    if (!response.ok) throw new Error(`Secrets Manager answered ${response.status} for the secret of the webhook`);
    const { SecretString } = (await response.json()) as { SecretString?: string };
    return keyOf(SecretString ?? '');
  };
  return () => {
    if (!known || known.until <= now()) {
      const key = read();
      known = { key, until: now() + REMEMBERED };
      key.catch(() => {
        known = undefined;
      });
    }
    return known.key;
  };
}
