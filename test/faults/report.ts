import type { Result } from './run';

export const markdown = (result: Result): string => JSON.stringify(result, null, 1);
