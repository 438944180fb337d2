export { lambdaContext } from './context';
export { type SqsEventOptions, type SqsMessage, sqsEvent } from './sqs-event';
export { maskAssets } from './template';
