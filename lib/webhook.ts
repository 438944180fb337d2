import { Duration, Token } from 'aws-cdk-lib';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { MAX_CALLBACK_URL } from './private/contract';
import { InvalidInput } from './private/problem';

/** How webhooks are called. */
export interface WebhookOptions {
  /**
   * What signs the calls: base64 of 24 bytes or more, `whsec_` before it or not. Receivers check by it.
   * @default - a secret is made: `api.webhookSecret`
   */
  readonly secret?: secretsmanager.ISecret;

  /**
   * How long a receiver may take, 1 to 25 seconds.
   * @default Duration.seconds(10)
   */
  readonly timeout?: Duration;
}

/**
 * Calls somebody back when a job has ended: a POST with the job, signed as https://www.standardwebhooks.com has it. Only https,
 * only public addresses, no redirects. What is not answered with 2xx is tried again for hours, then ends in the dead-letter
 * queue of `api.webhookWorker`.
 */
export class Webhook {
  /** Call the same URL for every job. */
  public static to(url: string, options: WebhookOptions = {}): Webhook {
    if (
      !Token.isUnresolved(url) &&
      !(url.startsWith('https://') && URL.canParse(url) && url.length <= MAX_CALLBACK_URL)
    ) {
      throw new InvalidInput({
        what: 'URL of the webhook',
        got: url.slice(0, 100),
        expected: `an https URL of at most ${MAX_CALLBACK_URL} characters`,
        todo: 'only TLS tells the receiver apart from who pretends to be it',
      });
    }
    return new Webhook(url, false, options);
  }

  /** Call what a caller names in the header `Callback-Url` of its request. Whoever may submit jobs may have any public host called. */
  public static toCallers(options: WebhookOptions = {}): Webhook {
    return new Webhook(undefined, true, options);
  }

  /** @internal */
  public readonly _timeout: Duration;
  /** @internal */
  public readonly _secret: secretsmanager.ISecret | undefined;

  private constructor(
    /** @internal */
    public readonly _url: string | undefined,
    /** @internal */
    public readonly _callers: boolean,
    { secret, timeout = Duration.seconds(10) }: WebhookOptions,
  ) {
    const seconds = timeout.isUnresolved() ? undefined : timeout.toSeconds({ integral: false });
    if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= 1 && seconds <= 25)) {
      throw new InvalidInput({
        what: 'timeout of the webhook',
        got: `${seconds} s`,
        expected: 'whole seconds from 1 to 25',
        todo: 'receivers should answer first and work then',
      });
    }
    this._secret = secret;
    this._timeout = timeout;
  }
}
