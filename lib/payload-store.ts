import { Annotations, Duration, Names, Size } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct, type IConstruct } from 'constructs';
import type { PayloadPlace, PayloadSpec } from './private/contract';
import { expirationRefusals, givenBucketRefusals, storeRefusals, userRefusals } from './private/payloads';
import { InvalidInput, type Problem } from './private/problem';
import { MESSAGE_LIFETIME_DAYS } from './private/sizing';

/** Properties of a `PayloadStore`. */
export interface PayloadStoreProps {
  /**
   * Bodies larger than this are stored, up to 1 MiB. What SQS or SNS would not take is stored in any case. SQS counts a
   * request for each 64 KiB: up to some 500 KiB it is cheaper than S3, and SNS takes no more than 256 KiB.
   * @default Size.kibibytes(256)
   * @see https://aws.amazon.com/sqs/pricing/
   */
  readonly threshold?: Size;

  /**
   * How long a body is kept, in whole days. At least as long as a message can live, or a dead letter has lost its body: 18
   * days, and as much longer as the archive of a topic that uses the store. What is left beyond that is for dead letters that
   * are sent back, and how far ahead messages with a stored body can be scheduled.
   * @default Duration.days(30)
   */
  readonly expiration?: Duration;

  /**
   * Customer-managed key for the bucket.
   * @default - encryption with a key of S3's own
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Store in a bucket of yours. Let it take TLS only and forget what is 18 days old or older.
   * @default - a bucket is made, and stays when the stack is deleted: dead letters may be worth more than the stack. It
   * empties itself
   */
  readonly bucket?: s3.IBucket;
}

const DEFAULT_THRESHOLD = Size.kibibytes(256);
const DEFAULT_EXPIRATION = Duration.days(30);

/**
 * Where the bodies of messages lie that are too large for SQS or SNS, or cheaper to keep than to carry. Give it to workers and
 * topics: what they are sent through `connectProducer` and `connectPublisher` travels as a pointer when it is large, and the
 * handler of a worker gets the body. Each worker and each topic has a prefix of its own; a worker reads its own and those of
 * the topics that deliver to it. The format is that of AWS's extended client libraries.
 *
 * @example
 * const payloadStore = new PayloadStore(this, 'Payloads');
 * const images = new AsyncWorker(this, 'Images', { handler: Handler.fromEntry('lambda/images.ts'), payloadStore });
 * images.connectProducer(api);
 */
export class PayloadStore extends Construct {
  /** Where the bodies lie. */
  public readonly bucket: s3.IBucket;

  private readonly threshold: number;
  /** Days, if they are known. */
  private readonly expiration?: number;

  /** @throws InvalidInput if a number is out of its bounds, or a prop is given that the given bucket decides */
  public constructor(scope: Construct, id: string, props: PayloadStoreProps = {}) {
    super(scope, id);
    const { threshold = DEFAULT_THRESHOLD, encryptionKey } = props;
    this.threshold = threshold.toBytes();
    this.refuse(storeRefusals(threshold.isUnresolved() ? undefined : this.threshold));
    if (props.bucket) {
      this.refuse(givenBucketRefusals(props));
      this.bucket = props.bucket;
      this.warnOfUnseen(props.bucket);
      return;
    }
    const expiration = props.expiration ?? DEFAULT_EXPIRATION;
    this.expiration = expiration.isUnresolved() ? undefined : expiration.toDays({ integral: false });
    this.refuse(expirationRefusals(this.expiration));
    this.bucket = new s3.Bucket(this, 'Bucket', {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      encryption: encryptionKey ? s3.BucketEncryption.KMS : s3.BucketEncryption.S3_MANAGED,
      encryptionKey,
      // A request to KMS for many bodies, not for each.
      ...(encryptionKey && { bucketKeyEnabled: true }),
      // No versions: a body is stored under its hash and never changes, and would outlive its expiration as an old version.
      lifecycleRules: [{ expiration, abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    });
  }

  /**
   * What the keys of the bodies begin with that were sent to a worker or a topic: derived from its path in the construct tree.
   *
   * @param receiver the worker or the topic
   */
  public prefixFor(receiver: IConstruct): string {
    // Not the path itself: that of a topic's worker begins with that of the topic.
    return `${Names.nodeUniqueId(receiver.node)}/`;
  }

  /**
   * Let somebody fetch bodies who is no worker: the consumer of a queue or the function that a topic delivers to, or a tool
   * for dead letters. Includes the key, when the bucket has one.
   *
   * @param receiver the worker or the topic that the messages were sent to
   */
  public grantRead(grantee: iam.IGrantable, receiver: IConstruct): iam.Grant {
    const grants = this._readStatements(receiver).map(({ actions, resources, conditions }) =>
      iam.Grant.addToPrincipal({ grantee, actions, resourceArns: resources, conditions }),
    );
    return grants.reduce((all, grant) => all.combine(grant));
  }

  /**
   * Let somebody store bodies who is not connected by `connectProducer` or `connectPublisher`. Includes the key, when the
   * bucket has one.
   *
   * @param receiver the worker or the topic that the messages are sent to
   */
  public grantWrite(grantee: iam.IGrantable, receiver: IConstruct): iam.Grant {
    const grant = iam.Grant.addToPrincipal({
      grantee,
      actions: ['s3:PutObject'],
      resourceArns: [this.objects(receiver)],
    });
    // Decrypt is what S3 asks for beside it when a client uploads in parts.
    return this.bucket.encryptionKey
      ? grant.combine(this.bucket.encryptionKey.grant(grantee, 'kms:GenerateDataKey', 'kms:Decrypt'))
      : grant;
  }

  /**
   * Refuses a user whose messages outlive their bodies.
   *
   * @param archive days for which the user can deliver again what it was sent
   * @internal
   */
  public _use(user: IConstruct, archive = 0): void {
    const [problem] = userRefusals(this.node.path, this.expiration, archive);
    if (problem) throw new InvalidInput(problem, user);
  }

  /** @internal */
  public _place(receiver: IConstruct): PayloadPlace {
    return { bucket: this.bucket.bucketName, prefix: this.prefixFor(receiver) };
  }

  /** @internal */
  public _spec(receiver: IConstruct): PayloadSpec {
    return {
      ...this._place(receiver),
      threshold: this.threshold,
      ...(this.expiration !== undefined && { maxWait: (this.expiration - MESSAGE_LIFETIME_DAYS) * 86_400 }),
    };
  }

  /**
   * What a reader may do.
   *
   * @internal
   */
  public _readStatements(receiver: IConstruct): PayloadStatement[] {
    const { bucketArn, encryptionKey } = this.bucket;
    return [
      { actions: ['s3:GetObject'], resources: [this.objects(receiver)] },
      {
        // Without it S3 answers 403 for an object that is gone, as if the permission to read it were missing: the message
        // would be tried until its attempts are spent, for a reason that misleads.
        actions: ['s3:ListBucket'],
        resources: [bucketArn],
        conditions: { StringLike: { 's3:prefix': `${this.prefixFor(receiver)}*` } },
      },
      ...(encryptionKey ? [{ actions: ['kms:Decrypt'], resources: [encryptionKey.keyArn] }] : []),
    ];
  }

  private objects(receiver: IConstruct): string {
    return this.bucket.arnForObjects(`${this.prefixFor(receiver)}*`);
  }

  private refuse([problem]: Problem[]): void {
    if (problem) throw new InvalidInput(problem, this);
  }

  private warnOfUnseen(bucket: s3.IBucket): void {
    if (bucket.node.defaultChild instanceof s3.CfnBucket) return;
    Annotations.of(this).addWarningV2(
      'cdk-async-patterns:importedBucket',
      `the policy, the key and the lifecycle of ${bucket.node.path} cannot be set or seen from here; see that it takes TLS ` +
        `only, that it keeps objects for ${MESSAGE_LIFETIME_DAYS} days at least, that a customer-managed key was given with ` +
        'it, and acknowledge this',
    );
  }
}

/** @internal */
export interface PayloadStatement {
  readonly actions: string[];
  readonly resources: string[];
  readonly conditions?: { [operator: string]: { [key: string]: string } };
}
