/** What a policy requires of the machine: each requirement is seen to hold, and to be missed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MachineFacts } from '../../orchestrator/domain/machine.ts';
import { policyDiff } from '../../policies/diff/diff.ts';
import { lint } from '../../policies/lint.ts';
import { requiredBy, unmet } from '../../policies/require.ts';
import { MACHINE, machineWith } from '../orchestrator/machine.ts';
import { load, minimal } from './sample.ts';

const ALL = {
  engine: '23.0',
  runc: '1.2.8',
  kernel: '6.1',
  git: '2.48',
  runtime: 'runsc',
  cgroups: 2,
  hard_quota: true,
  user_namespace: true,
  lsm: true,
  swap_accounting: true,
  io_uring_disabled: true,
  no_known_bad: true,
} as const;
type Keys = Partial<Record<keyof typeof ALL, unknown>>;
const requiring = (keys: Keys, whose: 'org' | 'repo' | 'standalone' = 'standalone') =>
  load(minimal(`require: ${JSON.stringify(keys)}\n`, whose), `${whose}.yaml`);

test('a machine that has everything misses nothing', () => {
  expect(unmet([requiring(ALL)], MACHINE)).toEqual([]);
});

const { security } = MACHINE.engine;
const without = (name: string): string[] => security.filter((one) => !one.includes(name));

describe.each<[keyof typeof ALL, MachineFacts, string]>([
  ['engine', machineWith({ version: '20.10.24+dfsg1' }), '20.10.24+dfsg1'],
  ['runc', machineWith({ runc: '1.2.7' }), '1.2.7'],
  ['runc', machineWith({ runc: null }), 'unknown'],
  ['kernel', machineWith({ kernel: '5.15.0-100-generic' }), '5.15.0'],
  ['git', machineWith({}, { git: '2.39.5' }), '2.39.5'],
  ['git', machineWith({}, { git: null }), 'unknown'],
  ['runtime', machineWith({ defaultRuntime: 'runc' }), 'run under runc'],
  ['cgroups', machineWith({ cgroups: '1' }), 'version 1'],
  ['hard_quota', machineWith({}, { quota: { isHard: false, why: 'no loop' } }), 'no loop'],
  ['hard_quota', machineWith({}, { quota: { isHard: null, why: 'no idea' } }), 'no idea'],
  ['user_namespace', machineWith({ security: without('userns') }), 'neither'],
  ['lsm', machineWith({ security: without('apparmor') }), 'neither'],
  ['swap_accounting', machineWith({ countsSwap: false }), 'does not count'],
  ['swap_accounting', machineWith({ countsSwap: null }), 'does not count'],
  ['io_uring_disabled', machineWith({}, { ioUringDisabled: 1 }), 'is 1'],
  ['io_uring_disabled', machineWith({}, { ioUringDisabled: null }), 'unknown'],
  ['io_uring_disabled', machineWith({ endpoint: 'ssh' }), 'could not be asked'],
  ['io_uring_disabled', machineWith({ kernel: '6.6.1' }), 'could not be asked'],
  ['no_known_bad', machineWith({ runc: '1.3.2' }), 'CVE-2025-31133'],
  ['no_known_bad', machineWith({ runc: '1.1.5+ds1' }), 'unless the distribution mended it'],
  ['no_known_bad', machineWith({ runc: null }), 'unknown'],
])('%s', (key, machine, found) => {
  test(`is missed, and the reason says ${found}`, () => {
    const only = requiring({ [key]: ALL[key] });
    const missed = unmet([only], machine);
    expect(missed).toHaveLength(1);
    expect(missed[0]?.found).toContain(found);
    expect(missed[0]?.where).toBe(only.where(['require', key]));
    expect(missed[0]?.todo).toMatch(/^[A-Z].+\.$/);
    expect(unmet([only], MACHINE)).toEqual([]);
    const { [key]: _, ...others } = ALL;
    expect(unmet([requiring(others)], machine).map(({ where }) => where)).not.toContain(
      only.where(['require', key]),
    );
  });
});

test('a release whose hole reaches no sandbox is no reason to refuse', () => {
  expect(unmet([requiring({ no_known_bad: true })], machineWith({ version: '20.10.24' }))).toEqual(
    [],
  );
});

describe('layers', () => {
  const keys = fc.record(
    {
      engine: fc.constantFrom('20.10', '23.0', '29.9'),
      runc: fc.constantFrom('1.1.0', '1.2.8', '9.0'),
      cgroups: fc.constant(2),
      lsm: fc.boolean(),
      hard_quota: fc.boolean(),
      no_known_bad: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const layer = fc
    .tuple(keys, fc.constantFrom('org' as const, 'repo' as const))
    .map(([some, whose]) => requiring(some, whose));
  const machine = fc.constantFrom(
    MACHINE,
    machineWith({ version: '20.10.24', security: [] }),
    machineWith({ cgroups: '1', runc: '1.1.5' }, { quota: { isHard: false, why: 'no' } }),
  );
  const names = (layers: Parameters<typeof unmet>[0], on: MachineFacts) =>
    new Set(unmet(layers, on).map(({ what, where }) => `${where} ${what}`));

  test('only add: what one misses is missed whatever stands beside it, in any order', () => {
    fc.assert(
      fc.property(layer, layer, machine, (a, b, on) => {
        const both = names([a, b], on);
        expect(both).toEqual(new Set([...names([a], on), ...names([b], on)]));
        expect(names([b, a], on)).toEqual(both);
        expect(names([a, a], on)).toEqual(names([a], on));
        expect(requiredBy([a, b])).toEqual(requiredBy([b, a]));
      }),
    );
  });

  test('together require the newest version that one names', () => {
    const org = requiring({ engine: '23.0', lsm: true }, 'org');
    const repo = requiring({ engine: '25.0', lsm: false }, 'repo');
    expect(requiredBy([org, repo])).toEqual(['AppArmor or SELinux', 'engine 25.0 or newer']);
  });

  test('that ask for less than one above are told so', () => {
    const org = requiring({ engine: '23.0' }, 'org');
    const repo = requiring({ engine: '20.10', runc: '1.2.8' }, 'repo');
    const around = { known: [], now: '2026-03-01T10:00:00.000Z', requester: null };
    const found = lint([org, repo], around).filter(({ code }) => code === 'P0415');
    expect(found.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^engine 20\.10 adds nothing to 23\.0 \(org\.yaml:/),
    ]);
  });
});

test('a difference says which way it goes', () => {
  const effects = (a: Keys, b: Keys) =>
    policyDiff(requiring(a), requiring(b)).map(({ effect, what }) => `${effect}: ${what}`);
  expect(effects({ engine: '23.0', lsm: true }, { engine: '20.10' })).toEqual([
    'looser: engine: 23.0 became 20.10',
    'looser: lsm: true became false',
  ]);
  expect(effects({ runc: '1.2.8' }, { runc: '1.2.10', runtime: 'runsc' })).toEqual([
    'tighter: runc: 1.2.8 became 1.2.10',
    'tighter: runtime: runsc: false became true',
  ]);
  expect(effects(ALL, {}).every((line) => line.startsWith('looser'))).toBe(true);
  expect(effects(ALL, {})).toHaveLength(12);
});
