import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import type { Emulator } from '../../bin/local/emulator';
import { authorisationsIn } from '../../bin/local/enforced-iam/authorisations';
import { iam, textsOf } from '../../bin/local/iam';
import { listOf, type Permission } from './permissions';

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

interface Policy {
  readonly Statement: readonly Statement[];
}

const NOTHING = { Effect: 'Allow', Action: 'sts:GetCallerIdentity', Resource: '*' };

const plain = (xml: string): string =>
  xml
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&#39;|&apos;/g, "'")
    .replace(/&amp;/g, '&');

const readPolicy = (text: string): Policy => JSON.parse(text.startsWith('%') ? decodeURIComponent(text) : plain(text));

const matches = (pattern: string, resource: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*/g, '.*')
      .replace(/\?/g, '.')}$`,
  ).test(resource);

/** The policies of a deployed stack, which can be changed while it runs: what holds is the policy as it is at each call. */
export class Roles {
  private readonly originals = new Map<string, Policy>();

  private constructor(
    private readonly emulator: Emulator,
    private readonly physicalIds: ReadonlyMap<string, string>,
  ) {}

  static async of(emulator: Emulator, StackName: string): Promise<Roles> {
    const client = new CloudFormationClient(emulator.clientConfig);
    const ids = new Map<string, string>();
    for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName })) {
      for (const { LogicalResourceId, PhysicalResourceId } of StackResourceSummaries)
        ids.set(LogicalResourceId!, PhysicalResourceId!);
    }
    client.destroy();
    return new Roles(emulator, ids);
  }

  /** The name of the role that has a permission. */
  roleOf({ role }: Permission): string {
    return this.idOf(role);
  }

  /** Whether its role made a call that needs it, at all or with this answer since some moment. */
  async wasAsked(
    permission: Permission,
    { since = 0, allowed }: { since?: number; allowed?: boolean } = {},
  ): Promise<boolean> {
    const policy = await this.original(permission);
    const resources = listOf(policy.Statement[permission.statement]!.Resource);
    const role = this.roleOf(permission);
    return authorisationsIn(this.emulator.iamRecord!).some(
      (asked) =>
        asked.role === role &&
        asked.action === permission.action &&
        asked.at >= since &&
        (allowed === undefined || asked.allowed === allowed) &&
        resources.some((pattern) => matches(pattern, asked.resource)),
    );
  }

  async without(permission: Permission): Promise<void> {
    const { Statement, ...rest } = await this.original(permission);
    const left = Statement.flatMap((each, i) => {
      if (i !== permission.statement) return [each];
      const actions = listOf(each.Action).filter((action) => action !== permission.action);
      return actions.length > 0 ? [{ ...each, Action: actions }] : [];
    });
    // A policy has a statement at least: what everybody may do in any case.
    await this.put(permission, { ...rest, Statement: left.length > 0 ? left : [NOTHING] });
  }

  async restore(permission: Permission): Promise<void> {
    await this.put(permission, await this.original(permission));
  }

  private idOf(logicalId: string): string {
    const id = this.physicalIds.get(logicalId);
    if (id === undefined) throw new Error(`the stack has no ${logicalId}`);
    return id;
  }

  async original({ policy }: Permission): Promise<Policy> {
    const known = this.originals.get(policy);
    if (known) return known;
    const PolicyArn = this.idOf(policy);
    const [version] = textsOf(await iam(this.emulator, 'GetPolicy', { PolicyArn }), 'DefaultVersionId');
    const xml = await iam(this.emulator, 'GetPolicyVersion', { PolicyArn, VersionId: version! });
    const read = readPolicy(textsOf(xml, 'Document')[0]!);
    this.originals.set(policy, read);
    return read;
  }

  /** A new version; the one before goes, since there may be five. */
  private async put({ policy }: Permission, document: object): Promise<void> {
    const PolicyArn = this.idOf(policy);
    const [before] = textsOf(await iam(this.emulator, 'GetPolicy', { PolicyArn }), 'DefaultVersionId');
    await iam(this.emulator, 'CreatePolicyVersion', {
      PolicyArn,
      PolicyDocument: JSON.stringify(document),
      SetAsDefault: 'true',
    });
    await iam(this.emulator, 'DeletePolicyVersion', { PolicyArn, VersionId: before! });
  }
}
