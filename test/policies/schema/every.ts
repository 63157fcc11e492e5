/** A policy in which each key of the language occurs, and how a test writes one of them otherwise. */
import { parsePolicy } from '../../../policies/parse.ts';
import type { Problem } from '../../../policies/problems.ts';
import type { Policy } from '../../../policies/schema.ts';

export type Step = string | number;
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const asking = {
  approvals: [
    { group: 'platform', count: 1 },
    { any_of: [[{ group: 'security', count: 1 }], [{ group: 'team', count: 2 }]] },
  ],
};
const rule = {
  validators: ['unit'],
  distinct: true,
  surface: 'hold',
  bind: 'tree',
  carry_forward: 'scoped',
  expires: '72h',
  ...asking,
};
const matching = {
  why: 'One bug is everyone’s account.',
  class: 'high',
  surface: 'draft-pr',
  except: ['src/auth/docs/'],
  operations: ['add', 'link', 'gitlink'],
  branches: ['refs/heads/main'],
  validators: ['unit'],
  paths: ['src/auth/'],
  ...asking,
};
const inspection = {
  timeout: '5m',
  memory: '1GiB',
  min_tests: 3,
  required_for: ['**'],
  tests_from: 'base',
};
const doors = (via: string) => ({
  allow: [{ via }, { host: '*.example.com', ports: [443], methods: ['GET'] }],
});

export const EVERY: { [key: string]: Json } = {
  apiVersion: 'proofhouse/v1',
  kind: 'Policy',
  metadata: { name: 'shop', layer: 'standalone', owner: 'platform', why: 'Guardrails.' },
  enforcement: 'evaluate',
  packs: ['builtin:node@1'],
  groups: {
    platform: { members: ['local:pia'], min_assurance: 'forge' },
    security: { members: ['local:rita', 'local:sam'] },
    team: { github_team: 'acme/web.team', min_assurance: 'signed' },
    listed: { file: 'docs/owners.txt' },
  },
  classes: { low: rule, medium: rule, high: rule, critical: rule },
  unmatched: { class: 'low' },
  gates: [{ id: 'auth', ...matching, require_with: ['docs/auth.md'] }],
  content: [
    {
      id: 'scripts',
      ...matching,
      detect: 'npm.dependency-added',
      with: {},
      on_parse_error: 'fire',
    },
    { id: 'raw-env', class: 'low', text: { added_re2: ['process[.]env'], removed_re2: ['x'] } },
  ],
  limits: {
    max_files: 60,
    max_changed_lines: '2k',
    max_file_bytes: '1MiB',
    max_binary_bytes: '256KiB',
    max_new_dependencies: 3,
    over: { class: 'critical' },
    absolute: { max_files: 500, max_changed_lines: '20k' },
  },
  validators: {
    unit: {
      kind: 'command',
      run: ['npm', 'test'],
      image: 'base',
      reports: { junit: 'junit.xml', tap: '*.tap', sarif: 'lint.sarif' },
      ...inspection,
    },
    e2e: {
      kind: 'playwright',
      app: { run: ['node', 'server.js'], port: 3_000 },
      tests: 'e2e/',
      pages: [{ path: '/', name: 'front' }],
      visual_fail_above: 2.5,
      ...inspection,
    },
    read: {
      kind: 'review',
      required: true,
      raises: ['auth'],
      raises_from: 'medium',
      required_for: ['**'],
    },
    secrets: { kind: 'secrets', except: ['test/fixtures/'], required_for: ['**'] },
    weaker: {
      kind: 'tests-weakened',
      compare: ['unit'],
      advisory: true,
      required_for: ['**'],
    },
    packages: {
      kind: 'dependencies',
      allow: ['@acme/*'],
      cool_down: '7d',
      advisory: true,
      required_for: ['**'],
    },
    small: {
      kind: 'size',
      max_files: 60,
      max_changed_lines: 1_500,
      max_bytes: '2MiB',
      max_file_bytes: '1MiB',
      advisory: true,
      required_for: ['**'],
    },
  },
  require: {
    engine: '23.0',
    runc: '1.2.8',
    kernel: '6.1',
    git: '2.48.0',
    runtime: 'runsc',
    cgroups: 2,
    hard_quota: true,
    user_namespace: true,
    lsm: true,
    swap_accounting: true,
    io_uring_disabled: true,
    no_known_bad: true,
  },
  network: {
    default: 'deny',
    phases: {
      setup: doors('package-registry'),
      agent: doors('model-gateway'),
      validate: { allow: [] },
    },
  },
  budgets: {
    per_task: {
      ...{ usd: 2.5, tokens: '2M', wall: '20m', turns: 60, retries: 2 },
      ...{ refusals: 9, cache_misses: 5, wrap_up: 75 },
    },
    per_repo_day: { usd: 150, tasks: 40 },
    windows: [{ of: 'team', name: 'team', per: 'month', usd: 500, tokens: '90M', turns: '9k' }],
    on_exceed: 'pause',
  },
  models: {
    routes: [{ stage: 'code', class: ['low'], use: ['frontier'], differ_from: 'code.vendor' }],
    free: ['local-small'],
    data: [{ paths: ['src/payments/'], providers: ['local'] }],
  },
  agents: {
    coder: {
      write: ['src/'],
      readonly: ['.github/'],
      hidden: ['**/.env'],
      tools: { allow: ['read'], ask: ['mcp.*'], deny: ['git.push'] },
      expected_harness: [`sha256:${'a'.repeat(64)}`],
      on_other_harness: 'alarm',
    },
  },
  never_delegate: [
    { action: 'edit-policy', absolute: true },
    { action: 'delete-data', gate: { group: 'security', count: 2 } },
  ],
  separation: {
    exclude: ['requester', 'committers'],
    unknown_operator: 'allow',
    bots_never_approve: false,
    escalation: 'security',
  },
  exemptions: [
    {
      id: 'ex-1',
      gate: 'auth',
      paths: ['src/auth/old/'],
      why: 'Frozen.',
      ticket: 'T-1',
      granted_by: 'local:mo',
      expires: '2026-03-31',
    },
  ],
  break_glass: {
    groups: ['security'],
    count: 2,
    max_duration: '1h',
    reason_min_chars: 40,
    incident_url: 'https://incidents.example.com/',
    never: ['secrets'],
    review_within: '24h',
  },
  delegation: { max_days: 14, scope: ['auth'] },
  evidence: {
    sign: 'ed25519',
    attest: ['verdict'],
    retain: '400d',
    publish: ['sarif'],
  },
};

/** The policy above with one place written otherwise, or left out where `value` is undefined. */
export function everyWith(path: readonly Step[], value: unknown): string {
  // A copy without shared parts: `structuredClone` would keep them shared.
  const root: Record<Step, unknown> = JSON.parse(JSON.stringify(EVERY));
  const last = path.at(-1) ?? '';
  const parent = path.slice(0, -1).reduce<Record<Step, unknown>>((at, step) => {
    return at[step] as Record<Step, unknown>;
  }, root);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return JSON.stringify(root, null, 2);
}

export function read(source: string): { policy: Policy } | { problems: readonly Problem[] } {
  const parsed = parsePolicy(source, 'policy.yaml');
  return 'problems' in parsed ? parsed : { policy: parsed.policy.policy };
}

/** `classes.high.approvals[].group` for the way to it: numbers and names that a file chooses are left out. */
export function keyName(path: readonly Step[]): string {
  const chosen = ['groups', 'validators', 'agents'];
  return path
    .map((step, at) => {
      if (typeof step === 'number') return '[]';
      return at === 1 && chosen.includes(String(path[0])) ? '.*' : `.${step}`;
    })
    .join('')
    .slice(1);
}
