import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { StreamWorkerProps } from '../../stream-worker';
import type { StreamNumbers } from './numbers';
import { destination } from './recovery';
import type { SourceBinding } from './source';

type Given = Pick<StreamWorkerProps, 'maxBatchingWindow' | 'parallelizationFactor' | 'tumblingWindow' | 'filters'>;

export interface StreamMappingProps extends Given {
  readonly fn: lambda.IFunction;
  readonly source: SourceBinding;
  readonly numbers: StreamNumbers;
  readonly onFailureQueue: sqs.IQueue;
}

/** What hands records to the function: partial batches, splitting, bounded retries and age, and where the given up goes. */
export function streamMapping(scope: Construct, id: string, props: StreamMappingProps): lambda.EventSourceMapping {
  const { fn, source, numbers, onFailureQueue } = props;
  const { maxRecordAge } = numbers;
  const mapping = new lambda.EventSourceMapping(scope, id, {
    target: fn,
    ...source.mapping,
    batchSize: numbers.batchSize,
    maxBatchingWindow: props.maxBatchingWindow,
    parallelizationFactor: props.parallelizationFactor,
    tumblingWindow: props.tumblingWindow,
    filters: props.filters,
    reportBatchItemFailures: true,
    bisectBatchOnError: true,
    retryAttempts: numbers.retryAttempts,
    // The L2 compares a token with its bounds.
    maxRecordAge: maxRecordAge.isUnresolved() ? undefined : maxRecordAge,
    onFailure: destination(onFailureQueue),
  });
  if (maxRecordAge.isUnresolved()) {
    (mapping.node.defaultChild as lambda.CfnEventSourceMapping).maximumRecordAgeInSeconds = maxRecordAge.toSeconds();
  }
  return mapping;
}
