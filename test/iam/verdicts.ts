import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** What became of a mutant. */
export interface Verdict {
  readonly kind: string;
  /** Whether its role was refused for want of it. */
  readonly refused: boolean;
  /** Which promises were not kept. */
  readonly broken: readonly string[];
}

interface Kept {
  readonly verdicts: readonly Verdict[];
  readonly unasked: readonly string[];
}

/** Whether a promise was broken, by a role that was refused for want of it. */
export const isKilled = ({ refused, broken }: Verdict): boolean => refused && broken.length > 0;

/** What is known so far, in a file: a run may be resumed. */
export class Verdicts {
  private readonly verdicts = new Map<string, Verdict>();
  private readonly never = new Set<string>();
  private readonly asked = new Set<string>();

  constructor(
    private readonly file: string,
    resume: boolean,
  ) {
    if (!resume || !existsSync(file)) return;
    const { verdicts, unasked } = readVerdicts(file);
    for (const verdict of verdicts) this.verdicts.set(verdict.kind, verdict);
    for (const kind of unasked) this.never.add(kind);
  }

  /** Whether nobody has seen yet what fails without it. */
  isOpen(kind: string): boolean {
    const verdict = this.verdicts.get(kind);
    return !(verdict && isKilled(verdict));
  }

  note(kind: string, isAsked: boolean): void {
    (isAsked ? this.asked : this.never).add(kind);
  }

  /** One that survives in an app may still be needed in another. */
  add(verdict: Verdict): void {
    if (this.isOpen(verdict.kind)) this.verdicts.set(verdict.kind, verdict);
    const kept: Kept = {
      verdicts: [...this.verdicts.values()],
      unasked: [...this.never].filter((kind) => !this.verdicts.has(kind) && !this.asked.has(kind)),
    };
    mkdirSync(dirname(this.file), { recursive: true });
    writeFileSync(this.file, `${JSON.stringify(kept, undefined, 1)}\n`);
  }
}

export const readVerdicts = (file: string): Kept => JSON.parse(readFileSync(file, 'utf8'));
