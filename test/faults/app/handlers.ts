import { asyncFunction, streamWorker, worker } from 'cdk-async-patterns/runtime';
import { effect } from './effect';
import type { Work } from './work';

export const steps = worker<Work>({ process: (work, context) => effect('steps', work, context) });

export const documents = worker<Work>({ process: (work, context) => effect('documents', work, context) });

export const mails = worker<Work>({ process: (work, context) => effect('mails', work, context) });

export const renders = worker<Work>({
  async process(work, context) {
    await effect('jobs', work, context);
    return { rendered: work.id };
  },
});

export const audit = worker<Work>({ process: (work, context) => effect('audit', work, context) });

export const clicks = streamWorker<Work>({ process: (work, context) => effect('clicks', work, context) });

export const thumbnails = asyncFunction<Work>({ process: (work, context) => effect('thumbnails', work, context) });
