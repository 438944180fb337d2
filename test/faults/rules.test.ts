import { seededRandom } from '../../bin/local/random';
import { FAULTS, type Fault, faultOf, rulesOf, SERVICES } from './rules';

test('of the rules of a service, of which the first that fires counts, each meets its share of all requests', () => {
  for (const service of SERVICES) {
    const own = rulesOf(FAULTS).filter((rule) => rule.service === service);
    const random = seededRandom(1);
    const met = own.map(() => 0);
    const requests = 200_000;
    for (let i = 0; i < requests; i++) {
      const first = own.findIndex(({ probability }) => random() < probability);
      if (first >= 0) met[first]!++;
    }
    (Object.values(FAULTS) as number[]).forEach((share, i) => {
      expect(Math.abs(met[i]! / requests - share)).toBeLessThan(0.003);
    });
  }
});

test.each<[string, Fault | undefined]>([
  ['error:RequestThrottled', 'throttle'],
  ['reset', 'reset'],
  ['latency:312ms', 'latency'],
  ['timeout:5000ms', 'timeout'],
  ['response:abort:0B', 'lost reply'],
  ['something else', undefined],
])('%s is %s', (action, fault) => {
  expect(faultOf(action)).toBe(fault);
});
