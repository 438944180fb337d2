import type { BackoffSpec } from '../../lib/private/contract';

/**
 * Seconds until the next attempt after the `receiveCount`-th has failed. `random` is drawn from [0, 1).
 * Full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/): whole seconds of [0, bound].
 */
export function backoffSeconds(spec: BackoffSpec, receiveCount: number, random: number): number {
  const attempt = Math.max(1, receiveCount);
  // Finite, or no delay at all times infinite growth would be no number.
  const growth = Math.min(Number.MAX_VALUE, spec.factor ** (attempt - 1));
  const bound = Math.floor(Math.min(spec.max, spec.initial * growth));
  return spec.jitter ? Math.floor(random * (bound + 1)) : bound;
}
