import { expect, test } from 'vitest';
import { Check } from '../../../orchestrator/domain/check.ts';
import { CHECK } from '../fixtures.ts';

test('a check of a journal of before is read, and what nobody noted then is not made up', () => {
  const { kind: _, tries: __, cachedFrom: ___, advisory: ____, ...noted } = CHECK;
  const older = { ...noted, tests: { run: 12, failed: 0, skipped: 0 } };
  expect(Check.parse(older)).toEqual({ ...CHECK, kind: 'not noted' });
});
