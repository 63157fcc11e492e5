import { expect, test } from 'vitest';
import { compareVersions, isAtLeast, versionIn } from '../../../orchestrator/domain/versions.ts';

test.each([
  ['20.10.24+dfsg1', [20, 10, 24], null, true],
  ['1.1.5+ds1-1+deb12u1', [1, 1, 5], null, true],
  ['1.6.20~ds1-1+deb12u3', [1, 6, 20], null, true],
  ['1.1.12-0ubuntu2~22.04.1', [1, 1, 12], null, true],
  ['4:1.1.12-3.1.el8_10', [4], null, true],
  ['1.4.0-rc.3', [1, 4, 0], 3, false],
  ['27.0.0-rc1', [27, 0, 0], 1, false],
  ['v2.2.1', [2, 2, 1], null, false],
  ['6.18.44-fc-v782', [6, 18, 44], null, false],
  ['28.2.2', [28, 2, 2], null, false],
])('%s is read as what it says', (text, numbers, candidate, isRebuilt) => {
  expect(versionIn(text)).toEqual({ numbers, candidate, isRebuilt });
});

test('text without a number is no version, and nobody can say that it is new enough', () => {
  expect(versionIn('unknown')).toBe(null);
  expect(isAtLeast('unknown', '1.0')).toBe(false);
});

test('numbers are compared as numbers, and a candidate comes before its release', () => {
  const inOrder = ['1.2', '1.2.8', '1.10.0', '1.10.1-rc.2', '1.10.1-rc.10', '1.10.1'];
  for (const [at, older] of inOrder.entries())
    for (const [after, newer] of inOrder.entries()) {
      expect(isAtLeast(newer, older)).toBe(after >= at);
    }
  const [a, b] = [versionIn('1.2'), versionIn('1.2.0')];
  expect(a && b && compareVersions(a, b)).toBe(0);
});
