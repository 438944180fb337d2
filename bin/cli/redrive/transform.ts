import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Letter } from '../letter';
import { UsageProblem } from '../problem';

/** Makes of what a letter holds what is sent, or nothing to leave it. */
export type Transform = (content: string, letter: Letter) => Promise<string | undefined>;

/** What a module's function is told of a letter, beside what it holds. */
export interface TransformInfo {
  readonly id: string;
  readonly reason: string;
  readonly body: string;
  readonly groupId: string | undefined;
  readonly correlationId: string | undefined;
}

export type TransformFunction = (message: unknown, info: TransformInfo) => unknown;

const parsed = (content: string): unknown => {
  try {
    return JSON.parse(content);
  } catch {
    return content;
  }
};

/** A function of a message, parsed if it is JSON: text goes as it is, anything else as JSON; null and undefined leave the letter. */
export const transformOf =
  (fn: TransformFunction): Transform =>
  async (content, { id, reason, body, groupId, correlationId }) => {
    const made = await fn(parsed(content), { id, reason, body, groupId, correlationId });
    if (made === undefined || made === null) return undefined;
    return typeof made === 'string' ? made : JSON.stringify(made);
  };

/** The default export of a module. @throws UsageProblem if it has no function there */
export async function loadTransform(file: string): Promise<Transform> {
  let exported: unknown;
  try {
    const module = await import(pathToFileURL(resolve(file)).href);
    // That of a CommonJS module is its `module.exports`.
    exported = module.default?.default ?? module.default;
  } catch (error) {
    throw new UsageProblem(`--transform: ${file} cannot be loaded: ${(error as Error).message}`);
  }
  if (typeof exported !== 'function') {
    throw new UsageProblem(
      `--transform: got ${typeof exported} as the default export of ${file}, expected a function (message, info) => message`,
    );
  }
  return transformOf(exported as TransformFunction);
}
