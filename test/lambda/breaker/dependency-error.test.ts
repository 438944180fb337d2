import { DependencyError, isDependencyError } from '../../../lambda/runtime/breaker/dependency-error';

test('names what failed and keeps why', () => {
  const cause = new Error('ECONNREFUSED');
  const error = new DependencyError('payments', cause);
  expect([error.name, error.message, error.dependency, error.cause]).toEqual([
    'DependencyError',
    'payments failed',
    'payments',
    cause,
  ]);
  expect('cause' in new DependencyError('payments')).toBe(false);
});

test('is known across copies of the module, and nothing else is taken for it', () => {
  const copy = { [Symbol.for('cdk-async-patterns.DependencyError')]: true };
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  expect([new DependencyError('x'), copy].map(isDependencyError)).toEqual([true, true]);
  for (const other of [new Error('x'), undefined, null, 'x', 1, {}, proxy])
    expect(isDependencyError(other)).toBe(false);
});
