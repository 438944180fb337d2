import { SourceAccessConfigurationType } from 'aws-cdk-lib/aws-lambda';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';

/**
 * How Lambda proves to a cluster of Kafka who it is.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/msk-cluster-auth.html
 */
export class KafkaAuthentication {
  /** The role of the function. MSK only. */
  public static iam(): KafkaAuthentication {
    return new KafkaAuthentication('iam', undefined, undefined, true, false);
  }

  /** SASL/SCRAM with SHA-512. The secret has `username` and `password`. */
  public static scram512(secret: ISecret): KafkaAuthentication {
    return new KafkaAuthentication('scram512', SourceAccessConfigurationType.SASL_SCRAM_512_AUTH, secret, true, true);
  }

  /** SASL/SCRAM with SHA-256. The secret has `username` and `password`. Not with MSK. */
  public static scram256(secret: ISecret): KafkaAuthentication {
    return new KafkaAuthentication('scram256', SourceAccessConfigurationType.SASL_SCRAM_256_AUTH, secret, false, true);
  }

  /** SASL/PLAIN over TLS. The secret has `username` and `password`. Not with MSK. */
  public static plain(secret: ISecret): KafkaAuthentication {
    return new KafkaAuthentication('plain', SourceAccessConfigurationType.BASIC_AUTH, secret, false, true);
  }

  /** Mutual TLS. The secret has `certificate`, `privateKey` and, for an encrypted key, `privateKeyPassword`. */
  public static mutualTls(secret: ISecret): KafkaAuthentication {
    return new KafkaAuthentication(
      'mutualTls',
      SourceAccessConfigurationType.CLIENT_CERTIFICATE_TLS_AUTH,
      secret,
      true,
      true,
    );
  }

  /**
   * As its factory is called.
   *
   * @internal
   */
  public readonly _name: string;

  /**
   * What the event source mapping calls it; the role of the function needs no entry there.
   *
   * @internal
   */
  public readonly _type: SourceAccessConfigurationType | undefined;

  /** @internal */
  public readonly _secret: ISecret | undefined;

  /**
   * Whether MSK knows it.
   *
   * @internal
   */
  public readonly _onMsk: boolean;

  /**
   * Whether clusters of one's own know it.
   *
   * @internal
   */
  public readonly _selfManaged: boolean;

  private constructor(
    name: string,
    type: SourceAccessConfigurationType | undefined,
    secret: ISecret | undefined,
    onMsk: boolean,
    selfManaged: boolean,
  ) {
    this._name = name;
    this._type = type;
    this._secret = secret;
    this._onMsk = onMsk;
    this._selfManaged = selfManaged;
  }
}
