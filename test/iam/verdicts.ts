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

  /** Whether a kind has neither been tried nor is about to be. */
  ask(kind: string): boolean {
    if (this.asked.has(kind) || this.verdicts.has(kind)) return false;
    this.asked.add(kind);
    return true;
  }

  unasked(kind: string): void {
    this.never.add(kind);
  }

  add(verdict: Verdict): void {
    this.verdicts.set(verdict.kind, verdict);
    const kept: Kept = {
      verdicts: [...this.verdicts.values()],
      unasked: [...this.never].filter((kind) => !this.verdicts.has(kind) && !this.asked.has(kind)),
    };
    mkdirSync(dirname(this.file), { recursive: true });
    writeFileSync(this.file, `${JSON.stringify(kept, undefined, 1)}\n`);
  }
}

export const readVerdicts = (file: string): Kept => JSON.parse(readFileSync(file, 'utf8'));
