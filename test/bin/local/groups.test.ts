import { outOfOrder } from '../../../bin/local/groups';

describe('outOfOrder', () => {
  const groups = new Map([
    ['g', ['a', 'b', 'c']],
    ['h', ['x', 'y']],
  ]);

  it.each([
    ['all in order', ['a', 'x', 'b', 'y', 'c']],
    ['one that never came', ['a', 'c', 'y']],
    ['a batch that came twice', ['a', 'b', 'a', 'b', 'c']],
    ['members of no group', ['z', 'a', 'q', 'b']],
    ['none', []],
  ])('takes %s for order', (_, handled) => {
    expect(outOfOrder(groups, handled)).toEqual([]);
  });

  it.each([
    ['g', ['b', 'a', 'c', 'x', 'y']],
    ['g', ['c', 'a', 'b', 'a', 'b', 'c']],
    ['h', ['a', 'y', 'b', 'x', 'c']],
  ])('names %s alone when a member of it overtook another', (group, handled) => {
    expect(outOfOrder(groups, handled)).toEqual([group]);
  });
});
