import { Problem } from './problem';

/** What a function of ours has replied. @throws Problem if that is no object: it is another function, or of another version */
export function replyOf(path: string, payload: string): Record<string, unknown> {
  let reply: unknown;
  try {
    reply = JSON.parse(payload);
  } catch {}
  if (typeof reply === 'object' && reply !== null) return reply as Record<string, unknown>;
  throw new Problem(`${path}: got a reply that is none of its function; is it of another version?`);
}
