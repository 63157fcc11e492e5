import { describe, expect, test } from 'vitest';
import type { BreakGlass } from '../../orchestrator/domain/judgement.ts';
import type { GlassUse } from '../../orchestrator/domain/records.ts';
import { glassProblem, openedByGlass, shutForGood } from '../../policies/break-glass.ts';
import type { HeldRecords } from '../../policies/moment.ts';
import { tally } from '../../policies/tally.ts';
import { broke, GATE, JUDGED, login, moment, no, unsigned } from './moments.ts';
import { digest, person, sha } from './sample.ts';

type Changes = NonNullable<Parameters<typeof moment>[1]>;
const isOpen = (records: Partial<HeldRecords>, changes: Changes = {}): boolean =>
  openedByGlass(moment(records, changes)).length > 0;
const glass = [broke('rita'), broke('sam')];
const rule = (over: Partial<BreakGlass>): Changes => ({
  judgement: { breakGlass: { ...(JUDGED.breakGlass as BreakGlass), ...over } },
});

describe('two people open a gate', () => {
  test('and nobody has to approve it any more', () => {
    expect(tally(moment({ glass }))).toMatchObject({
      satisfied: true,
      open: [],
      opened: [
        {
          gate: 'auth',
          by: ['local:rita', 'local:sam'],
          incidentUrl: 'https://incidents.acme.dev/7',
        },
      ],
    });
  });

  test('but not one alone, however often, nor one with two logins', () => {
    expect(isOpen({ glass: [broke('rita')] })).toBe(false);
    expect(isOpen({ glass: [broke('rita'), broke('rita')] })).toBe(false);
    const aliases = [[person('rita'), person('sam')]];
    expect(isOpen({ glass }, { involved: { aliases } })).toBe(false);
  });

  test('three where the policy asks for three, and two where it asks for fewer', () => {
    expect(isOpen({ glass }, rule({ count: 3 }))).toBe(false);
    expect(isOpen({ glass: [broke('rita')] }, rule({ count: 1 }))).toBe(false);
  });

  test('for the same incident only', () => {
    const other = broke('sam', { incidentUrl: 'https://incidents.acme.dev/8' });
    expect(isOpen({ glass: [broke('rita'), other] })).toBe(false);
  });

  test('only the gates that both name', () => {
    const other = broke('sam', { gates: ['other'] });
    expect(isOpen({ glass: [broke('rita'), other] })).toBe(false);
  });

  test('for two hours from when each of them opened', () => {
    const early = broke('rita', { createdAt: '2026-01-01T10:00:00.000Z' });
    expect(isOpen({ glass: [early, broke('sam')] }, { now: '2026-01-01T11:59:59.999Z' })).toBe(
      true,
    );
    expect(isOpen({ glass: [early, broke('sam')] }, { now: '2026-01-01T12:00:00.000Z' })).toBe(
      false,
    );
  });
});

describe('a gate stays shut', () => {
  test('when the policy has no break_glass', () => {
    expect(isOpen({ glass }, { judgement: { breakGlass: null } })).toBe(false);
  });

  test('when it is one that is never opened', () => {
    expect(isOpen({ glass }, rule({ never: ['auth'] }))).toBe(false);
    const named = { id: 'never.edit-policy' };
    const both = glass.map(({ record }) => broke(record.by.id, { gates: [named.id] }));
    expect(isOpen({ glass: both }, { gate: named })).toBe(false);
    const other = { ...rule({ never: [] }), gate: named };
    expect(isOpen({ glass: both }, other)).toBe(true);
  });

  test('when it covers the rules themselves, by whatever gate and in whatever letters', () => {
    const rules = { paths: ['.Proofhouse/policy.yaml'] };
    expect(isOpen({ glass }, { ...rule({ never: [] }), gate: rules })).toBe(true);
    expect(isOpen({ glass }, { ...rule({ never: ['edit-policy'] }), gate: rules })).toBe(false);
  });

  test('when it was another policy that judged, or the entries are others', () => {
    expect(isOpen({ glass }, { judgement: { policy: digest('9') } })).toBe(false);
    expect(isOpen({ glass }, { change: { entries: digest('9') } })).toBe(false);
  });

  test('when its people are not known as surely as their group asks', () => {
    const { security } = JUDGED.groups;
    if (!security) throw new Error('the judgement of these tests has a group security');
    const sure: Changes = {
      judgement: { groups: { ...JUDGED.groups, security: { ...security, minAssurance: 'forge' } } },
    };
    expect(isOpen({ glass }, sure)).toBe(false);
    const auth = { method: 'oidc', assurance: 'forge', proof: null } as const;
    expect(isOpen({ glass: [broke('rita', { auth }), broke('sam', { auth })] }, sure)).toBe(true);
  });

  test('when it found a secret, or forbids', () => {
    const findings = [
      { key: 'src/a.ts: 9f31', message: 'a token in src/a.ts', detector: 'secret.added' },
    ];
    expect(isOpen({ glass }, { gate: { findings } })).toBe(false);
    expect(isOpen({ glass }, { gate: { surface: 'forbid' } })).toBe(false);
    expect(shutForGood({ ...GATE, findings }, JUDGED)).toBe(
      'Gate auth found a secret: a token in src/a.ts',
    );
  });

  test('while somebody vetoes it', () => {
    expect(isOpen({ glass, approvals: [no('sam')] })).toBe(false);
  });

  test('when the denial of a change is not a matter of gates', () => {
    expect(tally(moment({ glass }, { judgement: { verdict: 'deny' } })).satisfied).toBe(false);
  });
});

describe('breaking the glass counts for nothing', () => {
  const problem = (over: Partial<GlassUse>, changes: Changes = {}): string | null =>
    glassProblem(broke('rita', over), moment({}, changes));

  test('but when nothing is wrong', () => {
    expect(problem({})).toBeNull();
  });

  test.each([
    [
      'another task',
      { task: moment().task.replace('1', '2') as GlassUse['task'] },
      'another change',
    ],
    ['another repository', { repo: 'github:acme/api' }, 'another change'],
    ['another branch', { targetRef: 'refs/heads/old' }, 'another change'],
    ['another tree', { tree: sha('9') }, 'another tree'],
    ['other evidence', { evidence: digest('9') }, 'other evidence'],
    ['a gate that is not there', { gates: ['auth', 'ghost'] }, 'no gate named ghost'],
    ['a short reason', { reason: ' 123456789  ' }, 'at least 10 characters'],
    ['who is in no group', { by: { id: person('pia'), groups: [] } }, 'is not in security'],
    ['who was in no group', { by: { id: person('rita'), groups: [] } }, 'is not in security'],
    [
      'who is in none now',
      { by: { id: person('pia'), groups: ['security'] } },
      'is not in security',
    ],
    ['who asked', { by: { id: person('dana'), groups: ['security'] } }, 'requested this task'],
    ['a bot', { by: { id: login('bot:x'), groups: ['security'] } }, 'is a bot'],
    ['the future', { createdAt: '2026-01-01T12:05:00.001Z' }, 'in the future'],
    ['no time', { createdAt: 'soon' }, 'cannot be read'],
    [
      'too long ago',
      { createdAt: '2026-01-01T10:00:00.000Z' },
      'ended at 2026-01-01T12:00:00.000Z',
    ],
  ])('for %s', (_, over, why) => {
    expect(problem(over)).toContain(why);
  });

  test.each([
    'https://incidents.acme.dev.evil.example/7',
    'https://incidents.acme.dev@evil.example/7',
    'https://rita@incidents.acme.dev/7',
    'http://incidents.acme.dev/7',
    'https://incidents.acme.dev:8443/7',
    'javascript:alert(1)',
    'incident 7',
    '',
  ])('without an address of the incident: %s', (incidentUrl) => {
    expect(problem({ incidentUrl })).toContain('must begin with https://incidents.acme.dev/');
  });

  test('under the folder of incidents and not beside it', () => {
    const under = rule({ incidentUrl: 'https://acme.dev/incidents' });
    expect(problem({ incidentUrl: 'https://acme.dev/incidents/7' }, under)).toBeNull();
    expect(problem({ incidentUrl: 'https://acme.dev/incidents-old/7' }, under)).not.toBeNull();
    expect(problem({ incidentUrl: 'https://acme.dev/incidents/../x' }, under)).not.toBeNull();
  });

  test('without a signature, or when nobody knows who steered the run', () => {
    expect(glassProblem(unsigned(broke('rita')), moment())).toContain('signature');
    expect(problem({}, { involved: { operator: null } })).toContain('Nobody knows');
  });
});
