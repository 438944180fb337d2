import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import type { Emulator } from '../emulator';
import type { Reference } from '../reference';
import type { Reading } from './load';

/** Puts them in one request, which keeps those of a sensor in their order. */
export async function putReadings(
  { clientConfig }: Emulator,
  { readingsStream }: Reference,
  readings: readonly Reading[],
): Promise<void> {
  const kinesis = new KinesisClient(clientConfig);
  const { FailedRecordCount } = await kinesis.send(
    new PutRecordsCommand({
      StreamName: readingsStream,
      Records: readings.map((reading) => ({
        PartitionKey: reading.sensor,
        Data: Buffer.from(JSON.stringify(reading)),
      })),
    }),
  );
  kinesis.destroy();
  if (FailedRecordCount !== 0) throw new Error(`the stream refused ${FailedRecordCount} readings`);
}
