import { LambdaClient, paginateListFunctions, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import type { Emulator } from '../../bin/local/emulator';

/**
 * Lays the proxy between the functions and the emulator: all that they call, and all queues that they know by their address. The
 * app itself knows nothing of it. Returns the names of the functions.
 */
export async function routeFunctions(emulator: Emulator, proxy: string): Promise<string[]> {
  const client = new LambdaClient(emulator.clientConfig);
  const names: string[] = [];
  try {
    for await (const { Functions = [] } of paginateListFunctions({ client }, {})) {
      for (const { FunctionName, Environment } of Functions) {
        const own = Object.entries(Environment?.Variables ?? {}).map(([name, value]) => [
          name,
          value.replaceAll(emulator.endpoint, proxy),
        ]);
        const Variables = { ...Object.fromEntries(own), AWS_ENDPOINT_URL: proxy };
        await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
        names.push(FunctionName!);
      }
    }
  } finally {
    client.destroy();
  }
  return names;
}
