import { describe, expect, test } from 'vitest';
import { sha256 } from '../../orchestrator/domain/canonical.ts';
import { parsePolicy } from '../../policies/parse.ts';
import { renderProblem } from '../../policies/problems.ts';
import { FULL, load, minimal, NAME } from './sample.ts';

const DAY_MS = 86_400_000;

function problemsOf(source: string): string[] {
  const parsed = parsePolicy(source, NAME);
  if (!('problems' in parsed)) return [];
  return parsed.problems.map(
    ({ code, line, column, message }) => `${code} ${line}:${column} ${message}`,
  );
}

/** The full policy with one piece of it written otherwise. */
function edited(from: string, to: string): string {
  if (FULL.split(from).length !== 2) throw new Error(`"${from}" does not occur once`);
  return FULL.replace(from, () => to);
}

test('every key there is can be read, and units end up in the names', () => {
  const { policy } = load(FULL);
  expect(policy.metadata).toEqual({
    name: 'shop',
    layer: 'standalone',
    owner: 'platform',
    why: 'Guardrails.',
  });
  expect(policy.groups['security']).toEqual({ members: ['local:rita', 'local:sam'] });
  expect(policy.classes).toEqual({
    low: { approvals: [], distinct: false, surface: 'ready-pr', expiresMs: 30 * DAY_MS },
    medium: { approvals: [], distinct: false, surface: 'draft-pr', expiresMs: 7 * DAY_MS },
    high: {
      approvals: [{ group: 'platform', count: 1 }],
      distinct: false,
      surface: 'hold',
      expiresMs: 3 * DAY_MS,
    },
    critical: {
      approvals: [{ group: 'security', count: 1 }],
      distinct: true,
      surface: 'hold',
      expiresMs: DAY_MS,
    },
  });
  expect(policy.unmatched).toBe('low');
  expect(policy.gates[0]).toEqual({
    id: 'auth',
    why: "One bug is everyone's account.",
    class: 'critical',
    paths: ['src/auth/'],
    except: ['src/auth/docs/'],
    operations: ['add', 'modify', 'delete', 'mode', 'type'],
    approvals: [{ group: 'platform', count: 1 }],
    validators: ['e2e'],
  });
  expect(policy.gates[1]?.surface).toBe('forbid');
  expect(policy.limits).toEqual({
    maxFiles: 60,
    maxChangedLines: 1_500,
    maxFileBytes: 1_048_576,
    maxBinaryBytes: 262_144,
    over: 'high',
    absolute: { maxFiles: 500, maxChangedLines: 20_000 },
  });
  expect(policy.validators['unit']).toEqual({
    kind: 'command',
    run: ['npx', 'vitest'],
    image: 'base',
    timeoutMs: 300_000,
    memoryBytes: 1_073_741_824,
    reports: { junit: 'junit.xml' },
    minTests: 1,
    requiredFor: ['**'],
  });
  expect(policy.validators['e2e']).toEqual({
    kind: 'playwright',
    app: { run: ['node', 'src/server.ts'], port: 3_000 },
    tests: 'e2e/',
    timeoutMs: 600_000,
    memoryBytes: 1_073_741_824,
    minTests: 1,
    requiredFor: ['web/'],
  });
  expect(policy.network).toEqual({ dependencies: true, agent: true });
  expect(policy.budgets).toEqual({
    microUsd: 2_000_000,
    tokens: 2_000_000,
    wallMs: 1_200_000,
    turns: 60,
    retries: 2,
  });
});

test('a policy with nothing but its name takes the safe defaults', () => {
  const { policy } = load(minimal());
  expect(policy.unmatched).toBe('medium');
  expect(policy.classes.critical.approvals).toEqual([{ group: 'security', count: 1 }]);
  expect(policy.gates).toEqual([]);
});

test('a command is the kind of a validator that names none', () => {
  const { policy } = load(minimal('validators: { u: { run: [x], reports: { junit: j.xml } } }'));
  expect(policy.validators['u']?.kind).toBe('command');
});

test.each([
  ['kind: Policy', 'kind: Rules', 'P0104 2:7'],
  ['apiVersion: proofhouse/v1', 'apiVersion: proofhouse/v2', 'P0104 1:13'],
  ['name: shop, ', '', 'P0104 3:11'],
  ['layer: standalone', 'layer: team', 'P0104 3:32'],
  ['owner: platform', 'owner: The Team', 'P0104 3:51'],
  ['why: Guardrails.', 'why: 3', 'P0104 3:66'],
  ['platform: { members: [local:pia] }', 'Plat form: { members: [local:pia] }', 'P0104 5:3'],
  ['[local:rita, local:sam]', '[local:rita, sam]', 'P0104 6:37'],
  ['[local:rita, local:sam]', 'local:rita', 'P0104 6:24'],
  ['  low: {', '  lowly: {', 'P0103 8:3'],
  ['approvals: [], distinct', 'approvals: nobody, distinct', 'P0104 8:21'],
  ['distinct: false', 'distinct: yes', 'P0104 8:35'],
  ['surface: ready-pr', 'surface: readypr', 'P0104 8:51'],
  ['expires: 30d', 'expires: 30 days', 'P0106 8:70'],
  ['expires: 30d', 'expires: 500d', 'P0106 8:70'],
  ['[{ group: security, count: 1 }]', '[{ group: security, count: 0 }]', 'P0104 11:53'],
  ['[{ group: security, count: 1 }]', '[{ group: security, cuont: 1 }]', 'P0103 11:46'],
  ['[{ group: security, count: 1 }]', '[{ count: 1 }]', 'P0104 11:27'],
  ['unmatched: { class: low }', 'unmatched: { class: none }', 'P0104 12:21'],
  ['id: auth', 'id: Auth', 'P0104 14:9'],
  ['id: auth', 'id: limits', 'P0104 14:9'],
  ['id: policy', 'id: auth', 'P0104 22:9'],
  ["why: One bug is everyone's account.", 'why: ""', 'P0104 15:10'],
  ['class: critical\n    paths', 'class: severe\n    paths', 'P0104 16:12'],
  ['paths: ["src/auth/"]', 'paths: []', 'P0104 17:12'],
  ['paths: ["src/auth/"]', 'paths: ["src/***"]', 'P0203 17:13'],
  ['paths: ["src/auth/"]', 'pathz: ["src/auth/"]', 'P0103 17:5'],
  ['except: ["src/auth/docs/"]', 'except: ["../docs/"]', 'P0203 18:14'],
  ['operations: [add, modify, delete, mode, type]', 'operations: [add, rename]', 'P0104 19:23'],
  [
    '    approvals: [{ group: platform, count: 1 }]\n    v',
    '    approvals: [platform]\n    v',
    'P0104 20:17',
  ],
  ['validators: [e2e]', 'validators: e2e', 'P0104 21:17'],
  ['surface: forbid', 'surface: forbidden', 'P0104 25:14'],
  ['max_files: 60', 'max_files: 0', 'P0106 28:14'],
  ['max_changed_lines: 1500', 'max_changed_lines: many', 'P0106 29:22'],
  ['max_file_bytes: 1MiB', 'max_file_bytes: 1MB', 'P0106 30:19'],
  ['max_binary_bytes: 256KiB', 'max_binary_bytes: 256', 'P0104 31:21'],
  ['over: { class: high }', 'over: high', 'P0104 32:9'],
  ['absolute: { max_files: 500,', 'absolute: { max_file: 500,', 'P0103 33:15'],
  ['max_changed_lines: 20k', 'max_changed_lines: 20K', 'P0106 33:50'],
  ['kind: command', 'kind: comand', 'P0104 36:11'],
  ['run: [npx, vitest]', 'run: npx vitest', 'P0104 37:10'],
  ['image: base', 'image: node:latest', 'P0104 38:12'],
  ['timeout: 5m', 'timeout: 25h', 'P0106 39:14'],
  ['memory: 1GiB', 'memory: 1MiB', 'P0106 40:13'],
  ['{ junit: "junit.xml" }', '{ junit: "../junit.xml" }', 'P0104 41:23'],
  ['    reports: { junit: "junit.xml" }\n', '', 'P0104 36:5'],
  ['min_tests: 1', 'min_tests: 0', 'P0104 42:16'],
  ['required_for: ["**"]', 'required_for: ["./"]', 'P0203 43:20'],
  ['kind: playwright', 'kind: cypress', 'P0104 45:11'],
  ['port: 3000', 'port: 70000', 'P0104 46:46'],
  ['run: [node, src/server.ts]', 'run: []', 'P0104 46:17'],
  ['tests: e2e/', 'tests: /e2e', 'P0104 47:12'],
  ['default: deny', 'default: allow', 'P0104 50:12'],
  ['via: package-registry', 'via: internet', 'P0104 52:36'],
  ['via: model-gateway', 'host: example.com', 'P0103 53:24'],
  ['validate: { allow: [] }', 'validate: { allow: [{ via: model-gateway }] }', 'P0104 54:24'],
  ['usd: 2', 'usd: -1', 'P0104 56:20'],
  ['tokens: 2M', 'tokens: 2m', 'P0106 56:31'],
  ['wall: 20m', 'wall: 20', 'P0104 56:41'],
  ['turns: 60', 'turns: 1.5', 'P0106 56:53'],
  ['retries: 2', 'retries: 9', 'P0104 56:66'],
  ['budgets:', 'budget:', 'P0103 55:1'],
])('%j written as %j is refused where it stands', (from, to, expected) => {
  expect(problemsOf(edited(from, to)).map((problem) => problem.split(' ', 2).join(' '))).toContain(
    expected,
  );
});

describe('a file that does not say plainly what it looks like is refused', () => {
  test.each([
    ['an empty file', '', 'P0101 1:1 the file is empty'],
    ['a file of comments', '# only a comment\n', 'P0101 1:1 the file is empty'],
    ['plain text', 'just text', 'P0104 1:1 expected keys and values'],
    ['a list that does not end', 'a: [1', 'P0101 1:6'],
    ['a key given twice', 'kind: Policy\nkind: Policy', 'P0102 2:1'],
    ['an anchor', 'a: &x 1', 'P0105 1:7 an anchor'],
    ['an alias', 'a: &x 1\nb: *x', 'P0105 2:4 an alias'],
    ['a tag nobody knows', 'a: !secret x', 'P0101 1:4'],
    ['a tag everybody knows', 'a: !!str x', 'P0101 1:10 the tag'],
    ['a prototype', '__proto__: { polluted: true }', 'P0103 1:1 the key `__proto__` is never'],
    ['a constructor', 'groups: { constructor: { members: [] } }', 'P0103 1:11'],
    ['another YAML version', '%YAML 1.1\n---\na: yes', 'P0101 1:1 a directive'],
    ['a tag directive', '%TAG ! tag:x,2000:\n---\na: 1', 'P0101 1:1 a directive'],
    ['a second document', 'a: 1\n---\nb: 2', 'P0101 2:1'],
    ['a number for a key', '1: x', 'P0104 1:1 a key that is not text'],
    ['a list for a key', '[a]: x', 'P0104 1:1 a key that is not text'],
    ['nesting without end', '['.repeat(50_000), 'P0101 1:'],
    ['deep but whole nesting', `a: ${'['.repeat(700)}${']'.repeat(700)}`, 'P010'],
    ['a file too long to review', `# ${'x'.repeat(300_000)}`, 'P0101 1:1 the file is longer'],
  ])('%s', (_, source, expected) => {
    expect(problemsOf(source).some((problem) => problem.startsWith(expected))).toBe(true);
    expect('problems' in parsePolicy(source, NAME)).toBe(true);
  });

  test('YAML 1.2 keeps yes as text, which is no truth value', () => {
    expect(problemsOf(edited('distinct: true', 'distinct: on'))[0]).toContain('true or false');
  });
});

test('all problems come at once, in the order of the lines', () => {
  const source = edited('kind: Policy', 'kind: Rules').replace('usd: 2', 'usd: x');
  expect(
    problemsOf(source.replace('id: auth', 'id: Auth')).map((line) => line.slice(0, 11)),
  ).toEqual(['P0104 2:7 e', 'P0104 14:9 ', 'P0104 56:20']);
});

test('a problem is shown as a compiler would show it', () => {
  const parsed = parsePolicy(
    edited('[{ group: security, count: 1 }]', '[{ group: security, conut: 1 }]'),
    NAME,
  );
  const [first] = 'problems' in parsed ? parsed.problems : [];
  expect(first && renderProblem(first)).toMatchInlineSnapshot(`
    "error[P0103]: unknown key \`conut\`
       --> .proofhouse/policy.yaml:11:46
        |
     11 |   critical: { approvals: [{ group: security, conut: 1 }], distinct: true }
        |                                              ^^^^^ did you mean \`count\`?
        = in: classes › critical › approvals[0]"
  `);
});

test('two parses in a row count lines apart', () => {
  const source = edited('id: auth', 'id: Auth');
  expect(problemsOf(source)).toEqual(problemsOf(source));
});

test('a layer is named, digested and knows where its parts stand', () => {
  const loaded = load(FULL);
  expect(loaded.name).toBe('standalone');
  expect(loaded.digest).toBe(sha256(FULL));
  expect(loaded.where(['gates', 0])).toBe('.proofhouse/policy.yaml:14:5');
  expect(loaded.where(['gates', 0, 'paths', 0])).toBe('.proofhouse/policy.yaml:17:13');
  expect(loaded.where(['unmatched'])).toBe('.proofhouse/policy.yaml:12:12');
  expect(loaded.where(['gates', 9, 'paths'])).toBe('.proofhouse/policy.yaml:14:3');
});

test('logins that differ in case only are one member', () => {
  const { policy } = load(minimal('groups: { platform: { members: [local:Pia, local:pia] } }'));
  expect(policy.groups['platform']?.members).toEqual(['local:pia']);
});
