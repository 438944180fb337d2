import fc from 'fast-check';
import { rateOf, rushIn } from '../../../../bin/local/invoices/pace';

const SLOT_MS = 250;

describe('the pace of invoices', () => {
  it('is kept by starts that are in their slots, or late by up to a second', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { maxLength: 80 }), (lateness) => {
        expect(rushIn(lateness.map((late, i) => i * SLOT_MS + late))).toBeUndefined();
      }),
    );
  });

  it('is not kept by one start too many within any second', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.array(fc.nat(1_000), { minLength: 10, maxLength: 30 }), (from, offsets) => {
        const rush = rushIn(offsets.map((offset) => from + offset));
        expect(rush?.starts).toBeGreaterThan(rush!.allowed);
      }),
    );
  });

  it('is not kept by five a second in the long run', () => {
    const starts = Array.from({ length: 46 }, (_, i) => i * 200);
    const rush = rushIn(starts)!;
    expect(rush.starts - rush.allowed).toBe(5);
    expect(rush.seconds).toBeGreaterThan(8);
  });

  it('is that from the first start to the last, in whatever order they come', () => {
    expect(rateOf([1_000, 0, 500])).toBe(2);
  });

  it.each([[[]], [[1]], [[1, 1]]])('of %j cannot be told', (starts) => {
    expect(rateOf(starts)).toBeUndefined();
    expect(rushIn(starts)).toBeUndefined();
  });
});
