import { Duration, Lazy, Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { EVENT_LOG_ENV, type SubscriberSpec } from '../contract';
import { ownFunction } from '../own-function';
import { type ReplayResources, replayerStatements, subscriberStatement, USE_OF_KEY } from './statements';

export interface LogReplayerProps extends ReplayResources {
  readonly environment: { [key: string]: string };
  readonly encryptionKey?: kms.IKey;
}

/** The function that sends events again. A schedule has it go on with what is open, once a minute. */
export class LogReplayer extends Construct {
  readonly function: lambda.Function;
  private readonly subscribers: { [name: string]: SubscriberSpec } = {};
  private readonly permissions: iam.ManagedPolicy;
  private readonly keys = new Set<string>();
  private access?: iam.PolicyStatement;

  constructor(scope: Construct, id: string, props: LogReplayerProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const made = ownFunction(this, {
      code: 'event-log-replayer',
      description: 'Sends events of a log again to one subscriber',
      // The longest there is: a run ends before, and the next one goes on.
      timeout: Duration.minutes(15),
      memorySize: 512,
      encryptionKey: props.encryptionKey,
      statements: replayerStatements(props),
      environment: {
        ...props.environment,
        [EVENT_LOG_ENV.subscribers]: Lazy.string({ produce: () => stack.toJsonString(this.subscribers) }),
      },
    });
    this.function = made.function;
    this.permissions = made.permissions;
    new events.Rule(this, 'Schedule', {
      description: 'Has replays of an event log begin and go on',
      schedule: events.Schedule.rate(Duration.minutes(1)),
      targets: [
        new LambdaFunction(made.function, {
          event: events.RuleTargetInput.fromObject({ action: 'resume' }),
          // The next one comes in a minute.
          retryAttempts: 0,
        }),
      ],
    });
  }

  get size(): number {
    return Object.keys(this.subscribers).length;
  }

  serves(name: string, queue: sqs.IQueue, types: readonly string[] | undefined): void {
    this.subscribers[name] = { queueUrl: queue.queueUrl, ...(types && { types }) };
    if (this.access) this.access.addResources(queue.queueArn);
    else {
      this.access = subscriberStatement(queue.queueArn);
      this.permissions.addStatements(this.access);
    }
    const key = queue.encryptionMasterKey;
    if (key && !this.keys.has(key.node.path)) {
      this.keys.add(key.node.path);
      this.permissions.addStatements(new iam.PolicyStatement({ actions: USE_OF_KEY, resources: [key.keyArn] }));
    }
  }
}
