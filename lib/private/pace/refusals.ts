import type { Pace } from '../../pace';
import type { Problem } from '../problem';

/** What of a schedule cannot work. */
export function changeRefusals(pace: Pace, changes: readonly Pace[], hasBreaker: boolean): Problem[] {
  const problems: Problem[] = [];
  if (pace._spec.kind === 'closed') {
    problems.push({
      what: 'pace',
      got: 'Pace.closed()',
      expected: 'the pace while it is open',
      todo: 'give a rate or a concurrency, and close it in a schedule or through the controller',
    });
  }
  if (hasBreaker && changes.length > 0) {
    problems.push({
      what: 'schedule',
      got: 'a schedule and a circuit breaker',
      expected: 'one of them',
      todo: 'leave one out: each pauses the event source mapping, and one would resume what the other has paused',
    });
  }
  const other = changes.find(({ _spec: { kind }, _perTenant }) => {
    if (kind === 'closed') return false;
    return kind !== pace._spec.kind || _perTenant !== pace._perTenant;
  });
  if (other) {
    problems.push({
      what: 'schedule',
      got: `a ${other._spec.kind}${other._perTenant ? ' per tenant' : ''}`,
      expected: `a ${pace._spec.kind}${pace._perTenant ? ' per tenant' : ''} as the pace is, or Pace.closed()`,
      todo: 'change how much it is, not what it is',
    });
  }
  return problems;
}
