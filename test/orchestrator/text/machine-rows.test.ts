import { describe, expect, test } from 'vitest';
import { doctorReport, type FactRow } from '../../../orchestrator/domain/doctor.ts';
import type { MachineFacts } from '../../../orchestrator/domain/machine.ts';
import { doctorText } from '../../../orchestrator/text/doctor.ts';
import { hostRows, machineRows, row } from '../../../orchestrator/text/machine-rows.ts';
import { MACHINE, machineWith } from '../machine.ts';

const rowsOf = (machine: MachineFacts): FactRow[] => [
  ...machineRows(machine),
  ...hostRows(machine.host, '24.21.0'),
];

test('a machine that has everything is good in every row but what was never tried', () => {
  const [untried, rows] = [
    rowsOf(MACHINE).filter(({ what }) => what === 'user namespaces'),
    rowsOf(MACHINE).filter(({ what }) => what !== 'user namespaces'),
  ];
  expect(untried).toMatchObject([{ state: 'weak', found: expect.stringContaining('not tried') }]);
  expect(rows.filter(({ state, todo }) => state !== 'good' || todo !== null)).toEqual([]);
  expect(rows.length).toBeGreaterThan(15);
  expect(doctorReport(rows, MACHINE).worst).toBe('good');
});

describe.each<[string, MachineFacts, string, string]>([
  ['docker', machineWith({ apiVersion: '1.40' }), 'bad', 'API 1.40'],
  ['engine endpoint', machineWith({ endpoint: 'ssh' }), 'weak', 'ssh'],
  ['containerd', machineWith({ containerd: null }), 'unknown', 'not named'],
  ['runc', machineWith({ runc: null }), 'unknown', 'not named'],
  ['storage', machineWith({ storage: 'vfs', fileSystem: null }), 'weak', 'vfs on an unknown'],
  ['engine warning', machineWith({ warnings: ['No swap limit'] }), 'weak', 'No swap limit'],
  ['runtimes', machineWith({ runtimes: ['runc'] }), 'weak', 'runc'],
  ['seccomp', machineWith({ security: ['name=apparmor'] }), 'bad', 'off'],
  ['AppArmor or SELinux', machineWith({ security: [] }), 'weak', 'neither'],
  ['user namespaces', machineWith({ security: [] }), 'weak', 'root outside'],
  ['control groups', machineWith({ cgroups: '1' }), 'weak', 'version 1'],
  ['swap accounting', machineWith({ countsSwap: false }), 'weak', 'off'],
  ['swap accounting', machineWith({ countsSwap: null }), 'unknown', 'off'],
  ['io_uring', machineWith({}, { ioUringDisabled: 0 }), 'weak', 'is 0'],
  ['io_uring', machineWith({ kernel: '5.10.0' }), 'unknown', 'could not be read'],
  ['known hole, runc', machineWith({ runc: '1.3.2' }), 'bad', 'CVE-2025-31133'],
  ['known hole, runc', machineWith({ runc: '1.1.13+ds1' }), 'weak', 'see its changelog'],
  ['known hole, engine', machineWith({ version: '29.0.0' }), 'weak', 'held'],
  ['git', machineWith({}, { git: '2.37.9' }), 'bad', '2.37.9'],
  ['git', machineWith({}, { git: null }), 'bad', 'not installed'],
  ['workspace quota', machineWith({}, { quota: { isHard: false, why: 'x' } }), 'weak', 'soft: x'],
  ['workspace quota', machineWith({}, { quota: { isHard: null, why: 'x' } }), 'unknown', 'x'],
  ['inotify', machineWith({}, { inotify: { instances: 64, watches: 8 } }), 'weak', '64'],
  ['inotify', machineWith({}, { inotify: null }), 'unknown', 'could not be read'],
])('%s', (what, machine, state, found) => {
  test(`is ${state} for: ${found}`, () => {
    const all = rowsOf(machine).filter((one) => one.what === what);
    const [first] = all;
    expect(first).toMatchObject({ state, found: expect.stringContaining(found) });
    if (state === 'weak' || state === 'bad') expect(first?.todo).toMatch(/^[A-Z].*\.$/);
  });
});

test('the text has one line a fact, what to do where it is not good, and a sum', () => {
  const rows = [
    row('git', 'good', '2.50.1', 'never shown'),
    row('seccomp', 'bad', 'off', 'Use a kernel with seccomp.'),
    row('engine warning', 'weak', 'red \u001b[31m', 'See the manual.'),
  ];
  const report = doctorReport(rows, null);
  expect(report.worst).toBe('bad');
  expect(doctorText(report)).toMatchInlineSnapshot(`
    "good  git             2.50.1
    bad   seccomp         off. Use a kernel with seccomp.
    weak  engine warning  red ·[31m. See the manual.

    3 facts, 1 bad, 0 unknown, 1 weak"
  `);
});
