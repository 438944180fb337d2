/** What can be said of a thrown value in a log line or a dead letter's reason. */
export interface Description {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}

const NO_JSON = ' is not valid JSON';

/** `JSON.parse` quotes what it was given, which a handler may have taken from a body. */
function unquoted(said: string): string {
  const end = said.lastIndexOf(NO_JSON);
  const start = said.indexOf('"');
  return end < 0 || start < 0 || start > end ? said : `${said.slice(0, start)}what it got${said.slice(end)}`;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Describes any thrown value. Never throws itself, whatever the value's getters do. */
export function describe(thrown: unknown): Description {
  try {
    if (typeof thrown === 'object' && thrown !== null) {
      const { name, message, stack } = thrown as Partial<Error>;
      return {
        name: text(name) ?? 'Error',
        message: unquoted(text(message) ?? 'an object without a message was thrown'),
        ...(text(stack) !== undefined && { stack: unquoted(stack as string) }),
      };
    }
    return { name: 'NonError', message: `${String(thrown)} was thrown` };
  } catch {
    return { name: 'Unreadable', message: 'what was thrown cannot be read' };
  }
}

/** `name: message`, without the name that says nothing. */
export const sentence = ({ name, message }: Description): string =>
  name === 'Error' || name === 'NonError' ? message : `${name}: ${message}`;
