import { expect, test } from 'vitest';
import { lint, lintLayers } from '../../policies/lint.ts';
import { nearest } from '../../policies/nearest.ts';
import { FULL, load, minimal } from './sample.ts';

const KNOWN = ['src/auth/a.ts', 'src/auth/docs/a.md', 'web/a.ts', '.proofhouse/policy.yaml'];

function found(source: string, known: string[] = KNOWN): string[] {
  return lint(load(source), known).map(
    ({ code, severity, line, column, message }) =>
      `${code} ${severity} ${line}:${column} ${message}`,
  );
}

const edited = (from: string, to: string) => found(FULL.replace(from, () => to));

test('a policy in order has no problems', () => {
  expect(found(FULL)).toEqual([]);
});

test('a pattern that matches no known file is a warning', () => {
  expect(edited('"src/auth/"', '"src/auht/"')).toEqual([
    'P0201 warning 17:13 `src/auht/` matches no known file',
  ]);
  expect(edited('["web/"]', '["www/"]')).toEqual([
    'P0201 warning 48:20 `www/` matches no known file',
  ]);
  expect(edited('src/auth/docs/', 'src/auth/doc/')[0]).toContain('P0201 warning 18:14');
});

test('a pattern that differs from a file in letter case only is told so', () => {
  const [problem] = lint(load(FULL.replace('"src/auth/"', '"src/Auth/"')), KNOWN);
  expect(problem?.hint).toBe('`src/auth/a.ts` differs in letter case only');
});

test.each([
  ['src/{auth,pay}/', 'write "src/auth/", "src/pay/"'],
  ['src/[ab].ts', 'brackets are literal'],
  ['!src/', '`!` is literal; use `except`'],
  ['src/@(a|b)/', 'parentheses are literal'],
])('the dialect of %s is told apart when it matches nothing', (pattern, message) => {
  expect(edited('src/auth/"]', `${pattern}"]`)[0]).toMatch(/^P0202 warning 17:13/);
  expect(edited('src/auth/"]', `${pattern}"]`)[0]).toContain(message);
});

test('brackets that are folder names are no problem', () => {
  const source = FULL.replace('"src/auth/"]', '"app/(auth)/[id]/"]');
  expect(found(source, [...KNOWN, 'app/(auth)/[id]/page.tsx'])).toEqual([]);
});

test('a gate or a class in use that asks for a group nobody declares', () => {
  expect(
    edited('[{ group: platform, count: 1 }]\n    v', '[{ group: payments, count: 1 }]\n    v'),
  ).toEqual(['P0301 error 20:26 gate auth asks for the group `payments`, which is not declared']);
  expect(edited('{ group: security', '{ group: secutiry')[0]).toBe(
    'P0301 error 11:36 class critical asks for the group `secutiry`, which is not declared',
  );
  const unused = FULL.replace(
    '[{ group: platform, count: 1 }] }',
    '[{ group: ghosts, count: 1 }] }',
  );
  expect(found(unused.replace('over: { class: high }', 'over: { class: low }'))).toEqual([]);
});

test('a group without members, and one with fewer than are asked', () => {
  expect(edited('[local:pia]', '[]')).toEqual(['P0302 error 5:13 the group `platform` is empty']);
  expect(edited('security, count: 1', 'security, count: 3')).toEqual([
    'P0303 error 11:36 class critical asks for 3 of `security`, which has 2: nobody could ever fill it',
  ]);
});

test.each([
  ['no gate at all on it', '".proofhouse/"', '"docs/"'],
  ['a gate that asks nobody', '    class: critical\n    surface: forbid', '    class: low'],
  [
    'a gate that lets it be deleted',
    'surface: forbid',
    'surface: forbid\n    operations: [add, modify, type]',
  ],
  ['a gate that excepts it', 'surface: forbid', 'surface: forbid\n    except: ["*.yaml"]'],
])('the policy file itself must be gated: %s', (_, from, to) => {
  const problems = edited(from, to).filter((problem) => problem.startsWith('P04'));
  expect(problems).toEqual([
    'P0401 error 13:1 no gate asks anybody when .proofhouse/policy.yaml changes',
  ]);
});

test('a gate of class high or critical says why', () => {
  expect(edited("    why: One bug is everyone's account.\n", '')).toEqual([
    'P0402 error 14:5 gate auth is critical and does not say why',
  ]);
});

test('a validator that nobody declares', () => {
  expect(edited('[e2e]', '[e2e, ghost]')).toEqual([
    'P0404 error 21:23 gate auth needs the validator `ghost`, which is not declared',
  ]);
});

test('a gate that holds and names nobody', () => {
  const source = FULL.replace(
    'gates:\n',
    'gates:\n  - { id: x, class: low, surface: hold, paths: [web/] }\n',
  );
  expect(found(source)).toEqual([
    'P0410 error 14:5 gate x holds a change and names nobody who may release it',
  ]);
});

test('a lower layer may ask for people and checks that the upper one declares', () => {
  const repo = minimal(
    `gates: [{ id: p, why: x, class: critical, surface: forbid, paths: [.proofhouse/], validators: [v] }]`,
    'repo',
  );
  expect(lint(load(repo), KNOWN).map(({ code, severity }) => `${code} ${severity}`)).toEqual([
    'P0301 warning',
    'P0404 warning',
  ]);
});

test('a lower layer cannot redefine a validator or a group', () => {
  const repo = load(FULL, 'repo.yaml');
  expect(lintLayers([load(FULL)])).toEqual([]);
  expect(
    lintLayers([load(FULL), repo]).map(
      ({ code, file, line, message }) => `${code} ${file}:${line} ${message}`,
    ),
  ).toEqual(
    [
      [5, 'platform'],
      [6, 'security'],
      [35, 'unit'],
      [44, 'e2e'],
    ].map(
      ([line, id]) =>
        `P0411 repo.yaml:${line} \`${id}\` is already declared by a layer above, which keeps it`,
    ),
  );
});

test.each([
  ['aproval', 'approvals'],
  ['cuont', 'count'],
  ['PATHS', 'paths'],
  ['zzz', null],
])('%s is nearest to %s', (word, expected) => {
  expect(nearest(word, ['approvals', 'count', 'paths', 'class'])).toBe(expected);
});
