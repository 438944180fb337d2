import { type Effects, serveEffects } from './effects';

let effects: Effects;
afterEach(() => effects.close());

const ask = async (id: string, { key = id, pid = process.pid, fails = 0 } = {}): Promise<string> => {
  const response = await fetch(`${effects.url}/charges`, {
    method: 'POST',
    headers: { 'idempotency-key': key, 'x-process': `${pid}` },
    body: JSON.stringify({ id, key, fails, bad: false, characters: 0, receiveCount: 1 }),
  });
  return response.text();
};
/** Of a process that there is not: beyond what a system gives out. */
const NOBODY = 2 ** 30;

test('an effect fails as often as its message says, and then happens', async () => {
  effects = await serveEffects({ seed: 1, killRate: 0 });
  expect([await ask('a', { fails: 2 }), await ask('a', { fails: 2 }), await ask('a', { fails: 2 })]).toEqual([
    'failed',
    'failed',
    'done',
  ]);
  expect(effects.calls.get('charges')).toHaveLength(1);
});

test('one that happens again is explained by a death, and by nothing else', async () => {
  effects = await serveEffects({ seed: 1, killRate: 0 });
  await ask('a', { pid: NOBODY });
  await ask('a');
  await ask('a');
  expect(effects.calls.get('charges')!.map(({ unexplained }) => unexplained)).toEqual([false, false, true]);
});

test('while it is down nothing happens', async () => {
  effects = await serveEffects({ seed: 1, killRate: 0 });
  effects.down('charges');
  expect(await ask('a')).toBe('down');
  effects.down(undefined);
  expect(await ask('a')).toBe('done');
  expect(effects.refusals()).toBe(1);
});

test('the seed decides who is to die, before and after the effect', async () => {
  const run = async (seed: number) => {
    effects = await serveEffects({ seed, killRate: 0.1 });
    const answers: string[] = [];
    for (let i = 0; i < 100; i++) answers.push(await ask(`m${i}`));
    const { killings, calls } = effects;
    await effects.close();
    return { answers, killings: [...killings], calls: calls.get('charges')!.length };
  };
  const [first, same, other] = [await run(1), await run(1), await run(2)];
  expect(same).toEqual(first);
  expect(other.answers).not.toEqual(first.answers);
  const before = first.killings.filter(({ when }) => when === 'before').length;
  expect(before).toBeGreaterThan(0);
  expect(first.killings.length).toBeGreaterThan(before);
  // Who dies after it has had the effect.
  expect(first.calls).toBe(100 - before);
  effects = await serveEffects({ seed: 1, killRate: 0 });
});
