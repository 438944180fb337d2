import { activeTraceparent } from '../../../lambda/runtime/producer/trace';

const API = Symbol.for('opentelemetry.js.api.1');

test('without OpenTelemetry there is no span', () => {
  expect(activeTraceparent()).toBeUndefined();
  expect(activeTraceparent({ [API]: {} })).toBeUndefined();
});

test('with OpenTelemetry it is the span that runs now, as its propagator writes it', () => {
  const telemetry = {
    context: { active: () => 'now' },
    propagation: {
      inject(context: unknown, carrier: object, { set }: { set(carrier: object, key: string, value: string): void }) {
        set(carrier, 'tracestate', 'x');
        if (context === 'now') set(carrier, 'traceparent', '00-a-b-01');
      },
    },
  };
  expect(activeTraceparent({ [API]: telemetry })).toBe('00-a-b-01');
});
