import { handmadeWorker } from './l2';
import { entry } from './layout';
import { runSynth } from './run';

runSynth(() => {
  const { NodejsFunction } = require('aws-cdk-lib/aws-lambda-nodejs') as typeof import('aws-cdk-lib/aws-lambda-nodejs');
  return (stack, n, alarmTopic) =>
    handmadeWorker(
      stack,
      n,
      alarmTopic,
      (scope, id, props) => new NodejsFunction(scope, id, { ...props, entry: entry(n) }),
    );
});
