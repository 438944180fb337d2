/** Mutants that no test notices, and why that is no matter. Known by their text, so that they may move. */
export interface Survivor {
  readonly why: string;
  readonly file: string;
  /** What stands there, and what the mutant puts there instead. */
  readonly mutants: readonly (readonly [mutated: string, replacement: string])[];
}

export const SURVIVORS: readonly Survivor[] = [];
