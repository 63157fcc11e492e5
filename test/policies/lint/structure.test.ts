import { expect, test } from 'vitest';
import { minimal } from '../sample.ts';
import { codes, edited, found, problems, SOUND, withMore } from './found.ts';

test.each([
  ['no gate at all on it', '".proofhouse/"', '"docs/"'],
  ['a gate that asks nobody', '    class: critical\n    surface: forbid', '    class: low'],
  [
    'a gate that lets it be deleted',
    'surface: forbid',
    'surface: forbid\n    operations: [add, modify, type]',
  ],
  ['a gate that excepts it', 'surface: forbid', 'surface: forbid\n    except: ["*.yaml"]'],
  ['a gate for one branch', 'surface: forbid', 'surface: forbid\n    branches: [refs/heads/main]'],
])('P0401: the policy file itself must be gated: %s', (_, from, to) => {
  const said = found(edited(from, to)).filter((problem) => problem.startsWith('P04'));
  expect(said).toEqual([
    'P0401 error policy.yaml:13:1 no gate asks anybody when .proofhouse/policy.yaml changes',
  ]);
});

test.each([
  ['the pack', 'gates:\n', 'packs: ["builtin:core@1"]\ngates:\n'],
  [
    'an action that is never delegated',
    'gates:\n',
    'never_delegate: [{ action: edit-policy, gate: { group: platform } }]\ngates:\n',
  ],
])('P0401: %s guards it', (_, from, to) => {
  const source = edited('".proofhouse/"', '"web/"').replace(from, () => to);
  expect(codes(source)).not.toContain('P0401 error');
});

test('P0401: the layer above may guard it', () => {
  const repo = minimal('', 'repo');
  expect(codes([SOUND, repo])).toEqual([]);
  expect(codes([edited('".proofhouse/"', '"web/"'), repo])).toEqual(['P0401 error']);
});

test('P0402: a gate of class high or critical says why', () => {
  const why = "    why: One bug is everyone's account.\n";
  expect(found(edited(why, ''))).toEqual([
    'P0402 error policy.yaml:14:5 auth is critical and does not say why',
  ]);
  expect(codes(edited(`${why}    class: critical`, '    class: low'))).toEqual([]);
});

test('P0403: a class that asks for less than the one below it', () => {
  expect(found(edited('medium: { surface: draft-pr }', 'medium: { surface: forbid }'))).toEqual([
    'P0403 warning policy.yaml:10:3 class high asks for less than class medium',
  ]);
  const asks = '[{ group: platform, count: 1 }] }\n  critical: { approvals: ';
  expect(found(edited(`${asks}[{ group: security, count: 1 }]`, `${asks}[]`))[0]).toBe(
    'P0403 warning policy.yaml:11:3 class critical asks for less than class high',
  );
});

test('P0403: a class that asks for less than the layer above counts for nothing', () => {
  const repo = (classes: string) => minimal(`classes: { ${classes} }`, 'repo');
  expect(found([SOUND, repo('medium: { surface: ready-pr }')])).toEqual([
    'P0403 info policy.yaml:4:12 class medium asks for less than the layer above says; the stricter counts',
  ]);
  expect(codes([SOUND, repo('medium: { surface: hold }')])).toEqual([]);
  // What is left out is no redefinition.
  expect(codes([SOUND, repo('')])).toEqual([]);
});

test('P0404: a validator that nobody declares', () => {
  expect(found(edited('[e2e]', '[e2e, ghost]'))).toEqual([
    'P0404 error policy.yaml:21:23 auth needs the validator `ghost`, which is not declared',
  ]);
});

test('P0406: a route to one model has nothing to fall back on', () => {
  const routes = (use: string) => withMore(`models: { routes: [{ stage: code, use: [${use}] }] }`);
  expect(found(routes('a'))).toContain(
    'P0406 warning policy.yaml:57:40 the route for code names one model; when it does not answer, nothing does',
  );
  expect(codes(routes('a, b'))).not.toContain('P0406 warning');
});

test('P0408: nothing bounds what a task may use up', () => {
  expect(
    found(edited('{ usd: 2, tokens: 2M, wall: 20m, turns: 60, retries: 2 }', '{ wall: 20m }')),
  ).toEqual([
    'P0408 warning policy.yaml:55:1 nothing bounds what one task may use up of the model',
  ]);
});

test.each(['usd: 2', 'tokens: 2M', 'turns: 60'])('P0408: %s is a bound', (bound) => {
  const source = edited('{ usd: 2, tokens: 2M, wall: 20m, turns: 60, retries: 2 }', `{ ${bound} }`);
  expect(codes(source)).toEqual([]);
});

test('P0408: one layer with a bound is enough, whichever it is', () => {
  const unbound = edited('{ usd: 2, tokens: 2M, wall: 20m, turns: 60, retries: 2 }', '{}');
  const bound = minimal('budgets: { per_task: { turns: 9 } }', 'repo');
  expect(codes([unbound, bound])).toEqual([]);
  expect(codes([SOUND, minimal('', 'repo')])).toEqual([]);
  expect(codes([unbound, minimal('', 'repo')])).toEqual(['P0408 warning']);
});

test('P0409: a gate that a layer above has too is one gate', () => {
  const gate = (id: string) => minimal(`gates: [{ id: ${id}, class: low, paths: [web/] }]`, 'repo');
  expect(found([SOUND, gate('auth')])).toEqual([
    'P0409 info policy.yaml:4:15 gate auth is declared by the layer standalone too; both count, as one gate',
  ]);
  expect(codes([SOUND, gate('web')])).toEqual([]);
});

test('P0410: a gate that holds and names nobody', () => {
  const gate = (more: string) =>
    edited('gates:\n', `gates:\n  - { id: x, class: low, surface: hold, paths: [web/]${more} }\n`);
  expect(found(gate(''))).toEqual([
    'P0410 error policy.yaml:14:5 x holds a change and names nobody who may release it',
  ]);
  expect(codes(gate(', approvals: [{ group: security }]'))).toEqual([]);
});

test('P0411: a lower layer cannot redefine a validator or a group', () => {
  const own = found([SOUND, SOUND]).filter((one) => one.startsWith('P0411'));
  expect(own).toEqual(
    ['5:3 `platform`', '6:3 `security`', '35:3 `unit`', '44:3 `e2e`'].map(
      (at) => `P0411 error policy.yaml:${at} is already declared by a layer above, which keeps it`,
    ),
  );
});

test('P0412: an emergency is for the uppermost layer to allow', () => {
  const glass = 'break_glass: { groups: [security], incident_url: "https://incidents.example/" }';
  expect(codes(withMore(glass))).toEqual([]);
  expect(found([SOUND, minimal(glass)]).filter((one) => one.startsWith('P0412'))).toEqual([
    'P0412 error policy.yaml:4:1 only the uppermost layer says this; here it counts for nothing',
  ]);
});

test('P0413: what this version does not act on is told, and whether a run starts under it', () => {
  const said = problems(withMore('evidence: { retain: 90d }'));
  expect(said.map(({ code, message }) => `${code} ${message}`)).toEqual([
    expect.stringMatching(/^P0413 .*; no run starts under it$/),
  ]);
  expect(codes(SOUND)).toEqual([]);
});
