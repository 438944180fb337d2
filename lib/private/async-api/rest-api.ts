import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { ApiAuthorization } from '../../api-authorization';

export interface JobsRestApiProps {
  readonly description: string;
  readonly door: lambda.IFunction;
  readonly authorization: ApiAuthorization;
  readonly rateLimit: number;
  readonly burstLimit: number;
  readonly cloudWatchRole: boolean;
  readonly encryptionKey?: kms.IKey;
}

export interface JobsRestApi {
  readonly api: apigateway.RestApi;
  readonly accessLogGroup: logs.LogGroup;
  readonly methods: apigateway.Method[];
}

const { contextRequestId, contextIdentitySourceIp, contextRequestTime, contextHttpMethod, contextResourcePath } =
  apigateway.AccessLogField;

/** One JSON line a request: who, what, how it went and how long it took. No query, no header, no body. */
const ACCESS_LOG = apigateway.AccessLogFormat.custom(
  JSON.stringify({
    requestId: contextRequestId(),
    time: contextRequestTime(),
    ip: contextIdentitySourceIp(),
    caller: apigateway.AccessLogField.contextIdentityUserArn(),
    principal: apigateway.AccessLogField.contextAuthorizerPrincipalId(),
    method: contextHttpMethod(),
    resource: contextResourcePath(),
    status: apigateway.AccessLogField.contextStatus(),
    latency: apigateway.AccessLogField.contextResponseLatency(),
    responseLength: apigateway.AccessLogField.contextResponseLength(),
    error: apigateway.AccessLogField.contextErrorMessage(),
  }),
);

/** The REST API of jobs: three methods, all authorized, throttled, logged and traced. */
export function jobsRestApi(scope: Construct, props: JobsRestApiProps): JobsRestApi {
  const { door, rateLimit, burstLimit, encryptionKey } = props;
  const accessLogGroup = new logs.LogGroup(scope, 'AccessLogs', {
    retention: logs.RetentionDays.ONE_MONTH,
    encryptionKey,
  });
  const api = new apigateway.RestApi(scope, 'Api', {
    description: props.description,
    endpointConfiguration: { types: [apigateway.EndpointType.REGIONAL] },
    cloudWatchRole: props.cloudWatchRole,
    deployOptions: {
      stageName: 'prod',
      throttlingRateLimit: rateLimit,
      throttlingBurstLimit: burstLimit,
      accessLogDestination: new apigateway.LogGroupLogDestination(accessLogGroup),
      accessLogFormat: ACCESS_LOG,
      loggingLevel: apigateway.MethodLoggingLevel.ERROR,
      dataTraceEnabled: false,
      tracingEnabled: true,
      metricsEnabled: true,
    },
  });
  // An output is the stack's to make.
  api.node.tryRemoveChild('Endpoint');
  // What API Gateway refuses by itself speaks as the door does.
  for (const [id, type] of [
    ['Refused', apigateway.ResponseType.DEFAULT_4XX],
    ['Failed', apigateway.ResponseType.DEFAULT_5XX],
  ] as const) {
    api.addGatewayResponse(id, {
      type,
      responseHeaders: { 'Content-Type': "'application/problem+json'" },
      templates: {
        'application/json': '{"type":"about:blank","title":$context.error.messageString}',
      },
    });
  }
  const options: apigateway.MethodOptions = {
    ...props.authorization._bind(scope),
    requestValidator: api.addRequestValidator('Validator', {
      validateRequestBody: true,
      validateRequestParameters: true,
    }),
  };
  const integration = new apigateway.LambdaIntegration(door, { allowTestInvoke: false });
  const jobs = api.root.addResource('jobs');
  const job = jobs.addResource('{id}');
  const ofJob = { ...options, requestParameters: { 'method.request.path.id': true } };
  return {
    api,
    accessLogGroup,
    methods: [
      jobs.addMethod('POST', integration, options),
      job.addMethod('GET', integration, {
        ...ofJob,
        requestParameters: { ...ofJob.requestParameters, 'method.request.querystring.wait': false },
      }),
      job.addMethod('DELETE', integration, ofJob),
    ],
  };
}
