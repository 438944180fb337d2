import type { Emulator } from '../../bin/local/emulator';
import { REGION } from '../../bin/local/emulator';
import { type Credentials, signed } from '../../lambda/handlers/webhook-sender/sigv4';

export interface Answer {
  readonly status: number;
  readonly body: any;
}

/** Calls an API of jobs as somebody. */
export class ApiClient {
  constructor(
    private readonly emulator: Pick<Emulator, 'endpoint'>,
    private readonly apiId: string,
    private readonly credentials: Credentials,
  ) {}

  async call(method: string, path: string, job?: object, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const url = new URL(`${this.emulator.endpoint}/restapis/${this.apiId}/prod/_user_request_/jobs${path}`);
    const body = job ? JSON.stringify(job) : '';
    const own = { ...(job && { 'content-type': 'application/json' }), ...more };
    const scope = { region: REGION, service: 'execute-api' };
    const headers = signed({ method, url, headers: own, body }, this.credentials, scope, new Date());
    const response = await fetch(url, { method, headers, ...(job && { body }) });
    return { status: response.status, body: await response.json().catch(() => undefined) };
  }
}
