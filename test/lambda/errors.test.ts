import { PermanentError, RetryAfter } from '../../lambda/runtime';
import { isPermanent, retryAfterSeconds } from '../../lambda/runtime/errors';

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

/** As another copy of this module makes it. */
const elsewhere = (name: string, more: object = {}) => ({ [Symbol.for(`cdk-async-patterns.${name}`)]: true, ...more });

test('errors carry their names, messages and causes into logs', () => {
  const cause = new Error('why');
  expect(String(new PermanentError('empty order', { cause }))).toBe('PermanentError: empty order');
  expect(new PermanentError('empty order', { cause }).cause).toBe(cause);
  expect(String(new RetryAfter({ seconds: 1 }))).toBe('RetryAfter: asked to be retried later');
  expect(String(new RetryAfter({ seconds: 1 }, 'busy'))).toBe('RetryAfter: busy');
  expect(new RetryAfter({ seconds: 1 }, 'busy', { cause }).cause).toBe(cause);
});

test.each<[object, number]>([
  [{}, 0],
  [{ seconds: 0 }, 0],
  [{ seconds: 0.5 }, 0.5],
  [{ hours: 1, minutes: 2, seconds: 3 }, 3723],
  [{ minutes: 1, seconds: -60 }, 0],
])('RetryAfter(%j) asks for %d s', (delay, seconds) => {
  expect(retryAfterSeconds(new RetryAfter(delay))).toBe(seconds);
});

test.each([{ seconds: -1 }, { hours: Number.NaN }, { minutes: 1, seconds: -61 }, { seconds: 'soon' as never }])(
  'RetryAfter(%j) is refused',
  (delay) => {
    expect(() => new RetryAfter(delay)).toThrow(
      new RangeError(`RetryAfter: got ${JSON.stringify(delay)}, expected a delay of 0 s or more`),
    );
  },
);

test('what another copy of the runtime throws counts', () => {
  expect(isPermanent(elsewhere('PermanentError'))).toBe(true);
  expect(retryAfterSeconds(elsewhere('RetryAfter', { seconds: 7 }))).toBe(7);
});

test.each<[string, object]>([
  ['before now', { seconds: -1 }],
  ['that is no number', { seconds: '7' }],
  [
    'that cannot be read',
    {
      get seconds() {
        throw new Error('no');
      },
    },
  ],
])('a RetryAfter that was changed to a time %s asks for none', (_, changes) => {
  const thrown = Object.defineProperties(elsewhere('RetryAfter'), Object.getOwnPropertyDescriptors(changes));
  expect(retryAfterSeconds(thrown)).toBeUndefined();
});

test.each([undefined, null, 0, '', 'PermanentError', Symbol('x'), new Error('x'), {}, () => {}, revoked()])(
  'other values say nothing (%#)',
  (thrown) => {
    expect(isPermanent(thrown)).toBe(false);
    expect(retryAfterSeconds(thrown)).toBeUndefined();
  },
);
