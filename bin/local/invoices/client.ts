import { setTimeout as sleep } from 'node:timers/promises';
import { type Credentials, signed } from '../../../lambda/handlers/webhook-sender/sigv4';
import type { JobView } from '../../../lambda/runtime';
import { type Emulator, REGION } from '../emulator';
import { makeCaller } from '../iam';

/** What the API answers: a job, or a problem. */
export interface Reply {
  readonly status: number;
  readonly body: Partial<JobView> & { readonly title?: string; readonly detail?: string };
}

const MAX_TRIES = 10;

/** Calls the API as its callers do. */
export class InvoicesClient {
  private constructor(
    private readonly jobs: string,
    private readonly credentials: Credentials,
  ) {}

  /** By its path: the host that an API has is one that only AWS answers for. */
  static async of(emulator: Emulator, apiId: string): Promise<InvoicesClient> {
    const jobs = `${emulator.endpoint}/restapis/${apiId}/prod/_user_request_/jobs`;
    return new InvoicesClient(jobs, await makeCaller(emulator, `invoices-${Date.now()}`));
  }

  /** Repeats under the same key what is to come later: the key is what makes that harmless. */
  async submit(request: object, idempotencyKey: string): Promise<Reply> {
    for (let tries = 1; ; tries++) {
      const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey };
      const { retryAfter, ...reply } = await this.call('POST', '', headers, JSON.stringify(request));
      if (retryAfter === undefined || ![429, 503].includes(reply.status) || tries === MAX_TRIES) return reply;
      await sleep(retryAfter * 1000);
    }
  }

  see(id: string): Promise<Reply> {
    return this.call('GET', `/${id}`);
  }

  cancel(id: string): Promise<Reply> {
    return this.call('DELETE', `/${id}`);
  }

  private async call(
    method: string,
    path: string,
    own: Readonly<Record<string, string>> = {},
    body = '',
  ): Promise<Reply & { readonly retryAfter?: number }> {
    const url = new URL(`${this.jobs}${path}`);
    const scope = { region: REGION, service: 'execute-api' };
    const headers = signed({ method, url, headers: own, body }, this.credentials, scope, new Date());
    const response = await fetch(url, { method, headers, ...(body !== '' && { body }) });
    const retryAfter = response.headers.get('retry-after');
    return {
      status: response.status,
      body: (await response.json()) as Reply['body'],
      ...(retryAfter !== null && { retryAfter: Number(retryAfter) }),
    };
  }
}
