import { StartingPosition } from 'aws-cdk-lib/aws-lambda';

export interface Start {
  readonly startingPosition?: StartingPosition;
  readonly startingPositionTimestamp?: Date;
}

/** From the oldest record there is, unless something else is asked for: what comes while a mapping is being made is not missed. */
export const startOf = ({ startingPosition, startingPositionTimestamp }: Start) => ({
  startingPosition:
    startingPosition ?? (startingPositionTimestamp ? StartingPosition.AT_TIMESTAMP : StartingPosition.TRIM_HORIZON),
  ...(startingPositionTimestamp && { startingPositionTimestamp: startingPositionTimestamp.getTime() / 1000 }),
});
