import { expect, test } from 'vitest';
import { asFault, FAULT_CODES, FAULTS, Fault } from '../../../orchestrator/domain/faults.ts';
import { Person, RunId, Sha } from '../../../orchestrator/domain/ids.ts';

test('a fault stays the fault that it is', () => {
  const fault = new Fault('not_now', 'it is queued');
  expect(asFault(fault)).toBe(fault);
});

test('a full disk is known by its code, whatever its message says', () => {
  const thrown = Object.assign(new Error('write'), { code: 'ENOSPC' });
  expect(asFault(thrown)).toMatchObject({ code: 'disk_full', message: 'write', cause: thrown });
});

test.each([
  [new Error('boom'), 'boom'],
  [Object.assign(new Error('no such file'), { code: 'ENOENT' }), 'no such file'],
  ['a string', 'a string'],
  [null, 'null'],
  [undefined, 'undefined'],
])('what nobody foresaw, like %o, keeps its message under internal', (thrown, message) => {
  expect(asFault(thrown)).toMatchObject({ code: 'internal', message, cause: thrown });
});

test.each(FAULT_CODES)('the fault %s knows its exit code and what to do', (code) => {
  const fault = new Fault(code, 'x');
  expect([fault.exit, fault.todo]).toEqual([FAULTS[code].exit, FAULTS[code].todo]);
  expect(fault.todo).toMatch(/^[A-Z].{10,}/);
  expect(FAULTS[code].meaning).toMatch(/^.{10,}\.$/);
});

test('people are who they are in any letter case, and nobody without a provider', () => {
  expect(Person.parse('GitHub:Ana')).toBe('github:ana');
  for (const nobody of ['ana', ':ana', 'local:', 'local:a b', 'local:-a', 'local:a\n']) {
    expect(Person.safeParse(nobody).success).toBe(false);
  }
});

test('ids hold nothing that a shell, a path or a branch would read', () => {
  for (const odd of ['r000001', 'r00000012', 'R0000001', 'r00000/1', 'r0000001\n', '']) {
    expect(RunId.safeParse(odd).success).toBe(false);
  }
  for (const odd of ['a'.repeat(39), 'A'.repeat(40), `${'a'.repeat(40)}\n`, `${'a'.repeat(39)}g`]) {
    expect(Sha.safeParse(odd).success).toBe(false);
  }
});
