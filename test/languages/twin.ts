// What the apps in Go and Java are to synthesize.
import { App, Duration, Stack } from 'aws-cdk-lib';
import { AsyncWorker, Backoff, CircuitBreaker, Handler, Idempotency } from 'cdk-async-patterns';

const app = new App();
const stack = new Stack(app, 'Shop');
new AsyncWorker(stack, 'Orders', {
  handler: Handler.fromEntry('orders.ts'),
  timeout: Duration.seconds(20),
  backoff: Backoff.exponential({ initial: Duration.seconds(10) }),
  idempotency: Idempotency.table(),
  circuitBreaker: new CircuitBreaker(stack, 'Payments', { failureRatio: 0.2 }),
});
app.synth();
