import type { IConstruct } from 'constructs';

/** What is wrong with an input, in the four parts that every message of ours has. */
export interface Problem {
  readonly what: string;
  readonly got: string | number;
  readonly expected: string;
  readonly todo: string;
}

export const problemText = ({ what, got, expected, todo }: Problem): string =>
  `${what}: got ${got}, expected ${expected}; ${todo}`;

/** Thrown at synth. Names the construct, where there is one. */
export class InvalidInput extends Error {
  constructor(problem: Problem, scope?: IConstruct) {
    super(scope ? `${scope.node.path}: ${problemText(problem)}` : problemText(problem));
    this.name = 'InvalidInput';
  }
}
