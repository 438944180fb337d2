import { ENV } from '../../lib/private/contract';

export interface Contender {
  /** Directory of its `handlers`; missing: runtime. */
  readonly part?: string;
  /** Name of the handler's file there. */
  readonly file: string;
  readonly label: string;
  readonly env?: Record<string, string>;
  /** Most that its time a record may be, as a multiple of the floor's. */
  readonly goal?: number;
}

const LAMBDA = {
  AWS_REGION: 'eu-west-1',
  AWS_LAMBDA_FUNCTION_NAME: 'orders',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
};

/** The first is what the others are measured against. */
export const CONTENDERS: readonly Contender[] = [
  { file: 'floor', label: 'by hand' },
  { file: 'floor-equal', label: 'by hand + zod, log, metrics' },
  { file: 'ours', label: 'ours', goal: 1.1 },
  { file: 'ours-full', label: 'ours + zod, log, metrics', env: { [ENV.worker]: 'orders' }, goal: 2.5 },
  { file: 'powertools', label: 'Powertools batch' },
  { file: 'powertools-observed', label: 'Powertools batch + log, metrics' },
  { file: 'powertools-parser', label: 'Powertools batch + its parser' },
  { file: 'powertools-full', label: 'Powertools batch + parser (schema built once), log, metrics' },
  { file: 'middy', label: 'middy' },
];

export const environment = (contender: Contender): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  ...LAMBDA,
  ...contender.env,
});
