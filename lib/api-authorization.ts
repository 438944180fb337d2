import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as cognito from 'aws-cdk-lib/aws-cognito';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { InvalidInput } from './private/problem';

/** Who may call an API, and by what it knows them. There is no way to leave it open. */
export class ApiAuthorization {
  /** Requests signed by somebody who was granted: `api.grantInvoke(role)`. Jobs belong to the user or role session that signed. */
  public static iam(): ApiAuthorization {
    return new ApiAuthorization(() => ({ authorizationType: apigateway.AuthorizationType.IAM }));
  }

  /**
   * Tokens of a Cognito user pool in the header `Authorization`. Jobs belong to the subject of the token.
   *
   * @param userPools whose tokens are good
   * @throws InvalidInput if there are none
   */
  public static cognito(userPools: cognito.IUserPool[]): ApiAuthorization {
    if (userPools.length === 0) {
      throw new InvalidInput({
        what: 'user pools of ApiAuthorization.cognito',
        got: 'none',
        expected: 'one or more',
        todo: 'say whose tokens are good',
      });
    }
    return new ApiAuthorization((scope) => ({
      authorizationType: apigateway.AuthorizationType.COGNITO,
      authorizer: new apigateway.CognitoUserPoolsAuthorizer(scope, 'Authorizer', { cognitoUserPools: userPools }),
    }));
  }

  /**
   * A Lambda authorizer of yours, which reads the header `Authorization`. Jobs belong to the `principalId` that it answers: it
   * must be another one for each caller.
   *
   * @param handler the function of the authorizer
   */
  public static lambda(handler: lambda.IFunction): ApiAuthorization {
    return new ApiAuthorization((scope) => ({
      authorizationType: apigateway.AuthorizationType.CUSTOM,
      authorizer: new apigateway.TokenAuthorizer(scope, 'Authorizer', { handler }),
    }));
  }

  /** Any other authorizer of API Gateway, made by you. */
  public static custom(authorizer: apigateway.IAuthorizer): ApiAuthorization {
    return new ApiAuthorization(() => ({
      authorizationType: authorizer.authorizationType ?? apigateway.AuthorizationType.CUSTOM,
      authorizer,
    }));
  }

  private constructor(private readonly bind: (scope: Construct) => AuthorizedMethods) {}

  /** @internal */
  public _bind(scope: Construct): AuthorizedMethods {
    return this.bind(scope);
  }
}

/**
 * The part of a method's options that says who may call it.
 *
 * @internal
 */
export interface AuthorizedMethods {
  readonly authorizationType: apigateway.AuthorizationType;
  readonly authorizer?: apigateway.IAuthorizer;
}
