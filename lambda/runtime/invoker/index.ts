export type { FunctionConnection } from '../producer/connection';
export { invoker } from './invoker';
export type { Invoked, InvokeOptions, Invoker } from './types';
