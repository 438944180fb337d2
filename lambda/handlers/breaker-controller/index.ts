import {
  DynamoDBClient,
  GetItemCommand,
  type GetItemCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { GetEventSourceMappingCommand, LambdaClient, UpdateEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { BREAKER_ENV, type BreakerSpec } from '../../../lib/private/contract';
import type { Edge } from '../../runtime/edge';
import { jsonLoggers } from '../../runtime/log';
import { Controller, type MappingCalls } from './controller';

const { env } = process;
const spec = JSON.parse(env[BREAKER_ENV.spec] ?? '') as BreakerSpec;
const edge: Pick<Edge, 'env' | 'now' | 'write'> = {
  env,
  now: Date.now,
  write: (line) => {
    process.stdout.write(`${line}\n`);
  },
};
const dynamodb = new DynamoDBClient({ cacheMiddleware: true });
const lambda = new LambdaClient({ cacheMiddleware: true });

const hasName = (error: unknown, ...names: string[]): boolean => names.includes((error as Error)?.name);

const mappingCalls: MappingCalls = {
  async get(UUID) {
    try {
      const { State, ScalingConfig, ProvisionedPollerConfig } = await lambda.send(
        new GetEventSourceMappingCommand({ UUID }),
      );
      return {
        state: State ?? '',
        maxConcurrency: ScalingConfig?.MaximumConcurrency,
        provisioned: ProvisionedPollerConfig !== undefined,
      };
    } catch (error) {
      if (hasName(error, 'ResourceNotFoundException')) return undefined;
      throw error;
    }
  },
  async update(UUID, { enabled: Enabled, maxConcurrency }) {
    try {
      await lambda.send(
        new UpdateEventSourceMappingCommand({
          UUID,
          Enabled,
          // An empty one takes the limit away.
          ...(maxConcurrency !== undefined && {
            ScalingConfig: maxConcurrency === null ? {} : { MaximumConcurrency: maxConcurrency },
          }),
        }),
      );
      return true;
    } catch (error) {
      if (hasName(error, 'ResourceInUseException', 'ResourceConflictException')) return false;
      throw error;
    }
  },
};

const controller = new Controller({
  spec,
  mappings: JSON.parse(env[BREAKER_ENV.mappings] ?? '[]'),
  rowCalls: {
    getItem: (input: GetItemCommandInput, abortSignal) => dynamodb.send(new GetItemCommand(input), { abortSignal }),
    updateItem: (input: UpdateItemCommandInput, abortSignal) =>
      dynamodb.send(new UpdateItemCommand(input), { abortSignal }),
  },
  mappingCalls,
  log: jsonLoggers(edge)({ circuitBreaker: spec.name }).own,
  now: edge.now,
  write: edge.write,
});

/** Invoked by the table's stream, by a schedule, and by operators with `{ "action": "open" | "close" | "auto" | "status" }`. */
export const handler = (event: unknown) => controller.handle(event);
