import { expect, test } from 'vitest';
import { minimal } from '../sample.ts';
import { codes, edited, found, KNOWN, withMore } from './found.ts';

test('P0301: a gate that asks for a group nobody declares', () => {
  const source = edited(
    '[{ group: platform, count: 1 }]\n    v',
    '[{ group: payments, count: 1 }]\n    v',
  );
  expect(found(source)).toEqual([
    'P0301 error policy.yaml:20:16 gate auth asks for the group `payments`, which is not declared',
  ]);
});

test('P0301: a class in use that asks for a group nobody declares', () => {
  expect(found(edited('{ group: security', '{ group: secutiry'))[0]).toBe(
    'P0301 error policy.yaml:11:26 class critical asks for the group `secutiry`, which is not declared',
  );
});

test.each([
  ['never_delegate: [{ action: force-push, gate: { group: ghosts } }]', 'force-push'],
  ['break_glass: { groups: [ghosts], incident_url: "https://x.example/" }', 'break_glass'],
  ['separation: { escalation: ghosts }', 'separation'],
  [
    'content: [{ id: c, class: low, text: { added_re2: [foo] }, approvals: [{ any_of: [[{ group: ghosts }], [{ group: platform }]] }] }]',
    'rule c',
  ],
])('P0301: %s', (section, by) => {
  expect(found(withMore(section)).join()).toContain(
    `${by} asks for the group \`ghosts\`, which is not declared`,
  );
});

test('P0301: a class that nothing takes asks nobody', () => {
  const unused = edited(
    'medium: { surface: draft-pr }',
    'medium: { approvals: [{ group: ghosts }] }',
  );
  expect(codes(unused)).not.toContain('P0301 error');
  expect(
    codes(unused.replace('unmatched: { class: low }', 'unmatched: { class: medium }')),
  ).toContain('P0301 error');
  // A pack has a rule of that class.
  expect(codes(unused.replace('gates:\n', 'packs: ["builtin:node@1"]\ngates:\n'))).toContain(
    'P0301 error',
  );
});

test('P0301: a lower layer may ask for people and checks that the upper one declares', () => {
  const repo = minimal(
    'budgets: { per_task: { turns: 9 } }\ngates: [{ id: p, why: x, class: critical, surface: forbid, paths: [.proofhouse/], validators: [v] }]',
    'repo',
  );
  expect(codes(repo).sort()).toEqual(['P0301 warning', 'P0301 warning', 'P0404 warning']);
  expect(codes([edited('unit:', 'v:'), repo])).toEqual([]);
});

test('P0302: a group without members', () => {
  expect(found(edited('[local:pia, local:ben]', '[]'))).toEqual([
    'P0302 error policy.yaml:5:13 the group `platform` is empty',
  ]);
});

test('P0303: a group with fewer members than are asked for', () => {
  expect(found(edited('security, count: 1', 'security, count: 3'))).toEqual([
    'P0303 error policy.yaml:11:26 class critical asks for 3 of `security`, which has 2: nobody could ever fill it',
  ]);
  expect(codes(edited('security, count: 1', 'security, count: 2'))).toEqual(['P0304 warning']);
});

test.each(['bot:renovate', 'agent:codex', 'github:renovate-bot', 'github:deploy.bot'])(
  'P0305: %s is no person',
  (member) => {
    expect(found(edited('local:ben', `local:ben, "${member}"`))).toEqual([
      `P0305 warning policy.yaml:5:24 ${member} looks like a bot; no bot's approval counts`,
    ]);
  },
);

test.each(['github:abbot', 'github:robot', 'github:botha', 'local:bot-keeper'])(
  'P0305: %s may be one',
  (member) => {
    expect(codes(edited('local:ben', `local:ben, "${member}"`))).toEqual([]);
  },
);

test('P0304: who asks may be the only one who could open a gate', () => {
  const alone = edited('[local:pia, local:ben]', '[local:pia]');
  expect(found(alone)).toEqual([
    'P0304 warning policy.yaml:14:5 nobody is left to open gate auth when local:pia asked for the change',
  ]);
});

test('P0304: for somebody who is known to ask it is an error', () => {
  const alone = edited('[local:pia, local:ben]', '[local:pia]');
  expect(codes(alone, { requester: 'local:pia' })).toEqual(['P0304 error']);
  expect(codes(alone, { requester: 'local:rita' })).toEqual([]);
  expect(codes(alone, { requester: 'local:stranger' })).toEqual([]);
});

test('P0304: two groups of the same two people, of which each fills one place', () => {
  const source = edited('[local:pia, local:ben]', '[local:rita, local:sam]');
  expect(found(source)).toEqual([
    'P0304 warning policy.yaml:14:5 nobody is left to open gate auth when local:rita or local:sam asked for the change',
  ]);
  const apart = source.replace('distinct: true', 'distinct: false');
  expect(codes(apart)).toEqual([]);
});

test('P0304: an alternative that somebody else fills is no deadlock', () => {
  const asked = (any: string) =>
    edited('[{ group: platform, count: 1 }]\n    v', `[{ any_of: ${any} }]\n    v`);
  const groups = (source: string) =>
    source.replace(
      'groups:\n',
      'groups:\n  solo: { members: [local:eve] }\n  duo: { members: [local:eva, local:ava] }\n',
    );
  expect(codes(groups(asked('[[{ group: solo }], [{ group: duo }]]')))).toEqual([]);
  expect(codes(groups(asked('[[{ group: solo }], [{ group: solo }, { group: duo }]]')))).toEqual([
    'P0304 warning',
  ]);
});

test('P0304: gates that ask the same are told of once, those of packs too', () => {
  const source = edited('[local:rita, local:sam]', '[local:rita]').replace(
    'gates:\n',
    'packs: ["builtin:github-actions@1"]\ngates:\n',
  );
  expect(found(source, { known: [] })).toEqual([
    'P0304 warning policy.yaml:13:9 nobody is left to open rule github-actions.permissions and 2 more like it when local:rita asked for the change',
    'P0304 warning policy.yaml:15:5 nobody is left to open gate auth when local:rita asked for the change',
  ]);
});

test('P0304: what is forbidden is opened by nobody, and that is no deadlock', () => {
  const source = edited('[local:rita, local:sam]', '[local:rita]').replace(
    '    class: critical\n    paths: ["src/auth/"]',
    '    class: critical\n    surface: forbid\n    paths: ["src/auth/"]',
  );
  expect(codes(source)).toEqual([]);
});

test('P0307: more different people than the groups have', () => {
  const source = edited('[local:pia, local:ben]', '[local:rita]').replace(
    '[local:rita, local:sam]',
    '[local:rita]',
  );
  expect(found(source)).toEqual([
    'P0307 error policy.yaml:14:5 gate auth asks for more different people than its groups have: nobody could ever open it',
  ]);
  // One person may stand for both where they need not be distinct; then who asks is missed.
  expect(codes(source.replace('distinct: true', 'distinct: false'))).toEqual(['P0304 warning']);
});

test('P0307: members that are looked up later are not guessed', () => {
  const source = edited('{ members: [local:pia, local:ben] }', '{ file: OWNERS }');
  expect(codes(source)).toEqual([]);
});

test('large groups and many gates are looked at in time', () => {
  const crowd = Array.from({ length: 1_000 }, (_, index) => `local:p${index}`).join(', ');
  const gates = Array.from(
    { length: 300 },
    (_, index) =>
      `  - { id: g${index}, class: low, paths: [web/], approvals: [{ group: crowd, count: ${1 + (index % 20)} }, { group: security }] }`,
  ).join('\n');
  const source = edited('gates:\n', `gates:\n${gates}\n`).replace(
    'groups:\n',
    `groups:\n  crowd: { members: [${crowd}] }\n`,
  );
  const started = performance.now();
  expect(codes(source, { known: KNOWN })).toEqual([]);
  expect(performance.now() - started).toBeLessThan(3_000);
});
