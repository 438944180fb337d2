// Whoever may send a message writes what an operator reads of it: it must not move the cursor, colour the terminal, or pass
// for other lines. Control characters, and those that turn the direction of writing.
const CONTROLS = /[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu;
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escaped = (character: string): string =>
  ESCAPES[character] ?? `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`;

/** A text on one line, with what a terminal would act on written as JSON writes it. In JSON it stays what it is. */
export const printable = (text: unknown): string => String(text).replace(CONTROLS, escaped);

/** The same of lines. */
export const printableLines = (text: unknown): string => String(text).split('\n').map(printable).join('\n');
