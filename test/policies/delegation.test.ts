import { describe, expect, test } from 'vitest';
import type { Approval } from '../../orchestrator/domain/approval.ts';
import type { Held, HeldRecords } from '../../policies/moment.ts';
import { standing } from '../../policies/standing.ts';
import { tally } from '../../policies/tally.ts';
import { HOUR_MS, JUDGED, lent, login, moment, unsigned, yes } from './moments.ts';
import { person } from './sample.ts';

type Changes = Parameters<typeof moment>[1];
const forRita = (name: string, over: Partial<Approval> = {}): Held<Approval> =>
  yes(name, { onBehalfOf: person('rita'), ...over });

function code(
  approval: Held<Approval>,
  records: Partial<HeldRecords>,
  changes: Changes = {},
): string {
  const said = standing(approval, moment({ approvals: [approval], ...records }, changes));
  return said.counts ? 'counts' : said.code;
}

const delegations = [lent('rita', 'ana')];

describe('a vote that was handed on', () => {
  test('counts like the one of who handed it on', () => {
    const approval = forRita('ana');
    expect(code(approval, { delegations })).toBe('counts');
    expect(tally(moment({ approvals: [approval], delegations })).satisfied).toBe(true);
  });

  test.each([
    ['nothing was handed on', []],
    ['it was handed to another', [lent('rita', 'bob')]],
    ['it was handed on by another', [lent('sam', 'ana')]],
    ['it was handed on for another gate', [lent('rita', 'ana', { gates: ['docs'] })]],
    [
      'it was handed on afterwards',
      [lent('rita', 'ana', { createdAt: '2026-01-01T11:30:00.000Z' })],
    ],
    ['the signature does not hold', [unsigned(lent('rita', 'ana'))]],
  ])('does not count when %s', (_, given) => {
    expect(code(forRita('ana'), { delegations: given })).toBe('delegation_missing');
  });

  test('counts until it ends, then and now', () => {
    const until = (expiresAt: string) => [lent('rita', 'ana', { expiresAt })];
    expect(code(forRita('ana'), { delegations: until('2026-01-01T12:00:00.001Z') })).toBe('counts');
    expect(code(forRita('ana'), { delegations: until('2026-01-01T12:00:00.000Z') })).toBe(
      'delegation_ended',
    );
    expect(code(forRita('ana'), { delegations: until('2026-01-01T10:30:00.000Z') })).toBe(
      'delegation_ended',
    );
  });

  test('ends with what the policy allows, whatever was said', () => {
    const delegation = { maxMs: 2 * HOUR_MS, scope: null };
    expect(code(forRita('ana'), { delegations }, { judgement: { delegation } })).toBe(
      'delegation_ended',
    );
    const longer = { maxMs: 2 * HOUR_MS + 1, scope: null };
    expect(code(forRita('ana'), { delegations }, { judgement: { delegation: longer } })).toBe(
      'counts',
    );
  });

  test('counts for nobody where the policy has no delegation, or none for this gate', () => {
    for (const delegation of [null, { maxMs: HOUR_MS * 99, scope: ['docs'] }]) {
      expect(code(forRita('ana'), { delegations }, { judgement: { delegation } })).toBe(
        'delegation_forbidden',
      );
    }
  });

  test('goes one hop: who was handed a vote cannot hand it on', () => {
    const chain = [lent('rita', 'ana'), lent('ana', 'bob')];
    const approval = yes('bob', { onBehalfOf: person('ana') });
    expect(code(approval, { delegations: chain })).toBe('left_the_group');
  });

  test('counts only while who handed it on could vote', () => {
    const members = [person('sam')];
    const groups = { ...JUDGED.groups, security: { members, minAssurance: 'session' as const } };
    expect(code(forRita('ana'), { delegations }, { judgement: { groups } })).toBe('left_the_group');
  });

  test.each([
    ['who asked', 'dana', 'requester'],
    ['an agent', 'agent:codex', 'agent'],
    ['a bot', 'bot:renovate', 'bot'],
  ])('never counts in the hands of %s', (_, name, wanted) => {
    const given = [lent('rita', name)];
    expect(code(yes(name, { onBehalfOf: person('rita') }), { delegations: given })).toBe(wanted);
  });

  test('of somebody excluded never counts', () => {
    const given = [lent('dana', 'ana')];
    expect(code(yes('ana', { onBehalfOf: person('dana') }), { delegations: given })).toBe(
      'requester',
    );
  });
});

describe('two votes of one pair of eyes are one', () => {
  const two = { gate: { approvals: [{ group: 'security', count: 2 }] } };
  const missing = (approvals: Held<Approval>[], given = [lent('rita', 'sam')]) =>
    tally(moment({ approvals, delegations: given }, two)).openSlots;

  test('own and for another', () => {
    expect(missing([yes('sam'), forRita('sam')])).toBe(1);
  });

  test('for another, and that other: the later decision is theirs', () => {
    expect(missing([forRita('ana'), yes('rita')], delegations)).toBe(1);
    expect(missing([yes('rita'), forRita('ana')], delegations)).toBe(1);
  });

  test('one vote in two hands', () => {
    const both = [lent('rita', 'ana'), lent('rita', 'bob')];
    expect(missing([forRita('ana'), forRita('bob')], both)).toBe(1);
  });

  test('on two gates where people must be distinct: the vote of one gate and its lender on another', () => {
    const gate = moment().judgement.gates.slice(0, 1);
    const gates = gate.flatMap((one) => [
      one,
      { ...one, id: 'pay', approvals: [{ group: 'platform', count: 1 }] },
    ]);
    const groups = {
      security: { members: [person('rita')], minAssurance: 'session' as const },
      platform: { members: [person('rita'), person('pia')], minAssurance: 'session' as const },
    };
    const judgement = { gates, groups, distinct: true };
    const approver = { ...yes('rita').record.approver, groups: ['platform'] };
    const own = (name: string) =>
      yes(name, { gate: 'pay', approver: { ...approver, id: person(name) } });
    const open = (approvals: Held<Approval>[]) =>
      tally(moment({ approvals, delegations }, { judgement })).openSlots;
    expect(open([forRita('ana'), own('rita')])).toBe(1);
    expect(open([forRita('ana'), own('pia')])).toBe(0);
  });

  test('and two people are two', () => {
    expect(missing([yes('sam'), forRita('ana')], delegations)).toBe(0);
  });

  test('logins of one human are one', () => {
    const members = [person('sam'), login('github:sam')];
    const changes = {
      ...two,
      judgement: {
        groups: { security: { members, minAssurance: 'session' as const } },
        gates: moment({}, two).judgement.gates,
      },
      involved: { aliases: [members] },
    };
    const gates = [yes('sam'), yes('github:sam')];
    expect(tally(moment({ approvals: gates }, changes)).openSlots).toBe(1);
    expect(tally(moment({ approvals: gates }, { ...changes, involved: {} })).openSlots).toBe(0);
  });
});
