import { asyncFunction } from 'cdk-async-patterns/runtime';

export const handler = asyncFunction<{ image: string }>({ process: ({ image }) => ({ thumbnail: `${image}.small` }) });
