import { describe, expect, test } from 'vitest';
import type { HeldRecords } from '../../policies/moment.ts';
import { tally } from '../../policies/tally.ts';
import { mayEscalate, standingVetoes } from '../../policies/veto.ts';
import { JUDGED, lifted, login, moment, no, unsigned, yes } from './moments.ts';
import { digest, person, sha } from './sample.ts';

type Changes = Parameters<typeof moment>[1];
const stands = (records: Partial<HeldRecords>, changes: Changes = {}): boolean =>
  standingVetoes(moment(records, changes)).length > 0;

describe('a veto', () => {
  test('shuts the gate for everybody, before and after them', () => {
    const approvals = [yes('rita'), no('sam')];
    expect(tally(moment({ approvals }))).toMatchObject({
      satisfied: false,
      open: [{ gate: 'auth', group: 'security', missing: 1 }],
      lapsed: [{ id: approvals[0]?.record.id, code: 'vetoed' }],
    });
    expect(tally(moment({ approvals: [no('sam'), yes('rita')] })).satisfied).toBe(false);
  });

  test('lives through a new tree, new entries and its own expiry', () => {
    const changes = {
      change: { tree: sha('9'), entries: digest('9') },
      gate: { scope: digest('9'), definition: digest('9') },
      now: '2027-01-01T00:00:00Z',
    };
    expect(stands({ approvals: [no('sam')] }, changes)).toBe(true);
  });

  test('lives on when who gave it leaves the group', () => {
    const groups = {
      ...JUDGED.groups,
      security: { members: [], minAssurance: 'session' as const },
    };
    expect(stands({ approvals: [no('sam')] }, { judgement: { groups } })).toBe(true);
  });

  test('needs no signature to shut', () => {
    expect(stands({ approvals: [unsigned(no('sam'))] })).toBe(true);
  });

  const { subject } = no('sam').record;
  test.each([
    [
      'who was in none of the groups',
      { approver: { id: person('pia'), groups: ['platform'], groupsDigest: digest('9') } },
    ],
    [
      'who asked for the change',
      { approver: { id: person('dana'), groups: ['security'], groupsDigest: digest('9') } },
    ],
    [
      'a bot',
      { approver: { id: login('bot:x'), groups: ['security'], groupsDigest: digest('9') } },
    ],
  ])('is not for %s', (_, over) => {
    expect(stands({ approvals: [no('sam', over)] })).toBe(false);
  });

  test('of another gate or for another branch shuts nothing here', () => {
    expect(stands({ approvals: [no('sam', { gate: 'other' })] })).toBe(false);
    const elsewhere = { subject: { ...subject, targetRef: 'refs/heads/old' } };
    expect(stands({ approvals: [no('sam', elsewhere)] })).toBe(false);
  });
});

describe('a veto ends', () => {
  test('when the same person approves later, with a signature', () => {
    expect(stands({ approvals: [no('sam'), yes('sam')] })).toBe(false);
    expect(stands({ approvals: [no('sam'), unsigned(yes('sam'))] })).toBe(true);
    expect(stands({ approvals: [yes('sam'), no('sam')] })).toBe(true);
  });

  test('not when somebody else approves', () => {
    expect(stands({ approvals: [no('sam'), yes('rita')] })).toBe(true);
  });

  test('when the same person lifts it, by any of their logins', () => {
    const veto = no('sam');
    expect(stands({ approvals: [veto], lifts: [lifted(veto, 'sam')] })).toBe(false);
    expect(stands({ approvals: [veto], lifts: [unsigned(lifted(veto, 'sam'))] })).toBe(true);
    const aliases = [[person('sam'), login('github:sam')]];
    const lifts = [lifted(veto, 'github:sam')];
    expect(stands({ approvals: [veto], lifts }, { involved: { aliases } })).toBe(false);
  });

  test('when a member of every group of escalation lifts it, then and now', () => {
    const veto = no('sam');
    const both = { separation: { ...JUDGED.separation, escalation: ['leads', 'platform'] } };
    const ends = (by: string, groups: string[]) =>
      !stands({ approvals: [veto], lifts: [lifted(veto, by, groups)] }, { judgement: both });
    expect(ends('pia', ['leads', 'platform'])).toBe(true);
    expect(ends('pia', ['leads'])).toBe(false);
    expect(ends('lou', ['leads', 'platform'])).toBe(false);
    expect(ends('rita', [])).toBe(false);
  });

  test('not by a lead who is not known as surely as the group asks', () => {
    const veto = no('sam');
    const { leads } = JUDGED.groups;
    if (!leads) throw new Error('the judgement of these tests has a group leads');
    const groups = { ...JUDGED.groups, leads: { ...leads, minAssurance: 'forge' as const } };
    const lifts = [lifted(veto, 'lou', ['leads'])];
    expect(stands({ approvals: [veto], lifts })).toBe(false);
    expect(stands({ approvals: [veto], lifts }, { judgement: { groups } })).toBe(true);
  });

  test('by nobody else where no group of escalation is named', () => {
    const veto = no('sam');
    const none = { separation: { ...JUDGED.separation, escalation: [] } };
    const lifts = [lifted(veto, 'pia', [])];
    expect(stands({ approvals: [veto], lifts }, { judgement: none })).toBe(true);
  });

  test('not by a lead who asked for the change', () => {
    const requester = person('lou');
    const veto = no('sam');
    const lifts = [lifted(veto, 'lou', ['leads'])];
    expect(stands({ approvals: [veto], lifts }, { involved: { requester } })).toBe(true);
    expect(mayEscalate(requester, moment({}, { involved: { requester } }))).toBe(false);
  });

  test('once: another veto needs another lift', () => {
    const veto = no('sam');
    const approvals = [veto, no('sam')];
    expect(stands({ approvals, lifts: [lifted(veto, 'sam')] })).toBe(true);
  });
});

test('what others approved meanwhile counts again when the veto ends', () => {
  const veto = no('sam');
  const records = { approvals: [veto, yes('rita')], lifts: [lifted(veto, 'lou', ['leads'])] };
  expect(tally(moment(records))).toMatchObject({ satisfied: true, open: [], lapsed: [] });
});
