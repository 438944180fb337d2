import type { APIGatewayProxyEvent } from 'aws-lambda/trigger/api-gateway-proxy';

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/**
 * Who calls, as API Gateway has established it: the subject of a Cognito token, the principal of a Lambda authorizer, the
 * identity of an identity pool, or the user or role session that has signed. Nothing if nobody is known.
 */
export function ownerOf({ requestContext }: Pick<APIGatewayProxyEvent, 'requestContext'>): string | undefined {
  const { authorizer, identity } = requestContext ?? {};
  const subject = text(authorizer?.claims?.sub);
  if (subject) return `cognito:${text(authorizer?.claims?.iss) ?? ''}#${subject}`;
  const principal = text(authorizer?.principalId);
  if (principal) return `principal:${principal}`;
  const pooled = text(identity?.cognitoIdentityId);
  if (pooled) return `identity:${pooled}`;
  const arn = text(identity?.userArn);
  return arn && `iam:${arn}`;
}
