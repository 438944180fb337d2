import { Annotations, Duration, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { IdempotencySpec } from './private/contract';
import { InvalidInput } from './private/problem';

/** For how long keys are held and remembered. */
export interface IdempotencyOptions {
  /**
   * How long a key is remembered once its work is done, 1 year at most. A duplicate that comes later runs again.
   * @default Duration.days(7), longer than a message can lie in the queue
   */
  readonly retention?: Duration;

  /**
   * How long an attempt has its key for itself. A duplicate that comes meanwhile waits until then; one that comes later takes
   * over from an attempt that died.
   * @default - what is left of the invocation, and 30 seconds for clocks that differ
   */
  readonly leaseDuration?: Duration;
}

/**
 * Work with a key is done once, however often its message is delivered or sent. The handler says what the key is:
 * `idempotencyKey` of `worker` in `cdk-async-patterns/runtime`.
 */
export class Idempotency {
  /** Keep the keys in a table of the worker's own: on demand, with TTL and point-in-time recovery. */
  public static table(options: IdempotencyOptions = {}): Idempotency {
    return new Idempotency(undefined, options);
  }

  /**
   * Keep the keys in a table that you made, together with other workers': each has its own keys there.
   *
   * @param table its partition key is the text `pk`; let it forget by the TTL attribute `ttl`
   */
  public static shared(table: dynamodb.ITable, options: IdempotencyOptions = {}): Idempotency {
    return new Idempotency(table, options);
  }

  private readonly retention: Duration;
  private readonly leaseDuration?: Duration;

  private constructor(
    private readonly sharedTable: dynamodb.ITable | undefined,
    options: IdempotencyOptions,
  ) {
    this.retention = within('retention', options.retention ?? Duration.days(7), 60, 365 * 86_400);
    this.leaseDuration = options.leaseDuration && within('leaseDuration', options.leaseDuration, 1, 86_400);
  }

  /** @internal */
  public _bind(scope: Construct, encryptionKey?: kms.IKey): IdempotencyConfig {
    const table = this.sharedTable ?? ownTable(scope, encryptionKey);
    if (this.sharedTable) checkShared(scope, this.sharedTable);
    return {
      table,
      spec: {
        table: table.tableName,
        retention: this.retention.toSeconds(),
        ...(this.leaseDuration && { lease: this.leaseDuration.toSeconds() }),
      },
      statements: [
        new iam.PolicyStatement({
          // One BatchExecuteStatement is authorized statement by statement.
          actions: ['dynamodb:PartiQLInsert', 'dynamodb:PartiQLUpdate', 'dynamodb:PartiQLDelete'],
          resources: [table.tableArn],
        }),
        ...(table.encryptionKey
          ? [
              new iam.PolicyStatement({
                actions: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'],
                resources: [table.encryptionKey.keyArn],
              }),
            ]
          : []),
      ],
    };
  }
}

/** @internal */
export interface IdempotencyConfig {
  readonly table: dynamodb.ITable;
  readonly spec: IdempotencySpec;
  readonly statements: iam.PolicyStatement[];
}

const PARTITION_KEY = 'pk';

const ownTable = (scope: Construct, encryptionKey?: kms.IKey): dynamodb.Table =>
  new dynamodb.Table(scope, 'IdempotencyTable', {
    partitionKey: { name: PARTITION_KEY, type: dynamodb.AttributeType.STRING },
    billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
    timeToLiveAttribute: 'ttl',
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    encryptionKey,
  });

function within(name: string, duration: Duration, min: number, max: number): Duration {
  const seconds = duration.toSeconds({ integral: false });
  if (!duration.isUnresolved() && !(Number.isInteger(seconds) && seconds >= min && seconds <= max)) {
    throw new InvalidInput({
      what: `Idempotency ${name}`,
      got: `${seconds} s`,
      expected: `whole seconds from ${min} to ${max}`,
      todo: 'give a Duration within',
    });
  }
  return duration;
}

function checkShared(scope: Construct, table: dynamodb.ITable): void {
  const resource = table.node.defaultChild;
  if (!(resource instanceof dynamodb.CfnTable || resource instanceof dynamodb.CfnGlobalTable)) {
    Annotations.of(scope).addWarningV2(
      'cdk-async-patterns:importedTable',
      `the keys of ${table.node.path} cannot be seen from here; see that its partition key is the text ${PARTITION_KEY}, ` +
        'that it forgets by the TTL attribute ttl, and acknowledge this',
    );
    return;
  }
  const definitions: dynamodb.CfnTable.AttributeDefinitionProperty[] = Stack.of(table).resolve(
    resource.attributeDefinitions,
  );
  const schema: dynamodb.CfnTable.KeySchemaProperty[] = Stack.of(table).resolve(resource.keySchema);
  const types = new Map(definitions.map((it) => [it.attributeName, it.attributeType]));
  const keys = schema.map(({ attributeName }) => `${attributeName} (${types.get(attributeName)})`);
  if (keys.join() !== `${PARTITION_KEY} (S)`) {
    throw new InvalidInput(
      {
        what: 'key of the shared idempotency table',
        got: keys.join(' and '),
        expected: `${PARTITION_KEY} (S) alone`,
        todo: 'make the table so, or use Idempotency.table()',
      },
      scope,
    );
  }
}
