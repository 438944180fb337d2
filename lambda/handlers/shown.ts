const MAX = 100;

/** What somebody asked for, as an error repeats it: not more than one reads. */
export function shown(value: unknown): string {
  try {
    const text = JSON.stringify(value) ?? 'none';
    return text.length > MAX ? `${text.slice(0, MAX)}…` : text;
  } catch {
    return 'what cannot be shown';
  }
}
