import { describe, expect, test } from 'vitest';
import { holesOf, KNOWN_BAD } from '../../../orchestrator/domain/known-bad.ts';
import { MACHINE, machineWith } from '../machine.ts';

const states = (engine: Parameters<typeof machineWith>[0], host = {}) =>
  holesOf(machineWith(engine, host)).map(({ ids, state }) => [ids[0], state]);

test('current releases have no row', () => {
  expect(holesOf(MACHINE)).toEqual([]);
});

describe('a way out of runc', () => {
  test.each([
    ['1.1.15', true],
    ['1.2.7', true],
    ['1.2.8', false],
    ['1.2.9', false],
    ['1.3.2', true],
    ['1.3.3', false],
    ['1.4.0-rc.2', true],
    ['1.4.0-rc.3', false],
    ['1.4.0', false],
  ])('%s has it: %s', (runc, has) => {
    expect(states({ runc })).toEqual(has ? [['CVE-2025-31133', 'open']] : []);
  });

  test('may be mended in the build of a distribution, and nobody can tell from here', () => {
    expect(states({ runc: '1.1.12+ds1-1+deb12u1' })).toEqual([['CVE-2025-31133', 'unclear']]);
  });

  test('is unknown where the engine does not name its runc', () => {
    expect(states({ runc: null })).toEqual([
      ['CVE-2025-31133', 'unknown'],
      ['CVE-2024-21626', 'unknown'],
    ]);
  });
});

test('what reaches no sandbox is named and held', () => {
  expect(states({ version: '20.10.24+dfsg1' }, { git: '2.39.5' })).toEqual([
    ['moby 57b229012a', 'held'],
    ['CVE-2024-29018', 'held'],
    ['GHSA-x86f-5xw2-fm2r', 'held'],
    ['CVE-2025-48384', 'held'],
    ['git da91a90c2f', 'held'],
  ]);
  expect(states({ version: '23.0.11' })).toEqual([['GHSA-x86f-5xw2-fm2r', 'held']]);
});

test('every row says what it is and what to do, in order of releases', () => {
  for (const { ids, affected, what, todo } of KNOWN_BAD) {
    expect(ids.length * affected.length).toBeGreaterThan(0);
    expect(what).toMatch(/^[a-z].*[^.]$/);
    expect(todo).toMatch(/^[A-Z].*\.$/);
  }
});
