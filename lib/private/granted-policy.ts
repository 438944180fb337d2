import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/**
 * A role's principal whose grants end in a managed policy of their own, which comes into being with the first of them: so
 * what the user grants neither mixes with our permissions nor becomes an inline policy, which auditors flag.
 */
export class GrantedPolicy implements iam.IPrincipal {
  readonly grantPrincipal: iam.IPrincipal = this;
  readonly assumeRoleAction: string;
  readonly policyFragment: iam.PrincipalPolicyFragment;
  readonly principalAccount: string | undefined;
  private policy?: iam.ManagedPolicy;

  constructor(
    private readonly scope: Construct,
    private readonly id: string,
    private readonly role: iam.Role,
  ) {
    this.assumeRoleAction = role.assumeRoleAction;
    this.policyFragment = role.policyFragment;
    this.principalAccount = role.principalAccount;
  }

  /** The policy, once there is one. */
  get policies(): iam.ManagedPolicy[] {
    return this.policy ? [this.policy] : [];
  }

  addToPrincipalPolicy(statement: iam.PolicyStatement): iam.AddToPrincipalPolicyResult {
    this.policy ??= new iam.ManagedPolicy(this.scope, this.id, { roles: [this.role] });
    this.policy.addStatements(statement);
    return { statementAdded: true, policyDependable: this.policy };
  }
}
