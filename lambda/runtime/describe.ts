/** What can be said of a thrown value in a log line or a dead letter's reason. */
export interface Description {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Describes any thrown value. Never throws itself, whatever the value's getters do. */
export function describe(thrown: unknown): Description {
  try {
    if (typeof thrown === 'object' && thrown !== null) {
      const { name, message, stack } = thrown as Partial<Error>;
      return {
        name: text(name) ?? 'Error',
        message: text(message) ?? 'an object without a message was thrown',
        ...(text(stack) !== undefined && { stack: stack as string }),
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
