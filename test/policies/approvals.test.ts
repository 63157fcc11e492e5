import { describe, expect, test } from 'vitest';
import type { Approval } from '../../orchestrator/domain/approval.ts';
import { bind, eligible, type Moment, standing } from '../../policies/approvals.ts';
import { decide, digest, entry, FULL, factsOf, load, person, sha } from './sample.ts';

const facts = factsOf(['src/auth/a.ts', 'lib/b.ts']);
const judgement = decide([load(FULL)], facts);
const evidence = digest('e');
const moment: Moment = {
  change: facts.change,
  judgement,
  evidence,
  requester: person('ana'),
  now: '2026-01-01T12:00:00Z',
};

function given(over: Partial<Approval> = {}): Approval {
  return {
    by: person('rita'),
    assurance: 'session',
    binding: bind(judgement, facts.change, evidence, 'auth'),
    at: '2026-01-01T00:00:00Z',
    expiresAt: '2026-01-02T00:00:00Z',
    ...over,
  };
}

function reason(approval: Approval, over: Partial<Moment> = {}): string | null {
  const said = standing(approval, { ...moment, ...over });
  return said.counts ? null : said.reason;
}

test('an approval names what the person agreed to', () => {
  expect(bind(judgement, facts.change, evidence, 'auth')).toEqual({
    base: sha('a'),
    tree: sha('b'),
    entries: facts.change.entries,
    gate: 'auth',
    scope: judgement.gates[0]?.scope,
    definition: judgement.gates[0]?.definition,
    policy: judgement.policy,
    evidence,
  });
});

test('there is nothing to approve on a gate that is not there', () => {
  expect(() => bind(judgement, facts.change, evidence, 'ghost')).toThrow(
    expect.objectContaining({ code: 'not_eligible' }),
  );
});

test('an approval counts while all of it still holds', () => {
  expect(standing(given(), moment)).toEqual({ counts: true });
});

describe('an approval stops counting', () => {
  test('from who asked for the change', () => {
    expect(reason(given(), { requester: person('rita') })).toBe(
      'local:rita asked for this change and cannot approve it.',
    );
  });

  test('from who is not, or is no longer, in a group that is asked', () => {
    expect(reason(given({ by: person('mallory') }))).toBe(
      'local:mallory is not in platform or security, which gate auth asks for.',
    );
    const left = { ...judgement, groups: { ...judgement.groups, security: [person('sam')] } };
    expect(reason(given(), { judgement: left })).toContain('local:rita is not in');
  });

  test('once it is expired, at the second', () => {
    expect(reason(given(), { now: '2026-01-01T23:59:59Z' })).toBeNull();
    expect(reason(given(), { now: '2026-01-02T00:00:00Z' })).toBe(
      "local:rita's approval expired at 2026-01-02T00:00:00.000Z.",
    );
  });

  test('after what the gate allows, whatever it says of itself', () => {
    const forever = given({ expiresAt: '2099-01-01T00:00:00Z' });
    expect(reason(forever, { now: '2026-01-02T00:00:00Z' })).toContain('expired at 2026-01-02');
  });

  test('when it comes from the future, but for a clock that is a little fast', () => {
    expect(reason(given({ at: '2026-01-01T12:04:59Z' }))).toBeNull();
    expect(reason(given({ at: '2026-01-01T12:05:01Z' }))).toContain('dated in the future');
  });

  test.each([
    [{ at: 'yesterday' }, {}],
    [{ expiresAt: '' }, {}],
    [{}, { now: 'soon' }],
  ])('when a time cannot be read: %j %j', (approval, over) => {
    expect(reason(given(approval), over)).toContain('cannot be read');
  });

  test('when its gate is not on the change any more', () => {
    expect(reason(given(), { judgement: { ...judgement, gates: [] } })).toBe(
      'Gate auth, which local:rita approved, is not on this change.',
    );
  });

  test.each([
    ['the base commit moved', { change: { ...facts.change, base: sha('9') } }],
    ['the change has another tree', { change: { ...facts.change, tree: sha('9') } }],
    ['the change has other entries', { change: { ...facts.change, entries: digest('9') } }],
    ['the policy changed', { judgement: { ...judgement, policy: digest('9') } }],
    ['the checks came to another result', { evidence: digest('9') }],
  ])('when %s', (what, over) => {
    expect(reason(given(), over)).toBe(`local:rita approved gate auth before ${what}.`);
  });

  test('when what the gate covers changed, or its definition', () => {
    const more = factsOf(['src/auth/a.ts', entry('src/auth/b.ts')]);
    expect(reason(given(), { judgement: decide([load(FULL)], more) })).toBe(
      'local:rita approved gate auth before what the gate covers changed.',
    );
    const stricter = decide(
      [load(FULL.replace('security, count: 1', 'security, count: 2'))],
      facts,
    );
    expect(reason(given(), { judgement: stricter })).toBe(
      'local:rita approved gate auth before the gate is defined differently and the policy changed.',
    );
  });

  test('for another gate than the one it names', () => {
    const both = { ...judgement, gates: judgement.gates.map((gate) => ({ ...gate, id: 'other' })) };
    expect(reason(given(), { judgement: both })).toContain('is not on this change');
  });
});

describe('who may decide', () => {
  test('members of a group that a gate asks for, on that gate', () => {
    expect(eligible(judgement, person('sam'), person('ana'))).toEqual({ gates: ['auth'] });
  });

  test('never who asked', () => {
    expect(eligible(judgement, person('sam'), person('sam'))).toEqual({
      reason: 'local:sam asked for this change and cannot approve it.',
    });
  });

  test('nobody else', () => {
    expect(eligible(judgement, person('mallory'), person('ana'))).toEqual({
      reason: 'local:mallory is in none of the groups this change asks for: platform, security.',
    });
  });

  test('nobody at all where nobody is asked', () => {
    const free = decide([load(FULL)], factsOf(['README.md']));
    expect(eligible(free, person('sam'), person('ana'))).toEqual({
      reason: 'No gate of this change asks for anybody.',
    });
  });
});
