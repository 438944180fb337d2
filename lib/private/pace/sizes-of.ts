import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { LoadLevelingQueueProps } from '../../load-leveling-queue-props';
import { InvalidInput } from '../problem';
import { LAMBDA_DEFAULT_TIMEOUT } from '../worker-numbers';
import { changeRefusals } from './refusals';
import { type PaceSizes, paceSizes } from './sizes';

/** The numbers that follow from the props of a queue. Throws where they cannot work. */
export function sizesOf(scope: Construct, props: LoadLevelingQueueProps): PaceSizes {
  const { pace, schedule = [], timeout, handler } = props;
  const own = handler._function;
  const ownTimeout = own instanceof lambda.Function ? (own.timeout ?? LAMBDA_DEFAULT_TIMEOUT) : undefined;
  const known = timeout ?? ownTimeout;
  const changes = schedule.map((change) => change.pace);
  const [refusal] = changeRefusals(pace, changes, props.circuitBreaker !== undefined);
  const sizes =
    refusal ??
    paceSizes({
      pace: pace._spec,
      perTenant: pace._perTenant,
      changes: changes.map(({ _spec }) => _spec),
      batchSize: props.batchSize,
      maxConcurrency: props.maxConcurrency,
      timeout: known && !known.isUnresolved() ? known.toSeconds({ integral: false }) : undefined,
      hasOwnTimeout: own !== undefined || known !== undefined,
    });
  if ('what' in sizes) throw new InvalidInput(sizes, scope);
  return sizes;
}
