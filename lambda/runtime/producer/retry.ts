import type { BackoffSpec } from '../../../lib/private/contract';
import { backoffSeconds } from '../backoff';
import { describe } from '../describe';

/** What a refusal means for a message. */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
  /** Whether to try again. */
  readonly retry: boolean;
  /** Whether the message may have been accepted all the same. */
  readonly uncertain: boolean;
  /** Whether another message of the request may be to blame. */
  readonly shared: boolean;
  readonly cause?: unknown;
}

/** An entry of `Failed` in the reply to a batch, of SQS and of SNS. */
export interface FailedEntry {
  readonly Id: string | undefined;
  readonly Code: string | undefined;
  readonly Message?: string | undefined;
  readonly SenderFault: boolean | undefined;
}

/** Throttling is blamed on the sender, and passes all the same. */
const PASSING = /throttl|toomanyrequests|limitexceeded|slowdown|unavailable|internal/i;
/** What one message can bring upon the whole request. Refused credentials, or a queue that is none, are nobody's in particular. */
const CONTENT =
  /invalid(?!client|access|security|signature|address)|validat|toolong|toolarge|missingparameter|parametervalue/i;
/** Nothing was sent: there was nothing to sign it with. */
const UNSIGNED = 'CredentialsProviderError';

export const ofEntry = ({ Code, Message, SenderFault }: FailedEntry): Refusal => ({
  code: Code ?? 'Unknown',
  reason: Message ?? 'no reason given',
  retry: SenderFault !== true || PASSING.test(Code ?? ''),
  uncertain: false,
  shared: false,
});

export const UNANSWERED: Refusal = {
  code: 'NoAnswer',
  reason: 'the reply does not mention it',
  retry: true,
  uncertain: true,
  shared: false,
};

interface ServiceError {
  readonly $fault?: 'client' | 'server';
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** A request that failed whole, after the SDK's own attempts. */
export function ofRequest(error: unknown): Refusal {
  const { name, message } = describe(error);
  const { $fault, $metadata } = (typeof error === 'object' && error !== null ? error : {}) as ServiceError;
  const refused = $fault === 'client' && $metadata?.httpStatusCode !== 429 && !PASSING.test(name);
  return {
    code: name,
    reason: message,
    retry: !refused && name !== UNSIGNED,
    uncertain: $fault !== 'client' && name !== UNSIGNED,
    shared: refused && CONTENT.test(name),
    cause: error,
  };
}

/** How often a message is tried. */
export const MAX_ATTEMPTS = 5;

/** In milliseconds here. */
const BACKOFF: BackoffSpec = { initial: 100, max: 5_000, factor: 2, jitter: true };

/** Milliseconds to wait after so many attempts. */
export const restAfter = (attempts: number, random: number): number => backoffSeconds(BACKOFF, attempts, random);
