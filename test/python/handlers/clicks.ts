import { streamWorker } from 'cdk-async-patterns/runtime';

export const handler = streamWorker<{ page: string }>({
  process({ page }, { log }) {
    log.info('seen', { page });
  },
});
