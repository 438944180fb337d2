import { worker } from 'cdk-async-patterns/runtime';

export const handler = worker({ async process() {} });
