import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PolicyChange } from '../../orchestrator/domain/policy-change.ts';
import { decide } from '../../policies/decide.ts';
import { isLooser, policyDiff } from '../../policies/diff/diff.ts';
import { loosenings } from '../../policies/looser.ts';
import { PackFile } from '../../policies/schema.ts';
import { parseYaml } from '../../policies/yaml-source.ts';
import { layerOf, PATHS, SECTIONS, sections } from './random-layers.ts';
import { load, factsOf as sampleFacts } from './sample.ts';

const factsOf = (paths: readonly string[]) =>
  sampleFacts(paths, { texts: {}, roots: [], history: [], groups: {}, madeBy: null });

const NOW = '2026-01-01T00:00:00Z';

/** Every key of the language once, as JSON, which is YAML too. */
const FULL = {
  apiVersion: 'proofhouse/v1',
  kind: 'Policy',
  metadata: { name: 'shop', layer: 'standalone', owner: 'platform', why: 'Guardrails.' },
  enforcement: 'enforce',
  groups: {
    platform: { members: ['local:pia', 'local:sam'], min_assurance: 'forge' },
    security: { github_team: 'acme/security' },
  },
  classes: {
    low: { approvals: [], carry_forward: 'scoped' },
    medium: { surface: 'draft-pr', carry_forward: 'scoped' },
    high: { approvals: [{ group: 'platform', count: 1 }], bind: 'tree', carry_forward: 'scoped' },
    critical: {
      approvals: [
        { group: 'security', count: 2 },
        { any_of: [[{ group: 'legal' }], [{ group: 'audit' }]] },
        { group: 'platform', count: 1 },
      ],
      distinct: true,
      surface: 'hold',
      bind: 'evidence',
      expires: '24h',
    },
  },
  unmatched: { class: 'medium' },
  gates: [
    {
      id: 'auth',
      why: 'Accounts.',
      class: 'critical',
      surface: 'hold',
      paths: ['src/auth/', 'src/login/'],
      except: ['src/auth/docs/'],
      operations: ['add', 'modify', 'delete'],
      branches: ['refs/heads/main', 'refs/heads/next'],
      approvals: [{ group: 'platform', count: 1 }],
      validators: ['unit'],
      require_with: ['CHANGES.md'],
    },
    { id: 'docs', class: 'low', paths: ['docs/'] },
  ],
  content: [
    {
      id: 'env',
      class: 'high',
      why: 'Settings.',
      paths: ['src/**'],
      text: { added_re2: ['process'], removed_re2: ['safe'] },
    },
  ],
  limits: {
    max_files: 60,
    max_changed_lines: 1500,
    max_file_bytes: '1MiB',
    max_binary_bytes: '256KiB',
    max_new_dependencies: 3,
    over: { class: 'high' },
    absolute: { max_files: 500, max_changed_lines: 20_000 },
  },
  validators: {
    unit: {
      run: ['npm', 'test'],
      image: 'base',
      timeout: '5m',
      memory: '1GiB',
      reports: { junit: 'junit.xml' },
      min_tests: 2,
      required_for: ['**', 'src/'],
      tests_from: 'base',
    },
    e2e: { kind: 'playwright', app: { run: ['node'], port: 3000 }, tests: 'e2e/' },
  },
  network: {
    phases: {
      setup: { allow: [{ via: 'package-registry' }] },
      agent: {
        allow: [
          { via: 'model-gateway' },
          { host: 'docs.example.com', ports: [443], methods: ['GET'] },
        ],
      },
    },
  },
  budgets: {
    per_task: { usd: 2, tokens: 1000, wall: '20m', turns: 60, retries: 1 },
    per_repo_day: { usd: 20, tasks: 10 },
    windows: [{ of: 'team', name: 'web', per: 'month', usd: 500, turns: 900 }],
    on_exceed: 'ask',
  },
  models: {
    routes: [
      { stage: 'code', class: ['low', 'medium'], use: ['small', 'large'] },
      { stage: 'review', use: ['large'], differ_from: 'code.vendor' },
    ],
    free: ['small'],
    data: [{ paths: ['src/payments/'], providers: ['local'] }],
  },
  agents: {
    coder: {
      write: ['src/', 'test/'],
      readonly: ['AGENTS.md'],
      hidden: ['secrets/'],
      tools: { allow: ['read', 'edit'], ask: ['mcp.*'], deny: ['git.push'] },
      expected_harness: [`sha256:${'a'.repeat(64)}`],
    },
  },
  never_delegate: [
    { action: 'edit-policy', absolute: true },
    { action: 'force-push', gate: { group: 'platform', count: 2 } },
  ],
  separation: {
    exclude: ['operator', 'committers'],
    unknown_operator: 'block',
    bots_never_approve: true,
    escalation: 'security',
  },
  exemptions: [
    {
      id: 'ex-1',
      gate: 'auth',
      paths: ['src/auth/old/'],
      why: 'Frozen.',
      ticket: 'T-1',
      granted_by: 'github:mo',
      expires: '2026-12-31',
    },
  ],
  break_glass: {
    groups: ['security'],
    count: 2,
    max_duration: '1h',
    reason_min_chars: 30,
    incident_url: 'https://incidents.example.com/',
    never: ['edit-policy'],
    review_within: '48h',
  },
  delegation: { max_days: 3, scope: ['auth'] },
  evidence: { sign: 'ed25519', attest: ['approval', 'verdict'], retain: '90d', publish: ['sarif'] },
};

type Path = readonly (string | number)[];

/** The policy with another value at a path; `undefined` takes it away. */
function edited(at: Path, value: unknown): unknown {
  const copy = structuredClone(FULL) as unknown;
  let node = copy as Record<string | number, unknown>;
  for (const step of at.slice(0, -1)) node = node[step] as Record<string | number, unknown>;
  const last = at.at(-1) ?? '';
  if (value === undefined && Array.isArray(node)) node.splice(Number(last), 1);
  else if (value === undefined) delete node[last];
  else node[last] = value;
  return copy;
}

const loaded = (value: unknown) => load(JSON.stringify(value), 'policy.yaml');
const full = loaded(FULL);
const lines = (changes: readonly PolicyChange[]) =>
  changes.map(({ effect, about, what }) => `${effect}: ${about}: ${what}`);
const policyOf = (value: unknown) => (value === FULL ? full : loaded(value));
const told = (old: unknown, now: unknown) => lines(policyDiff(policyOf(old), policyOf(now)));

test('the same policy has no differences', () => {
  expect(told(FULL, FULL)).toEqual([]);
});

const GATE = ['gates', 0] as const;
const ROLE = ['agents', 'coder'] as const;

/** An edit that loosens, and what is said of it. The same edit backwards tightens. */
describe('what is looser one way is tighter the other', () => {
  test.each<[Path, unknown, string]>([
    [['enforcement'], 'evaluate', 'policy: enforcement: enforce became evaluate'],
    [['unmatched'], { class: 'low' }, 'policy: unmatched: medium became low'],
    [
      ['groups', 'platform', 'min_assurance'],
      'session',
      'group platform: min_assurance: forge became session',
    ],
    [
      ['groups', 'platform', 'members'],
      ['local:pia', 'local:sam', 'local:eve'],
      'group platform: members: now also local:eve',
    ],
    [['classes', 'critical', 'distinct'], false, 'class critical: distinct: true became false'],
    [
      ['classes', 'critical', 'surface'],
      'draft-pr',
      'class critical: surface: hold became draft-pr',
    ],
    [['classes', 'critical', 'bind'], 'change', 'class critical: bind: evidence became change'],
    [
      ['classes', 'critical', 'carry_forward'],
      'scoped',
      'class critical: carry_forward: never became scoped',
    ],
    [['classes', 'critical', 'expires'], '72h', 'class critical: expires: 1d became 3d'],
    [
      ['classes', 'critical', 'approvals', 1],
      undefined,
      'class critical: approvals: no longer legal ×1 or audit ×1',
    ],
    [['classes', 'high', 'approvals'], [], 'class high: approvals: no longer platform ×1'],
    [[...GATE, 'class'], 'high', 'gate auth: class: critical became high'],
    [[...GATE, 'surface'], 'draft-pr', 'gate auth: surface: hold became draft-pr'],
    [[...GATE, 'paths', 1], undefined, 'gate auth: paths: no longer src/login/'],
    [
      [...GATE, 'except'],
      ['src/auth/docs/', 'src/auth/test/'],
      'gate auth: except: now also src/auth/test/',
    ],
    [[...GATE, 'operations'], ['add'], 'gate auth: operations: no longer modify'],
    [[...GATE, 'branches'], ['refs/heads/main'], 'gate auth: branches: no longer refs/heads/next'],
    [[...GATE, 'approvals'], [], 'gate auth: approvals: no longer platform ×1'],
    [[...GATE, 'validators'], [], 'gate auth: validators: no longer unit'],
    [[...GATE, 'require_with'], [], 'gate auth: require_with: no longer CHANGES.md'],
    [GATE, undefined, 'gate auth: is gone'],
    [['content', 0], undefined, 'content rule env: is gone'],
    [
      ['content', 0, 'text', 'added_re2'],
      [],
      'content rule env: text.added_re2: no longer process',
    ],
    [
      ['content', 0, 'text', 'removed_re2'],
      [],
      'content rule env: text.removed_re2: no longer safe',
    ],
    [['limits', 'max_files'], undefined, 'limits: max_files: 60 became none'],
    [['limits', 'max_changed_lines'], 2000, 'limits: max_changed_lines: 1500 became 2000'],
    [['limits', 'max_file_bytes'], '2MiB', 'limits: max_file_bytes: 1048576 became 2097152'],
    [['limits', 'max_binary_bytes'], '2MiB', 'limits: max_binary_bytes: 262144 became 2097152'],
    [['limits', 'max_new_dependencies'], 4, 'limits: max_new_dependencies: 3 became 4'],
    [['limits', 'over'], { class: 'low' }, 'limits: over: high became low'],
    [['limits', 'absolute', 'max_files'], 501, 'limits: absolute.max_files: 500 became 501'],
    [
      ['limits', 'absolute', 'max_changed_lines'],
      undefined,
      'limits: absolute.max_changed_lines: 20000 became none',
    ],
    [['validators', 'e2e'], undefined, 'validator e2e: is gone'],
    [['validators', 'unit', 'min_tests'], 1, 'validator unit: min_tests: 2 became 1'],
    [['validators', 'unit', 'tests_from'], 'head', 'validator unit: tests_from: base became head'],
    [
      ['validators', 'unit', 'required_for'],
      ['**'],
      'validator unit: required_for: no longer src/',
    ],
    [
      ['network', 'phases', 'setup', 'allow'],
      [{ via: 'package-registry' }, { host: 'a.example.com' }],
      'network: setup: now also GET a.example.com:443',
    ],
    [['budgets', 'per_task', 'usd'], undefined, 'budgets: per_task.usd: $2 became none'],
    [['budgets', 'per_task', 'tokens'], 2000, 'budgets: per_task.tokens: 1000 became 2000'],
    [['budgets', 'per_task', 'wall'], undefined, 'budgets: per_task.wall: 20m became 30m'],
    [['budgets', 'per_task', 'turns'], 61, 'budgets: per_task.turns: 60 became 61'],
    [['budgets', 'per_task', 'retries'], 8, 'budgets: per_task.retries: 1 became 8'],
    [['budgets', 'per_task', 'refusals'], 26, 'budgets: per_task.refusals: 25 became 26'],
    [['budgets', 'windows', 0, 'usd'], 501, 'budgets: team web per month: usd: $500 became $501'],
    [
      ['budgets', 'windows', 0, 'turns'],
      undefined,
      'budgets: team web per month: turns: 900 became none',
    ],
    [['models', 'free'], ['small', 'large'], 'models: free: now also large'],
    [['models', 'secret_shapes'], 'allow', 'models: secret_shapes: block became allow'],
    [['budgets', 'per_repo_day', 'usd'], 21, 'budgets: per_repo_day.usd: $20 became $21'],
    [
      ['budgets', 'per_repo_day', 'tasks'],
      undefined,
      'budgets: per_repo_day.tasks: 10 became none',
    ],
    [['budgets', 'on_exceed'], 'pause', 'budgets: on_exceed: ask became pause'],
    [['models', 'routes'], [], 'models: routes: was a list, is any model now'],
    [
      ['models', 'routes', 1, 'use'],
      ['large', 'other'],
      'models: route review any class: now also other',
    ],
    [
      ['models', 'routes', 1, 'differ_from'],
      undefined,
      'models: route review any class: differ_from: true became false',
    ],
    [['models', 'data'], [], 'models: data: no longer src/payments/'],
    [
      ['models', 'data', 0, 'providers'],
      ['local', 'far'],
      'models: data src/payments/: now also far',
    ],
    [ROLE, undefined, 'agent coder: is gone, and may write anything'],
    [[...ROLE, 'write'], undefined, 'agent coder: write: was a list, is anything now'],
    [[...ROLE, 'readonly'], [], 'agent coder: readonly: no longer AGENTS.md'],
    [[...ROLE, 'hidden'], [], 'agent coder: hidden: no longer secrets/'],
    [
      [...ROLE, 'tools', 'allow'],
      ['read', 'edit', 'shell'],
      'agent coder: tools.allow: now also shell',
    ],
    [[...ROLE, 'tools', 'ask'], [], 'agent coder: tools.ask: no longer mcp.*'],
    [[...ROLE, 'tools', 'deny'], [], 'agent coder: tools.deny: no longer git.push'],
    [
      [...ROLE, 'expected_harness'],
      undefined,
      'agent coder: expected_harness: was a list, is anything now',
    ],
    [[...ROLE, 'on_other_harness'], 'alarm', 'agent coder: on_other_harness: refuse became alarm'],
    [
      ['never_delegate', 0],
      { action: 'edit-policy', gate: { group: 'platform' } },
      'never_delegate edit-policy: absolute: true became false',
    ],
    [['never_delegate', 1], undefined, 'never_delegate force-push: is gone'],
    [
      ['never_delegate', 1, 'gate', 'count'],
      1,
      'never_delegate force-push: gate: no longer platform ×2',
    ],
    [['separation', 'exclude'], ['committers'], 'separation: exclude: no longer operator'],
    [
      ['separation', 'unknown_operator'],
      'allow',
      'separation: unknown_operator: block became allow',
    ],
    [
      ['separation', 'bots_never_approve'],
      false,
      'separation: bots_never_approve: true became false',
    ],
    [['exemptions', 0, 'paths'], ['src/auth/old/', 'src/'], 'exemption ex-1: paths: now also src/'],
    [
      ['exemptions', 0, 'expires'],
      '2027-01-31',
      'exemption ex-1: expires: 2026-12-31 became 2027-01-31',
    ],
    [['break_glass', 'groups'], ['security', 'platform'], 'break_glass: groups: now also platform'],
    [['break_glass', 'max_duration'], '2h', 'break_glass: max_duration: 1h became 2h'],
    [['break_glass', 'reason_min_chars'], 10, 'break_glass: reason_min_chars: 30 became 10'],
    [['break_glass', 'never'], [], 'break_glass: never: no longer edit-policy'],
    [['break_glass', 'review_within'], '72h', 'break_glass: review_within: 2d became 3d'],
    [['delegation', 'max_days'], 9, 'delegation: max_days: 3d became 9d'],
    [['delegation', 'scope'], undefined, 'delegation: scope: was a list, is anything now'],
    [['evidence', 'sign'], undefined, 'evidence: sign: true became false'],
    [['evidence', 'attest'], ['approval'], 'evidence: attest: no longer verdict'],
    [['evidence', 'retain'], '30d', 'evidence: retain: 90d became 30d'],
    [['evidence', 'publish'], [], 'evidence: publish: no longer sarif'],
  ])('%j', (at, value, what) => {
    const now = loaded(edited(at, value));
    const changes = policyDiff(full, now);
    expect(lines(changes)).toContain(`looser: ${what}`);
    expect(changes.some(isLooser)).toBe(true);
    expect(policyDiff(now, full).map(({ effect }) => effect)).toContain('tighter');
  });
});

/** What loosens by being there. */
test.each<[Path, string, string]>([
  [
    ['exemptions'],
    'looser: exemption ex-1: is new: src/auth/old/ of gate auth until 2026-12-31',
    'tighter: exemption ex-1: is gone',
  ],
  [
    ['break_glass'],
    'looser: break_glass: an emergency may open gates now',
    'tighter: break_glass: no emergency opens gates any more',
  ],
  [
    ['delegation'],
    'looser: delegation: a vote may be handed on now',
    'tighter: delegation: no vote may be handed on any more',
  ],
  [
    ['separation', 'escalation'],
    'looser: separation: escalation: security may lift vetoes now',
    'tighter: separation: escalation: security may no longer lift vetoes',
  ],
])('%j loosens by being there', (at, came, gone) => {
  expect(told(edited(at, undefined), FULL)).toContain(came);
  expect(told(FULL, edited(at, undefined))).toContain(gone);
});

describe('where it cannot be told it may be looser', () => {
  test.each<[Path, unknown, string]>([
    [[...GATE, 'paths'], ['src/auth/', 'src/log*/'], 'gate auth: paths: no longer src/login/'],
    [[...GATE, 'except'], ['src/auth/doc/'], 'gate auth: except: now also src/auth/doc/'],
    [['content', 0, 'paths'], undefined, 'content rule env: paths changed'],
    [
      ['groups', 'security'],
      { github_team: 'acme/all' },
      'group security: where its members come from changed',
    ],
    [['validators', 'unit', 'run'], ['true'], 'validator unit: what it runs or reads changed'],
    [
      ['models', 'routes', 0, 'class'],
      ['low'],
      'models: routes: other stages, classes or another order',
    ],
    [['exemptions', 0, 'gate'], 'docs', 'exemption ex-1: gate changed'],
    [['exemptions', 0, 'granted_by'], 'github:li', 'exemption ex-1: granted_by changed'],
    [['break_glass', 'incident_url'], 'https://example.com/', 'break_glass: incident_url changed'],
    [['metadata', 'layer'], 'org', 'policy: layer changed'],
    [['separation', 'escalation'], 'platform', 'separation: escalation changed'],
    [[...ROLE, 'write'], ['src/', 'tests/'], 'agent coder: write: now also tests/'],
  ])('%j', (at, value, what) => {
    expect(told(FULL, edited(at, value))).toContain(`may be looser: ${what}`);
  });
});

test('what only people read is neither', () => {
  const now = structuredClone(FULL);
  now.metadata.why = 'Other.';
  now.gates.reverse();
  for (const gate of now.gates) if (gate.id === 'auth') gate.why = 'Other.';
  expect(told(FULL, now)).toEqual([
    'neither: policy: why changed',
    'neither: gate auth: why changed',
    'neither: gates: another order',
  ]);
});

test('a gate that has another name and is the same otherwise is neither', () => {
  expect(told(FULL, edited([...GATE, 'id'], 'login'))).toEqual([
    'neither: gate auth: is called login now',
    'neither: gate login: was called auth',
  ]);
});

test('covering more is no tighter where the gate asks for less than what no gate covers', () => {
  expect(told(FULL, edited(['gates', 1, 'paths'], ['docs/', 'src/']))).toEqual([
    'may be looser: gate docs: paths: now also src/; it asks for less than `unmatched`, which its paths no longer take',
  ]);
  const without = edited(['gates', 1], undefined);
  expect(told(without, FULL)).toEqual([
    'may be looser: gate docs: is new and asks for less than `unmatched`, which its paths no longer take',
  ]);
  expect(told(FULL, without)).toEqual(['tighter: gate docs: is gone; it asked for nothing']);
});

test('a higher class that asks for less in part may be looser', () => {
  const odd = edited(['classes', 'high'], { approvals: [], surface: 'ready-pr', expires: '9d' });
  const raised = structuredClone(odd) as typeof FULL;
  for (const gate of raised.gates) if (gate.id === 'docs') gate.class = 'high';
  expect(told(odd, raised)).toEqual([
    'may be looser: gate docs: class: low became high, which asks for less in part',
  ]);
});

const PACK = (version: number, risk: string) =>
  `{ apiVersion: proofhouse/v1, kind: Pack, metadata: { name: p, version: ${version}, why: x }, gates: [{ id: p.ci, class: ${risk}, paths: [ci/] }] }`;

function withPack(version: number, risk = 'high') {
  const name = `builtin:p@${version}`;
  const parsed = parseYaml(PACK(version, risk), name, PackFile);
  if ('problems' in parsed) throw new Error('a pack');
  const { value: policy, digest, place } = parsed;
  const where = (at: Path) => `${name}:${at.join('.')}`;
  return { ...loaded(FULL), packs: [{ policy, name, digest, place, where }] };
}

test('a pack that is gone is told with its gates, and one of another version gate by gate', () => {
  expect(lines(policyDiff(withPack(1), loaded(FULL)))).toEqual([
    'looser: pack builtin:p@1: is gone, with p.ci',
  ]);
  expect(lines(policyDiff(loaded(FULL), withPack(1)))).toEqual([
    'tighter: pack builtin:p@1: is new, with p.ci',
  ]);
  expect(lines(policyDiff(loaded(FULL), withPack(1, 'low')))).toEqual([
    'may be looser: pack builtin:p@1: is new, with p.ci',
  ]);
  expect(lines(policyDiff(withPack(1), withPack(2, 'medium')))).toEqual([
    'looser: gate p.ci: class: high became medium',
    'neither: pack builtin:p@2: was builtin:p@1',
  ]);
});

test('the looser comes first, and each difference has its line', () => {
  const now = structuredClone(FULL);
  now.limits.max_files = 50;
  now.limits.max_changed_lines = 9999;
  now.groups.platform.members.pop();
  const [before, after] = [FULL, now].map((value) =>
    load(JSON.stringify(value, null, 1), 'p.yaml'),
  );
  if (!before || !after) throw new Error('two policies');
  expect(policyDiff(before, after).map(({ effect, where }) => `${effect} ${where}`)).toEqual([
    expect.stringMatching(/^looser p\.yaml:\d+:\d+$/),
    expect.stringMatching(/^tighter p\.yaml:\d+:\d+$/),
    expect.stringMatching(/^tighter p\.yaml:\d+:\d+$/),
  ]);
});

/** Whatever is taken out of a policy, or put in, is told. */
test('no key of the language goes unseen', () => {
  const paths: Path[] = [];
  const walk = (node: unknown, at: Path): void => {
    if (at.length > 0) paths.push(at);
    if (node === null || typeof node !== 'object') return;
    for (const [key, value] of Object.entries(node)) {
      walk(value, [...at, Array.isArray(node) ? Number(key) : key]);
    }
  };
  walk(FULL, []);
  const before = full;
  let tried = 0;
  for (const at of paths) {
    const after = (() => {
      try {
        return loaded(edited(at, undefined));
      } catch {
        return null; // What cannot be left out is no policy.
      }
    })();
    if (after === null || JSON.stringify(after.policy) === JSON.stringify(before.policy)) continue;
    tried += 1;
    expect(policyDiff(before, after), at.join('.')).not.toEqual([]);
    expect(policyDiff(after, before), at.join('.')).not.toEqual([]);
  }
  expect(tried).toBeGreaterThan(80);
});

test('what no difference loosens loosens no change', () => {
  const near = fc.tuple(sections, sections, fc.constantFrom(...SECTIONS));
  let kept = 0;
  fc.assert(
    fc.property(near, fc.uniqueArray(fc.constantFrom(...PATHS)), ([old, other, key], paths) => {
      const [before, after] = [layerOf(old), layerOf({ ...old, [key]: other[key] })];
      if (policyDiff(before, after).some(isLooser)) return;
      kept += 1;
      const facts = factsOf(paths);
      expect(loosenings(decide([before], facts, NOW), decide([after], facts, NOW))).toEqual([]);
    }),
    { numRuns: 60 },
  );
  expect(kept).toBeGreaterThan(5);
});
