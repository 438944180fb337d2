import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';

export type SourceKind = 'kinesis' | 'dynamodb' | 'kafka';

/** What a source makes of its worker. */
export interface SourceBinding {
  readonly kind: SourceKind;
  /** What of the event source mapping is its own. */
  readonly mapping: lambda.EventSourceMappingOptions;
  /** What the function may do so that Lambda can read for it. */
  readonly statements: iam.PolicyStatement[];
  /** What reading records back takes. */
  readonly recovery: iam.PolicyStatement[];
  /** Seconds that the stream keeps a record, where that is known. */
  readonly retention?: number;
}
