import { describe, expect, test } from 'vitest';
import { LAPSES } from '../../orchestrator/domain/approval.ts';
import { RunId } from '../../orchestrator/domain/ids.ts';
import { lapsed } from '../../policies/lapses.ts';

import { eligible, standing } from '../../policies/standing.ts';
import { JUDGED, login, moment, no, takenBack, unsigned, yes } from './moments.ts';
import { digest, person } from './sample.ts';

type Given = ReturnType<typeof yes>;
type Changes = Parameters<typeof moment>[1];

function code(approval: Given, changes: Changes = {}, others: readonly Given[] = []): string {
  const said = standing(approval, moment({ approvals: [approval, ...others] }, changes));
  return said.counts ? 'counts' : said.code;
}

test('an approval counts while all of it still holds, for the groups that its giver is in', () => {
  const approval = yes('rita');
  expect(standing(approval, moment({ approvals: [approval] }))).toEqual({
    counts: true,
    carried: false,
    groups: ['security'],
  });
});

describe('an approval does not count', () => {
  test('without a signature that holds, whatever else is wrong with it', () => {
    expect(code(unsigned(yes('rita')))).toBe('bad_signature');
    expect(code(unsigned(yes('rita', { gate: 'ghost' })))).toBe('bad_signature');
  });

  test('a second time when it is written down twice', () => {
    const approval = yes('rita');
    const again = { ...approval };
    const now = moment({ approvals: [approval, again] });
    expect(standing(approval, now)).toMatchObject({ counts: true });
    expect(standing(again, now)).toMatchObject({ code: 'repeated' });
  });

  test('as the latest when an old one is written down again after a no', () => {
    const approval = yes('rita');
    const replayed = { ...approval };
    const now = moment({ approvals: [approval, no('rita'), replayed] });
    expect(standing(approval, now)).toMatchObject({ code: 'superseded' });
    expect(standing(replayed, now)).toMatchObject({ code: 'repeated' });
  });

  const { subject } = yes('rita').record;
  test.each([
    ['other_repository', { subject: { ...subject, repo: 'github:acme/api' } }],
    ['other_target', { subject: { ...subject, targetRef: 'refs/heads/release' } }],
    ['other_task', { task: RunId.parse('r0000002') }],
    ['gate_gone', { gate: 'ghost' }],
  ])('for another place: %s', (wanted, over) => {
    expect(code(yes('rita', over))).toBe(wanted);
  });

  test('from who is in none of the groups that the gate asks for', () => {
    const approver = { id: person('pia'), groups: ['platform'], groupsDigest: digest('9') };
    expect(code(yes('pia', { approver }))).toBe('not_a_member');
  });

  test('from who is known too little for the group', () => {
    const groups = {
      ...JUDGED.groups,
      security: { members: [person('rita')], minAssurance: 'forge' as const },
    };
    expect(code(yes('rita'), { judgement: { groups } })).toBe('weak_assurance');
    const auth = { method: 'github-review', assurance: 'forge', proof: null } as const;
    expect(code(yes('rita', { auth }), { judgement: { groups } })).toBe('counts');
  });

  test('once it is expired, at the millisecond', () => {
    expect(code(yes('rita'), { now: '2026-01-02T10:59:59.999Z' })).toBe('counts');
    expect(code(yes('rita'), { now: '2026-01-02T11:00:00.000Z' })).toBe('expired');
    const short = { expiresAt: '2026-01-01T12:00:00.000Z' };
    expect(code(yes('rita', short))).toBe('expired');
    expect(code(yes('rita', short), { now: '2026-01-01T11:59:59.999Z' })).toBe('counts');
  });

  test('after what the gate allows, whatever it says of itself', () => {
    const forever = yes('rita', { expiresAt: '2099-01-01T00:00:00Z' });
    expect(code(forever, { now: '2026-01-02T11:00:00.000Z' })).toBe('expired');
  });

  test('from the future, but for a clock that is a little fast', () => {
    expect(code(yes('rita', { createdAt: '2026-01-01T12:05:00.000Z' }))).toBe('counts');
    expect(code(yes('rita', { createdAt: '2026-01-01T12:05:00.001Z' }))).toBe('from_the_future');
  });

  test.each([
    [{ createdAt: 'yesterday' }, {}],
    [{ expiresAt: '' }, {}],
    [{}, { now: 'soon' }],
  ])('when a time cannot be read: %j %j', (approval, over) => {
    expect(code(yes('rita', approval), over)).toBe('time_unreadable');
  });
});

describe('the latest decision of a person on a gate is theirs', () => {
  test('a later yes replaces an earlier one', () => {
    const [first, second] = [yes('rita'), yes('rita')];
    const now = moment({ approvals: [first, second] });
    expect(standing(first, now)).toMatchObject({ code: 'superseded' });
    expect(standing(second, now)).toMatchObject({ counts: true });
  });

  test('a later no replaces a yes, even one whose signature cannot be checked', () => {
    expect(code(yes('rita'), {}, [no('rita')])).toBe('superseded');
    expect(code(yes('rita'), {}, [unsigned(no('rita'))])).toBe('superseded');
  });

  test('a later yes without a signature replaces nothing, nor does one for another place', () => {
    expect(code(yes('rita'), {}, [unsigned(yes('rita'))])).toBe('counts');
    const { subject } = yes('rita').record;
    const other = yes('rita', { subject: { ...subject, targetRef: 'refs/heads/old' } });
    expect(code(yes('rita'), {}, [other])).toBe('counts');
  });

  test('a yes to another gate or of another person replaces nothing', () => {
    expect(code(yes('rita'), {}, [yes('rita', { gate: 'other' }), yes('sam')])).toBe('counts');
  });

  test('logins of one human are one person', () => {
    const aliases = [[person('rita'), login('github:rita-acme')]];
    const later = no('github:rita-acme');
    expect(code(yes('rita'), { involved: { aliases } }, [later])).toBe('superseded');
  });
});

describe('taking back', () => {
  const revoked = (by: string, over: Partial<Given['record']> = {}, aliases: string[][] = []) => {
    const approval = yes('rita', over);
    const records = { approvals: [approval], revocations: [takenBack(approval, by)] };
    const involved = { aliases: aliases.map((logins) => logins.map(login)) };
    const said = standing(approval, moment(records, { involved }));
    return said.counts ? 'counts' : said.code;
  };

  test('is for who gave it, by any of their logins, and for whose vote it was', () => {
    expect(revoked('rita')).toBe('revoked');
    expect(revoked('github:rr', {}, [['rita', 'github:rr']])).toBe('revoked');
    expect(revoked('sam', { onBehalfOf: person('sam') })).toBe('revoked');
  });

  test('is for nobody else', () => {
    expect(revoked('sam')).toBe('counts');
  });

  test('of another task takes nothing back here', () => {
    const approval = yes('rita');
    const back = takenBack(approval, 'rita');
    const task = RunId.parse('r0000002');
    const revocations = [{ ...back, record: { ...back.record, task } }];
    const said = standing(approval, moment({ approvals: [approval], revocations }));
    expect(said).toMatchObject({ counts: true });
  });

  test('does not bring an earlier yes back', () => {
    const [first, second] = [yes('rita'), yes('rita')];
    const records = { approvals: [first, second], revocations: [takenBack(second, 'rita')] };
    expect(standing(first, moment(records))).toMatchObject({ code: 'superseded' });
    expect(standing(second, moment(records))).toMatchObject({ code: 'revoked' });
  });

  test('needs no signature, because it opens nothing', () => {
    const approval = yes('rita');
    const revocations = [unsigned(takenBack(approval, 'rita'))];
    const now = moment({ approvals: [approval], revocations });
    expect(standing(approval, now)).toMatchObject({ code: 'revoked' });
  });
});

test('every way of not counting has its sentence', () => {
  const facts = { by: 'github:ana', gate: 'auth', human: 'github:raj', detail: 'DETAIL' };
  const text = LAPSES.map((one) => `${one}: ${lapsed(one, facts).reason}`).join('\n');
  expect(text).toMatchInlineSnapshot(`
    "bad_signature: The signature of github:ana's approval does not hold.
    repeated: github:ana's approval is there twice; it is counted once.
    other_repository: github:ana approved this for another repository.
    other_target: github:ana approved this for another branch.
    other_task: github:ana approved another task.
    gate_gone: Gate auth, which github:ana approved, is not on this change.
    revoked: github:ana took the approval of gate auth back.
    superseded: github:ana decided on gate auth again later.
    vetoed: Gate auth is shut by a veto of DETAIL.
    operator_unknown: Nobody knows who steered this run, so nobody can be told apart from them.
    bot: github:ana stands for github:raj, who is a bot, and bots approve nothing.
    requester: github:ana stands for github:raj, who requested this task and cannot approve it.
    operator: github:ana stands for github:raj, who steered this run and cannot approve it.
    committer: github:ana stands for github:raj, who has commits in this change and cannot approve it.
    agent: github:ana stands for github:raj, who is an agent, and agents approve nothing.
    exemption_author: github:ana stands for github:raj, who granted an exemption that this change uses and cannot approve it.
    delegation_forbidden: github:ana acts for github:raj, and the policy lets nobody hand on their vote on gate auth.
    delegation_missing: github:raj did not hand their vote on gate auth to github:ana.
    delegation_ended: The time in which github:ana could act for github:raj ended at DETAIL.
    time_unreadable: The time of github:ana's approval cannot be read.
    from_the_future: github:ana's approval is dated in the future, DETAIL.
    expired: github:ana's approval expired at DETAIL.
    gate_redefined: github:ana approved gate auth before the gate was defined differently.
    scope_changed: github:ana approved gate auth before what the gate covers changed.
    change_changed: github:ana approved gate auth before the change got other entries.
    tree_changed: github:ana approved gate auth before the change got another tree.
    evidence_changed: github:ana approved gate auth before the checks came to another result.
    not_a_member: github:raj is not in DETAIL, which gate auth asks for.
    left_the_group: github:raj is no longer in DETAIL, which gate auth asks for.
    weak_assurance: github:ana approved gate auth with a proof of who they are (DETAIL) that is too weak for it."
  `);
});

test('a sentence about one person names no other', () => {
  expect(lapsed('requester', { by: 'ana', gate: 'auth', human: 'ana' }).reason).toBe(
    'ana requested this task and cannot approve it.',
  );
});

describe('who may decide', () => {
  const may = (name: string, changes: Changes = {}) =>
    eligible(person(name), null, moment({}, changes));

  test('members of a group that a gate asks for, on that gate', () => {
    expect(may('sam')).toEqual({ gates: [{ id: 'auth', groups: ['security'] }] });
  });

  test('members of any alternative', () => {
    const options = [[{ group: 'security', count: 2 }], [{ group: 'platform', count: 1 }]];
    expect(may('pia', { gate: { approvals: [{ anyOf: options }] } })).toEqual({
      gates: [{ id: 'auth', groups: ['platform'] }],
    });
  });

  test('never who asked', () => {
    expect(may('dana')).toEqual({
      reason: 'local:dana requested this task and cannot approve it.',
    });
  });

  test('nobody else', () => {
    expect(may('mallory')).toEqual({
      reason: 'local:mallory is in none of the groups this change asks for: security.',
    });
  });

  test('nobody at all where nobody is asked, or nobody knows who steered the run', () => {
    expect(may('sam', { gate: { approvals: [] } })).toEqual({
      reason: 'No gate of this change asks for anybody.',
    });
    expect(may('sam', { involved: { operator: null } })).toEqual({
      reason: 'Nobody knows who steered this run, so nobody can be told apart from them.',
    });
  });

  test('a group called like something that every object has is empty', () => {
    const approvals = [{ group: 'constructor', count: 1 }];
    expect(may('sam', { gate: { approvals } })).toHaveProperty('reason');
  });
});
