import { describe, expect, test } from 'vitest';
import { approve } from '../../../orchestrator/commands/approve.ts';
import { refuse } from '../../../orchestrator/commands/refuse.ts';
import type { Judgement } from '../../../orchestrator/domain/judgement.ts';
import { freshSignatures, SIGNATURES } from '../../policies/signing.ts';
import {
  AT,
  approval,
  CHANGE,
  DANA,
  EVENTS,
  GATE,
  HOLD,
  LATER,
  RITA,
  RUN,
  SAM,
  TASK,
  WAITING,
} from '../fixtures.ts';
import { desk, journaled } from './context.ts';
import { by, group, now, records, refusedBy, TREE, waitingDesk } from './waiting.ts';

describe('who approves names the tree', () => {
  test('without one the command is refused with the exact line to use', async () => {
    const one = await waitingDesk();
    await refusedBy(one, approve(one.context, by('rita', null)), {
      code: 'usage',
      message: expect.stringContaining(
        `./proofhouse approve ${RUN} --tree ${TREE} --as local:rita`,
      ),
    });
  });

  test('the line that is shown works as it is', async () => {
    const one = await waitingDesk();
    const error = await approve(one.context, by(null, null)).catch((thrown: Error) => thrown);
    const line = /--tree (\S+) --as (\S+)/.exec(String(error)) ?? [];
    expect(await approve(one.context, by(line[2] ?? '', line[1]))).toBe(0);
  });

  test.each(['bbbbbbbbbbb', `${CHANGE.tree}b`, 'B'.repeat(12), 'main', ''])(
    '"%s" names no tree',
    async (tree) => {
      const one = await waitingDesk();
      await refusedBy(one, approve(one.context, by('rita', tree)), { code: 'usage' });
    },
  );

  test('another tree than the one that waits is stale', async () => {
    const one = await waitingDesk();
    const other = by('rita', 'c'.repeat(12));
    await refusedBy(one, approve(one.context, other), { code: 'approval_stale' });
    const rejection = { ...other, type: 'rejected', reason: 'no' } as const;
    await refusedBy(one, refuse(one.context, rejection), { code: 'approval_stale' });
  });
});

describe('who may decide', () => {
  const withDana: Judgement = { ...HOLD, groups: { security: group(RITA, SAM, DANA) } };

  test.each([
    ['who asked, though a member of the group', 'dana', 'requested this task'],
    ['who asked, in other letters', 'local:DANA', 'requested this task'],
    ['a stranger', 'mallory', 'in none of the groups'],
    ['a namesake from elsewhere', 'github:rita', 'in none of the groups'],
  ])('%s may not', async (_, as, why) => {
    const one = await waitingDesk(withDana);
    const fault = { code: 'not_eligible', message: expect.stringContaining(why) };
    await refusedBy(one, approve(one.context, by(as)), fault);
    const refusal = { ...by(as), type: 'sent_back', reason: 'no' } as const;
    await refusedBy(one, refuse(one.context, refusal), fault);
  });

  test('what is no person is refused', async () => {
    const one = await waitingDesk();
    await refusedBy(one, approve(one.context, by('ri ta')), { code: 'usage' });
  });

  test('without --as it is who the operating system says', async () => {
    const one = await waitingDesk(HOLD, { person: () => SAM });
    expect(await approve(one.context, by(null))).toBe(0);
    expect(await now(one.store)).toMatchObject({
      records: {
        approvals: [{ record: { approver: { id: SAM }, auth: { assurance: 'session' } } }],
      },
    });
  });
});

describe('an approval', () => {
  const two: Judgement = {
    ...HOLD,
    gates: [{ ...GATE, approvals: [{ group: 'security', count: 2 }] }],
  };

  test('is bound to the digests of the judgement, the change and the evidence', async () => {
    const one = await waitingDesk();
    expect(await approve(one.context, by('rita'))).toBe(0);
    const last = (await one.store.read(RUN)).at(-1)?.event;
    if (last?.type !== 'approved') throw new Error('the last event is the approval');
    expect({ ...last.approval.record, id: '', nonce: '' }).toEqual({
      ...approval(RITA).record,
      id: '',
      nonce: '',
      approver: { id: RITA, groups: ['security'], groupsDigest: expect.stringMatching(/^sha256:/) },
      auth: { method: 'session', assurance: 'session', proof: DANA },
      createdAt: AT,
      expiresAt: new Date(Date.parse(AT) + GATE.expiresMs).toISOString(),
    });
    expect(last.openSlots).toBe(0);
  });

  test('is signed, and what was signed is what is kept', async () => {
    const one = await waitingDesk();
    await approve(one.context, by('rita'));
    const [signed] = (await records(one.store)).approvals;
    if (signed === undefined) throw new Error('there is an approval');
    expect(SIGNATURES.holds('approval', signed)).toBe(true);
    const forged = { ...signed, record: { ...signed.record, gate: 'pay' } };
    expect(SIGNATURES.holds('approval', forged)).toBe(false);
    expect(SIGNATURES.holds('revocation', signed as never)).toBe(false);
    expect(freshSignatures().holds('approval', signed)).toBe(false);
  });

  test('says which earlier decision of the same person it replaces', async () => {
    const one = await waitingDesk(two, {}, '2026-04-01T00:00:00.000Z');
    await approve(one.context, by('rita'));
    one.at('2026-03-03T10:00:00.000Z');
    await approve(one.context, by('rita'));
    const [first, second] = (await records(one.store)).approvals;
    expect(second?.record.supersedes).toBe(first?.record.id);
  });

  test('of somebody who is known too little is refused and not written down', async () => {
    const strict = { ...group(RITA), minAssurance: 'signed' as const };
    const one = await waitingDesk({ ...HOLD, groups: { security: strict } });
    await refusedBy(one, approve(one.context, by('rita')), {
      code: 'not_eligible',
      message: expect.stringContaining('too weak'),
    });
  });

  test('counts for nobody when nobody knows who queued the task', async () => {
    const one = desk();
    await journaled(one, WAITING, { ...TASK, operator: null });
    await refusedBy(one, approve(one.context, by('rita')), {
      code: 'not_eligible',
      message: expect.stringContaining('Nobody knows who steered this run'),
    });
  });

  test('that is the last one missing lets the run go on, and says how', async () => {
    const one = await waitingDesk();
    await approve(one.context, by('rita'));
    expect((await now(one.store)).phase).toBe('publishing');
    expect(one.said).toEqual([
      `local:rita approved auth of ${RUN}.\nIt goes on in a controller that runs, or with: ./proofhouse serve --until-idle`,
    ]);
  });

  test('of one person where two are asked for leaves the run waiting, with exit code 3', async () => {
    const one = await waitingDesk(two);
    expect(await approve(one.context, by('rita'))).toBe(3);
    expect(one.said[0]).toContain('Gate auth needs 1 more of security');
    expect(await approve(one.context, by('sam'))).toBe(0);
  });

  test('is given once; who has nothing left to approve is told so', async () => {
    const one = await waitingDesk(two);
    await approve(one.context, by('rita'));
    await refusedBy(one, approve(one.context, by('rita')), { code: 'not_now' });
  });

  test('by one person of two groups fills one slot only where people must be distinct', async () => {
    const pay = { ...GATE, id: 'pay', approvals: [{ group: 'platform', count: 1 }] };
    const both: Judgement = {
      ...HOLD,
      gates: [GATE, pay],
      distinct: true,
      groups: { security: group(RITA, SAM), platform: group(RITA) },
    };
    const distinct = await waitingDesk(both);
    expect(await approve(distinct.context, by('rita'))).toBe(3);
    expect(await approve(distinct.context, by('sam'))).toBe(0);

    const alone = await waitingDesk({ ...both, distinct: false });
    expect(await approve(alone.context, by('rita'))).toBe(0);
  });

  test('that ran out while another was waited for is missing again, and can be given again', async () => {
    const one = await waitingDesk(two, {}, '2026-04-01T00:00:00.000Z');
    await approve(one.context, by('rita'));
    one.at('2026-03-03T10:00:00.000Z');
    expect(await approve(one.context, by('sam'))).toBe(3);
    expect(one.said[1]).toContain('Gate auth needs 1 more of security');
    expect(await approve(one.context, by('rita'))).toBe(0);
  });

  test('as JSON is one object with the state of the run', async () => {
    const one = await waitingDesk(HOLD, { json: true });
    await approve(one.context, by('rita'));
    expect(JSON.parse(one.said[0] ?? '')).toMatchObject({
      id: RUN,
      by: RITA,
      gates: ['auth'],
      run: { phase: 'publishing' },
    });
  });
});

describe('a decision that comes too late', () => {
  test.each([['approved'], ['rejected'], ['sent_back']] as const)(
    'is not %s: the run has expired, for everybody',
    async (type) => {
      const one = await waitingDesk();
      one.at(LATER);
      const late =
        type === 'approved'
          ? approve(one.context, by('rita'))
          : refuse(one.context, { ...by('rita'), type, reason: 'no' });
      await expect(late).rejects.toMatchObject({ code: 'not_now' });
      expect(await now(one.store)).toEqual({ phase: 'done', outcome: { kind: 'expired' } });
    },
  );

  test('is in time a millisecond before', async () => {
    const one = await waitingDesk();
    one.at(new Date(Date.parse(LATER) - 1).toISOString());
    expect(await approve(one.context, by('rita'))).toBe(0);
  });

  test.each([
    ['works', WAITING.slice(0, 2)],
    ['is over', [...WAITING, EVENTS.approved, EVENTS.pull_request_opened]],
  ])('or too early, when the run %s, is refused', async (_, events) => {
    const one = desk();
    await journaled(one, events);
    await refusedBy(one, approve(one.context, by('rita')), { code: 'not_now' });
    const rejection = { ...by('rita'), type: 'rejected', reason: 'no' } as const;
    await refusedBy(one, refuse(one.context, rejection), { code: 'not_now' });
  });

  test.each(['r9999999', '../etc', 'R0000001'])(
    'on the run %s, which is not there',
    async (run) => {
      const one = await waitingDesk();
      const unknown = approve(one.context, { run, tree: TREE, as: 'rita' });
      await refusedBy(one, unknown, { code: 'run_not_found' });
    },
  );
});

describe('reject and send back', () => {
  test('a rejection ends the run with its reason', async () => {
    const one = await waitingDesk();
    const type = 'rejected' as const;
    expect(await refuse(one.context, { ...by('rita'), type, reason: 'not this way' })).toBe(0);
    const outcome = { kind: 'rejected', by: RITA, reason: 'not this way' };
    expect(await now(one.store)).toEqual({ phase: 'done', outcome });
    expect(one.said).toEqual([`${RUN} rejected by local:rita`]);
  });

  test('sending back gives the agent another attempt with what the reviewer said', async () => {
    const one = await waitingDesk();
    await refuse(one.context, { ...by('sam'), type: 'sent_back', reason: 'mind negative totals' });
    expect(await now(one.store)).toMatchObject({
      phase: 'preparing',
      attempt: 2,
      findings: [{ message: 'local:sam: mind negative totals' }],
    });
  });
});
