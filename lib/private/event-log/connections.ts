import { Lazy } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import { CONNECTION_ENV, variableName } from '../contract';
import { granteeOf, tell } from '../fan-out/connect';
import { APPEND, READ, USE_OF_KEY } from './statements';

export interface LogTables {
  readonly events: dynamodb.Table;
  readonly snapshots: dynamodb.Table;
  readonly replays: dynamodb.Table;
}

/** What a function may do, beyond reading, under one name of a connection. */
interface Access {
  writes?: boolean;
  replays?: boolean;
}

export function grantOn(grantee: iam.IGrantable, table: dynamodb.Table, ...actions: string[]): iam.Grant {
  table.encryptionKey?.grant(grantee, ...USE_OF_KEY);
  return iam.Grant.addToPrincipal({ grantee, actions, resourceArns: [table.tableArn] });
}

/** The functions that use a log. */
export class LogConnections {
  private readonly accesses = new Map<string, Access>();

  constructor(
    private readonly owner: IConstruct,
    private readonly tables: LogTables,
  ) {}

  writer(fn: lambda.IFunction, name: string | undefined): void {
    const { events, snapshots } = this.tables;
    const grantee = this.connect(fn, name, { writes: true });
    if (!grantee) return;
    grantOn(grantee, events, ...APPEND, ...READ);
    grantOn(grantee, snapshots, 'dynamodb:GetItem', 'dynamodb:PutItem');
  }

  reader(fn: lambda.IFunction, name: string | undefined): void {
    const { events, snapshots } = this.tables;
    const grantee = this.connect(fn, name, {});
    if (!grantee) return;
    grantOn(grantee, events, ...READ);
    grantOn(grantee, snapshots, 'dynamodb:GetItem');
  }

  replayer(fn: lambda.IFunction, name: string | undefined): void {
    const grantee = this.connect(fn, name, { replays: true });
    if (!grantee) return;
    grantOn(grantee, this.tables.replays, 'dynamodb:PutItem', 'dynamodb:GetItem', 'dynamodb:UpdateItem');
  }

  /** The variable tells all that the function may: it may be connected more than once under one name. */
  private connect(fn: lambda.IFunction, name: string | undefined, added: Access): iam.IGrantable | undefined {
    const { events, snapshots, replays } = this.tables;
    const key = `${fn.node.addr} ${variableName(name ?? this.owner.node.id)}`;
    const access = Object.assign(this.accesses.get(key) ?? {}, added);
    this.accesses.set(key, access);
    tell(this.owner, fn, CONNECTION_ENV.log, name, {
      table: events.tableName,
      snapshots: snapshots.tableName,
      savesSnapshots: Lazy.any({ produce: () => access.writes }),
      replays: Lazy.any({ produce: () => (access.replays ? replays.tableName : undefined) }),
    });
    return granteeOf(fn);
  }
}
