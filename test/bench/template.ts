import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import recommended from 'aws-cdk-lib/recommended-feature-flags.json';
import { AsyncWorker, Handler } from 'cdk-async-patterns';
import { WORK } from './paths';
import { entry } from './synth/layout';
import type { Figure } from './table';

const GOAL = { resources: 12, bytes: 8_000 };

const template = (workers: number): { resources: number; bytes: number } => {
  const app = new App({ context: recommended, analyticsReporting: false, builtinCloudFormationValidation: false });
  const stack = new Stack(app, 'Orders');
  const alarmTopic = new Topic(stack, 'Alarms');
  for (let n = 0; n < workers; n++) {
    new AsyncWorker(stack, `Worker${n}`, { handler: Handler.fromEntry(join(WORK, entry(n))), alarmTopic });
  }
  const body = app.synth().getStackByName('Orders').template;
  return { resources: Object.keys(body.Resources).length, bytes: JSON.stringify(body).length };
};

/** What the second worker of a stack adds: alarms with an action and their runbooks are in it. */
export const templateFigures = (): Figure[] => {
  const one = template(1);
  const two = template(2);
  return (['resources', 'bytes'] as const).map((unit) => ({
    area: 'Template, a worker',
    id: `template/${unit}`,
    what: 'ours, with an alarm topic',
    measured: two[unit] - one[unit],
    unit,
    goal: { measured: GOAL[unit] },
  }));
};
