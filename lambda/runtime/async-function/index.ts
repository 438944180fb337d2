export { type AsyncFunctionHandler, type AsyncFunctionOptions, asyncFunction } from './async-function';
export type { AsyncFunctionContext } from './context';
export type { InvocationRecord } from './record';
