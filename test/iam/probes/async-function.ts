import { broken, type Unit } from '../world';

/** More than an asynchronous invocation takes. */
const LARGE = 1_500_000;

export const asyncFunctions: Unit = {
  stack: 'AsyncFunctions',
  fixture: 'async-function',
  start: async (world) => async (run) => {
    const job = (fate: string) => ({ id: `${run}-${fate}`, fate });
    const large = { id: `${run}-large`, fate: 'done' };
    await world.send(
      'CallerQueueUrl',
      { to: 'jobs', job: job('done') },
      { to: 'jobs', job: job('hopeless') },
      { to: 'jobs', job: job('fails') },
      { to: 'jobs', job: large, padding: LARGE },
      { to: 'announced', job: { id: `${run}-announced`, fate: 'fails' } },
      { to: 'celebrated', job: { id: `${run}-salvaged`, fate: 'hopeless' } },
    );
    const noted = (id: string) => () => world.row('LedgerTable', id);
    const dead = (fate: string) => () => world.dead('JobsDeadLetterQueueUrl', `${run}-${fate}`);
    return broken({
      'what is handed over is done': noted(`job#${run}-done`),
      'a large event is done': noted(`job#${run}-large`),
      'what can never be done is dead, with its reason': async () =>
        (await dead('hopeless')()).some(({ reason }) => reason === 'no such job'),
      'what fails at each attempt is dead': async () => (await dead('fails')()).length > 0,
      'a failure is told to the subscribers of a topic': noted(`heard#${run}-announced`),
      'what can never be done is told to another function': noted(`salvaged#${run}-salvaged`),
    });
  },
};
