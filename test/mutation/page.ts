import { GOAL, type Judgement, type Score, scoreTable, survivorTable } from './report';

/** docs/mutation.md. */
export const page = (scores: readonly Score[], explained: Judgement['explained']): string => `# Mutation testing

\`npm run mutate\` changes the code of seven ideas in one place after another (a condition turned round, a block emptied, a text
lost) and runs the unit tests that reach it. What no test notices is a promise that nobody watches. Of each idea the tests
notice at least ${GOAL * 100} %; of the rest each is here, with why. A new survivor makes the command fail, and so does a reason whose mutant is
noticed by now.

${scoreTable(scores)}

Timeouts are noticed too: the mutant never ends. What a module does once when it is loaded is not mutated. Property tests run
fewer cases than in \`npm test\`, with a fixed seed; simulations of many seconds are left out. This page is written by the
command, from what [Stryker](https://stryker-mutator.io) reports.

${scores
  .map(({ idea, files }) => {
    const some = explained.filter(([mutant]) => mutant.idea === idea);
    const names = files.map((file) => `\`${file.replace(/^lambda\//, '')}\``).join(', ');
    return `## ${idea}\n\nOf \`lambda\`: ${names}.\n\n${some.length === 0 ? 'None survives.' : survivorTable(some)}`;
  })
  .join('\n\n')}
`;
