import { Annotations, Token } from 'aws-cdk-lib';
import { CfnEventSourceMapping, type EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { type Problem, problemText } from '../problem';
import type { SourceBinding } from './source';

/** Looks at the mapping as it is in the template, after overrides and aspects: there a record can be lost without a word. */
export function checkMapping(worker: Construct, mapping: EventSourceMapping, source: SourceBinding): void {
  const resource = mapping.node.defaultChild;
  if (!(resource instanceof CfnEventSourceMapping)) return;
  worker.node.addValidation({
    validate: () => {
      if (resource.enabled === false) {
        const disabled: Problem = {
          what: 'event source mapping',
          got: 'enabled: false',
          expected: 'enabled',
          todo: 'enable it, or acknowledge this while the worker is stopped on purpose; records leave the stream meanwhile',
        };
        Annotations.of(mapping).addWarningV2('cdk-async-patterns:mappingDisabled', problemText(disabled));
      }
      return problemsOf(resource, source).map((problem) => `${worker.node.path}: ${problemText(problem)}`);
    },
  });
}

function problemsOf(mapping: CfnEventSourceMapping, { retention }: SourceBinding): Problem[] {
  const { functionResponseTypes, destinationConfig, maximumRecordAgeInSeconds: age } = mapping;
  const problems: Problem[] = [];
  if (!Token.isUnresolved(functionResponseTypes) && !functionResponseTypes?.includes('ReportBatchItemFailures')) {
    problems.push({
      what: 'functionResponseTypes of the event source mapping',
      got: functionResponseTypes?.join() || 'none',
      expected: 'ReportBatchItemFailures',
      todo: 'keep it: without it Lambda ignores which records failed, and moves past them',
    });
  }
  if (destinationConfig === undefined) {
    problems.push({
      what: 'destinationConfig of the event source mapping',
      got: 'none',
      expected: 'the queue that the worker made',
      todo: 'keep it: without it what Lambda gives up is lost',
    });
  }
  if (typeof age === 'number' && !Token.isUnresolved(age) && retention !== undefined && (age < 0 || age >= retention)) {
    problems.push({
      what: 'maximumRecordAgeInSeconds of the event source mapping',
      got: age,
      expected: `less than the stream keeps a record, ${retention}`,
      todo: 'set it through maxRecordAge of the worker',
    });
  }
  return problems;
}
