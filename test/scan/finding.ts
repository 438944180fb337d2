export type Tool = 'cdk-nag' | 'cfn-lint' | 'checkov';

/** What a template was synthesized with. */
export interface Combination {
  /** Version of aws-cdk-lib. */
  readonly cdk: string;
  /** Feature flags. */
  readonly flags: 'none' | 'recommended';
}

export interface Template {
  /** Of its stack. */
  readonly name: string;
  /** All that gave this very template. */
  readonly combinations: readonly Combination[];
  readonly path: string;
  /** Every opt-in property is set: what an opt-in is said to take to zero must be at zero here. */
  readonly optIn: boolean;
}

export const labelOf = ({ cdk, flags }: Combination): string => (flags === 'none' ? cdk : `${cdk} with flags`);

export interface Finding {
  readonly tool: Tool;
  /** Without the name of a pack: many packs share a rule. */
  readonly rule: string;
  readonly packs: readonly string[];
  readonly template: Template;
  /** Logical id of the resource. */
  readonly resource: string;
  readonly resourceType: string;
  readonly message: string;
}

/** The resource types of a template by logical id. */
export const typesOf = (template: { Resources?: Record<string, { Type: string }> }): Map<string, string> =>
  new Map(Object.entries(template.Resources ?? {}).map(([id, { Type }]) => [id, Type]));
