import { isNewEnough } from '../../../bin/local/venv';

describe('isNewEnough', () => {
  it.each(['3.10.0', '3.11.7', '3.14.0', '4.0.0'])('takes Python %s', (version) => {
    expect(isNewEnough(version)).toBe(true);
  });

  it.each(['3.9.21', '3.1.0', '2.7.18', ''])('refuses Python %p', (version) => {
    expect(isNewEnough(version)).toBe(false);
  });
});
