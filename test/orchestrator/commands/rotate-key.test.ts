import { expect, test } from 'vitest';
import { auditRotate, auditVerify } from '../../../orchestrator/commands/audit.ts';
import { keyId } from '../../../orchestrator/domain/dsse.ts';
import { DANA, LATER, WAITING } from '../fixtures.ts';
import { desk, journaled } from './context.ts';

const rotations = async (one: ReturnType<typeof desk>) =>
  (await one.store.audit.records(0)).filter(({ type }) => type === 'key.rotated');

test.each(['evidence', 'approval', 'audit'] as const)(
  'a new key for %s signs from now on, the old one is good until then, and the log says so',
  async (role) => {
    const one = desk();
    await journaled(one, WAITING);
    const { keys } = one.context.audit();
    const old = keys.signer(role).key;
    one.at(LATER);
    expect(await auditRotate(one.context, role)).toBe(0);
    const { key } = keys.signer(role);
    expect(key).not.toBe(old);
    expect(keys.trusted(role)).toEqual([
      { role, key: old, from: null, until: LATER },
      { role, key, from: LATER, until: null },
    ]);
    expect(await rotations(one)).toMatchObject([
      { actor: DANA, data: { role, key, from: LATER, replaces: keyId(old) } },
    ]);
    // A checkpoint after the rotation is signed by the key that the log names now.
    one.at('2026-03-03T10:00:00.000Z');
    await one.store.audit.publish();
    expect(await auditVerify({ ...one.context, json: true }, { file: null })).toBe(0);
  },
);

test('a key that a crash left unnamed is named by who asks next, and no other is made', async () => {
  const one = desk();
  await journaled(one, WAITING);
  const { keys } = one.context.audit();
  keys.signer('evidence');
  one.at(LATER);
  const { key } = keys.rotate('evidence');
  await auditRotate(one.context, 'evidence');
  expect(keys.trusted('evidence')).toHaveLength(2);
  expect(await rotations(one)).toMatchObject([{ data: { key } }]);
});
