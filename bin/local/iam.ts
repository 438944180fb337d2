import { type Credentials, signed } from '../../lambda/handlers/webhook-sender/sigv4';
import { type Emulator, REGION } from './emulator';

type Target = Pick<Emulator, 'endpoint' | 'clientConfig'>;

const VERSION = '2010-05-08';

/** A call of IAM's Query API, as the account's owner. @returns XML */
export async function iam(
  { endpoint, clientConfig }: Target,
  Action: string,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const url = new URL(endpoint);
  const body = new URLSearchParams({ Action, Version: VERSION, ...parameters }).toString();
  const request = { method: 'POST', url, body, headers: { 'content-type': 'application/x-www-form-urlencoded' } };
  const headers = signed(request, clientConfig.credentials, { region: REGION, service: 'iam' }, new Date());
  const response = await fetch(url, { method: 'POST', body, headers });
  const text = await response.text();
  if (!response.ok) throw new Error(`${Action}: got ${response.status} ${text}`);
  return text;
}

/** Texts of an element of such an answer. */
export const textsOf = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs'))].map(([, text]) => text!);

const MAY_CALL_APIS = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource: 'arn:aws:execute-api:*' }],
};

/** Somebody who may call APIs, and nothing else: a job belongs to whoever has submitted it. */
export async function makeCaller(emulator: Target, UserName: string): Promise<Credentials> {
  await iam(emulator, 'CreateUser', { UserName });
  const policy = { PolicyName: 'Calls', PolicyDocument: JSON.stringify(MAY_CALL_APIS) };
  await iam(emulator, 'PutUserPolicy', { UserName, ...policy });
  const xml = await iam(emulator, 'CreateAccessKey', { UserName });
  return { accessKeyId: textsOf(xml, 'AccessKeyId')[0]!, secretAccessKey: textsOf(xml, 'SecretAccessKey')[0]! };
}
