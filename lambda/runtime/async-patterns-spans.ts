// All that a worker needs only where OpenTelemetry is set up, in a file of its own.
export { Spans } from './spans';
