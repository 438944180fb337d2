import type { LambdaClient } from '@aws-sdk/client-lambda';
import { isChanging, isSo, isStopped, mappingCalls } from '../../../lambda/handlers/mapping';

/** Lambda, that answers with the same whatever it is asked. */
const lambda = (answer: () => unknown) => {
  const asked: unknown[] = [];
  const send = async (command: { constructor: { name: string }; input: unknown }) => {
    asked.push([command.constructor.name, command.input]);
    return answer();
  };
  return { asked, calls: mappingCalls({ send } as unknown as LambdaClient) };
};
const failing = (name: string) => () => {
  throw Object.assign(new Error('no'), { name });
};

describe('what Lambda says of a mapping', () => {
  test.each<[object, object]>([
    [
      { State: 'Enabled', ScalingConfig: { MaximumConcurrency: 7 } },
      { state: 'Enabled', maxConcurrency: 7, provisioned: false },
    ],
    [
      { State: 'Disabled', ScalingConfig: {} },
      { state: 'Disabled', maxConcurrency: undefined, provisioned: false },
    ],
    [
      { State: 'Enabled', ProvisionedPollerConfig: { MinimumPollers: 2 } },
      { state: 'Enabled', maxConcurrency: undefined, provisioned: true },
    ],
    [{}, { state: '', maxConcurrency: undefined, provisioned: false }],
  ])('%j', async (answer, mapping) => {
    const { asked, calls } = lambda(() => answer);
    expect(await calls.get('a')).toEqual(mapping);
    expect(asked).toEqual([['GetEventSourceMappingCommand', { UUID: 'a' }]]);
  });

  test('is nothing if there is none, and an error is passed on', async () => {
    expect(await lambda(failing('ResourceNotFoundException')).calls.get('a')).toBeUndefined();
    await expect(lambda(failing('TooManyRequestsException')).calls.get('a')).rejects.toThrow('no');
  });
});

describe('a change of a mapping', () => {
  test.each<[{ enabled: boolean; maxConcurrency?: number | null }, object]>([
    [{ enabled: false }, { UUID: 'a', Enabled: false }],
    [
      { enabled: true, maxConcurrency: 2 },
      { UUID: 'a', Enabled: true, ScalingConfig: { MaximumConcurrency: 2 } },
    ],
    [
      { enabled: true, maxConcurrency: null },
      { UUID: 'a', Enabled: true, ScalingConfig: {} },
    ],
  ])('to %j', async (settings, input) => {
    const { asked, calls } = lambda(() => ({}));
    expect(await calls.update('a', settings)).toBe(true);
    expect(asked).toEqual([['UpdateEventSourceMappingCommand', input]]);
  });

  test.each(['ResourceInUseException', 'ResourceConflictException'])('is not taken on %s', async (name) => {
    expect(await lambda(failing(name)).calls.update('a', { enabled: true })).toBe(false);
  });

  test('that fails otherwise passes the error on, whatever it is', async () => {
    await expect(lambda(failing('AccessDeniedException')).calls.update('a', { enabled: true })).rejects.toThrow('no');
    const nothing = lambda(() => Promise.reject(undefined));
    await expect(nothing.calls.update('a', { enabled: true })).rejects.toBeUndefined();
  });
});

test.each<[string, boolean, boolean]>([
  ['Enabled', false, false],
  ['Disabled', false, true],
  ['Disabling', true, true],
  ['Deleting', true, true],
  ['Enabling', true, false],
  ['Creating', true, false],
  ['Updating', true, false],
])('%s is changing: %s, and on its way to stand still: %s', (state, changing, stopped) => {
  expect(isChanging({ state, provisioned: false })).toBe(changing);
  expect(isStopped({ state, provisioned: false })).toBe(stopped);
});

test.each<[string, number | undefined, { enabled: boolean; maxConcurrency?: number | null }, boolean]>([
  ['Enabled', 7, { enabled: true }, true],
  ['Enabled', 7, { enabled: true, maxConcurrency: 7 }, true],
  ['Enabled', 7, { enabled: true, maxConcurrency: 2 }, false],
  ['Enabled', 7, { enabled: true, maxConcurrency: null }, false],
  ['Enabled', undefined, { enabled: true, maxConcurrency: null }, true],
  ['Enabled', undefined, { enabled: false }, false],
  ['Disabled', undefined, { enabled: false }, true],
  ['Disabled', undefined, { enabled: true }, false],
  ['Enabling', undefined, { enabled: true }, false],
])('%s with concurrency %s is as %j asks: %s', (state, maxConcurrency, settings, expected) => {
  expect(isSo({ state, maxConcurrency, provisioned: false }, settings)).toBe(expected);
});
