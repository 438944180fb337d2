import { jsonLoggers } from '../../runtime/log';
import { host } from '../host';

export const required = (name: string): string => {
  const value = host.env[name];
  if (value === undefined)
    throw new Error(`environment variable ${name}: got none, expected what the construct writes`);
  return value;
};

export const logger = (log: string) => jsonLoggers(host)({ eventLog: log }).own;
