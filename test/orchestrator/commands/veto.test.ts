import { describe, expect, test } from 'vitest';
import { approve } from '../../../orchestrator/commands/approve.ts';
import { revoke } from '../../../orchestrator/commands/revoke.ts';
import { liftVeto, veto } from '../../../orchestrator/commands/veto.ts';
import { Person } from '../../../orchestrator/domain/ids.ts';
import type { Judgement } from '../../../orchestrator/domain/judgement.ts';
import { EVENTS, GATE, HOLD, RITA, RUN, WAITING } from '../fixtures.ts';
import { desk, journaled } from './context.ts';
import { by, group, now, records, refusedBy, waitingDesk } from './waiting.ts';

const LOU = Person.parse('local:lou');
const JUDGED: Judgement = { ...HOLD, groups: { ...HOLD.groups, leads: group(LOU) } };
const vetoed = (as: string, gates: string[] = []) => ({ ...by(as), gates, reason: 'not yet' });
const lift = (as: string, reason: string | null = null, gates: string[] = []) => ({
  ...{ run: RUN, as, gates, reason },
});

describe('a veto', () => {
  test('holds the run, which no approval of others opens', async () => {
    const one = await waitingDesk(JUDGED);
    expect(await veto(one.context, vetoed('sam'))).toBe(3);
    expect(await approve(one.context, by('rita'))).toBe(3);
    expect(one.said).toEqual([
      `local:sam vetoed auth of ${RUN}. To lift it: ./proofhouse veto ${RUN} --lift --as local:sam`,
      `local:rita approved auth of ${RUN}.\nGate auth is shut by a veto of local:sam: not yet`,
    ]);
    expect((await now(one.store)).phase).toBe('awaiting_approval');
  });

  test('ends when the same person approves', async () => {
    const one = await waitingDesk(JUDGED);
    await veto(one.context, vetoed('sam'));
    expect(await approve(one.context, by('sam'))).toBe(0);
  });

  test('ends when the same person lifts it, and what others approved counts', async () => {
    const one = await waitingDesk(JUDGED);
    await veto(one.context, vetoed('sam'));
    await approve(one.context, by('rita'));
    expect(await liftVeto(one.context, lift('sam'))).toBe(0);
    expect((await now(one.store)).phase).toBe('publishing');
    expect(one.said.at(-1)).toContain(`local:sam lifted the veto on auth of ${RUN}.`);
  });

  test('ends when escalation lifts it, with a reason', async () => {
    const one = await waitingDesk(JUDGED);
    await veto(one.context, vetoed('sam'));
    await refusedBy(one, liftVeto(one.context, lift('lou')), { code: 'usage' });
    expect(await liftVeto(one.context, lift('lou', 'sam is away'))).toBe(3);
    expect((await records(one.store)).lifts).toMatchObject([
      { record: { by: { id: LOU, groups: ['leads'] }, reason: 'sam is away' } },
    ]);
    expect(await approve(one.context, by('rita'))).toBe(0);
  });

  test('is lifted by nobody else', async () => {
    const one = await waitingDesk(JUDGED);
    await veto(one.context, vetoed('sam'));
    await refusedBy(one, liftVeto(one.context, lift('rita', 'please')), {
      code: 'not_eligible',
      message: 'only local:sam can lift this veto, or somebody in leads',
    });
    const alone = await waitingDesk({
      ...JUDGED,
      separation: { ...HOLD.separation, escalation: [] },
    });
    await veto(alone.context, vetoed('sam'));
    await refusedBy(alone, liftVeto(alone.context, lift('lou', 'please')), {
      message: 'only local:sam can lift this veto',
    });
  });

  test.each([
    ['who asked', 'dana'],
    ['a stranger', 'mallory'],
  ])('is not for %s', async (_, as) => {
    const one = await waitingDesk(JUDGED);
    await refusedBy(one, veto(one.context, vetoed(as)), { code: 'not_eligible' });
  });

  test('is for one gate where one is named, and for no gate that is not theirs', async () => {
    const pay = { ...GATE, id: 'pay' };
    const one = await waitingDesk({ ...JUDGED, gates: [GATE, pay] });
    await veto(one.context, vetoed('sam', ['pay']));
    expect((await records(one.store)).approvals.map(({ record }) => record.gate)).toEqual(['pay']);
    await refusedBy(one, veto(one.context, vetoed('sam', ['ghost'])), { code: 'not_eligible' });
  });

  test('names the tree', async () => {
    const one = await waitingDesk(JUDGED);
    await refusedBy(one, veto(one.context, { ...vetoed('sam'), tree: null }), { code: 'usage' });
    const other = { ...vetoed('sam'), tree: 'c'.repeat(12) };
    await refusedBy(one, veto(one.context, other), { code: 'approval_stale' });
  });

  test('comes in time until the change is published', async () => {
    const one = await waitingDesk(JUDGED);
    await approve(one.context, by('rita'));
    expect(await veto(one.context, vetoed('sam'))).toBe(0);
    expect(await now(one.store)).toMatchObject({ phase: 'publishing' });
    expect((await records(one.store)).approvals).toHaveLength(2);
  });

  test('that does not stand cannot be lifted', async () => {
    const one = await waitingDesk(JUDGED);
    await refusedBy(one, liftVeto(one.context, lift('sam')), { code: 'not_now' });
  });
});

describe('revoke', () => {
  const revoked = (as: string, gates: string[] = []) => ({ run: RUN, as, gates, reason: null });
  const two: Judgement = {
    ...HOLD,
    gates: [{ ...GATE, approvals: [{ group: 'security', count: 2 }] }],
  };

  test('takes an approval back, and the slot is open again', async () => {
    const one = await waitingDesk(two);
    await approve(one.context, by('rita'));
    expect(await revoke(one.context, revoked('rita'))).toBe(3);
    expect(one.said[1]).toBe(
      `local:rita took the approval of auth of ${RUN} back.\n` +
        'Gate auth needs 2 more of security: local:rita, local:sam could.',
    );
    expect(await approve(one.context, by('sam'))).toBe(3);
    expect(await approve(one.context, by('rita'))).toBe(0);
  });

  test('is heard by a run that is about to be published', async () => {
    const one = await waitingDesk();
    await approve(one.context, by('rita'));
    expect(await revoke(one.context, revoked('rita'))).toBe(0);
    expect(await now(one.store)).toMatchObject({
      phase: 'publishing',
      records: { revocations: [{ record: { by: RITA } }] },
    });
  });

  test('is heard while the agent works on the next attempt', async () => {
    const one = await waitingDesk(two);
    await approve(one.context, by('rita'));
    await one.store.append(RUN, (await one.store.read(RUN)).length, EVENTS.sent_back, null);
    await revoke(one.context, revoked('rita'));
    expect(await now(one.store)).toMatchObject({
      phase: 'preparing',
      records: { revocations: [{ record: { by: RITA } }] },
    });
  });

  test.each([
    ['who gave none', 'sam', []],
    ['another gate', 'rita', ['pay']],
  ])('of %s is refused', async (_, as, gates) => {
    const one = await waitingDesk(two);
    await approve(one.context, by('rita'));
    await refusedBy(one, revoke(one.context, revoked(as, gates)), { code: 'not_now' });
  });

  test('a second time is refused, and so is one on a run that is over', async () => {
    const one = await waitingDesk(two);
    await approve(one.context, by('rita'));
    await revoke(one.context, revoked('rita'));
    await refusedBy(one, revoke(one.context, revoked('rita')), { code: 'not_now' });
    const over = desk();
    await journaled(over, [...WAITING, EVENTS.approved, EVENTS.pull_request_opened]);
    await refusedBy(over, revoke(over.context, revoked('rita')), { code: 'not_now' });
  });

  test('is not for a veto: that is lifted', async () => {
    const one = await waitingDesk(two);
    await veto(one.context, vetoed('sam'));
    await refusedBy(one, revoke(one.context, revoked('sam')), { code: 'not_now' });
  });
});
