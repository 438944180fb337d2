// Only measured in bytes: what the helper adds to a handler that does nothing.
import { worker } from 'cdk-async-patterns/runtime';

export const handler = worker({ async process() {} });
