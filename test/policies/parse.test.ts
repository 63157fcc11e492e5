import { describe, expect, test } from 'vitest';
import { sha256 } from '../../orchestrator/domain/canonical.ts';
import { builtinPack, parsePolicy } from '../../policies/parse.ts';
import { renderProblem } from '../../policies/problems.ts';
import { FULL, load, minimal, NAME } from './sample.ts';
import { EVERY } from './schema/every.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

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

test('units end up in the names, and what was written is what holds', () => {
  const { policy } = load(JSON.stringify(EVERY));
  expect(policy.classes.critical).toMatchObject({
    distinct: true,
    surface: 'hold',
    bind: 'tree',
    carryForward: 'scoped',
    expiresMs: 72 * HOUR_MS,
  });
  expect(policy.classes.critical.approvals).toEqual([
    { group: 'platform', count: 1 },
    { anyOf: [[{ group: 'security', count: 1 }], [{ group: 'team', count: 2 }]] },
  ]);
  expect(policy.groups).toEqual({
    platform: { members: ['local:pia'], from: null, file: null, minAssurance: 'forge' },
    security: {
      members: ['local:rita', 'local:sam'],
      from: null,
      file: null,
      minAssurance: 'session',
    },
    team: { members: null, from: 'github_team:acme/web.team', file: null, minAssurance: 'signed' },
    listed: {
      members: null,
      from: 'file:docs/owners.txt',
      file: 'docs/owners.txt',
      minAssurance: 'session',
    },
  });
  expect(policy.limits).toEqual({
    maxFiles: 60,
    maxChangedLines: 2_000,
    maxFileBytes: 2 ** 20,
    maxBinaryBytes: 2 ** 18,
    maxNewDependencies: 3,
    over: 'critical',
    absolute: { maxFiles: 500, maxChangedLines: 20_000 },
  });
  expect(policy.validators['unit']).toEqual({
    kind: 'command',
    run: ['npm', 'test'],
    image: 'base',
    reports: { junit: 'junit.xml', tap: '*.tap', sarif: 'lint.sarif' },
    timeoutMs: 300_000,
    memoryBytes: 2 ** 30,
    minTests: 3,
    requiredFor: ['**'],
    testsFrom: 'base',
  });
  expect(policy.budgets).toEqual({
    microUsd: 2_500_000,
    tokens: 2_000_000,
    wallMs: 1_200_000,
    turns: 60,
    retries: 2,
    refusals: 9,
    cacheMisses: 5,
    wrapUpPercent: 75,
    windows: [
      {
        ...{ of: 'team', name: 'team', per: 'month' },
        ...{ microUsd: 500_000_000, tokens: 90_000_000, calls: 9_000 },
      },
    ],
    perRepoDay: { microUsd: 150_000_000, tasks: 40 },
    onExceed: 'pause',
  });
  expect(policy.network?.agent).toEqual([
    { host: null, via: 'model-gateway', ports: [443], methods: ['GET', 'HEAD'] },
    { host: '*.example.com', via: null, ports: [443], methods: ['GET'] },
  ]);
  expect(policy.breakGlass).toMatchObject({ maxDurationMs: HOUR_MS, reviewWithinMs: DAY_MS });
  expect(policy.delegation).toEqual({ maxMs: 14 * DAY_MS, scope: ['auth'] });
  expect(policy.separation).toEqual({
    exclude: ['requester', 'committers'],
    unknownOperator: 'allow',
    botsNeverApprove: false,
    escalation: 'security',
  });
  expect(policy.exemptions[0]).toMatchObject({ grantedBy: 'local:mo', ticket: 'T-1' });
});

describe('what is left out', () => {
  const { policy } = load(minimal());
  const loose = {
    approvals: [],
    distinct: false,
    surface: 'ready-pr',
    bind: 'change',
    carryForward: 'never',
    expiresMs: 7 * DAY_MS,
  };
  const none = { maxFiles: null, maxChangedLines: null };

  test.each<[keyof typeof policy, unknown]>([
    ['enforcement', 'enforce'],
    ['packs', []],
    ['groups', {}],
    ['unmatched', 'medium'],
    ['gates', []],
    ['content', []],
    ['validators', {}],
    ['network', undefined],
    ['models', undefined],
    ['agents', {}],
    ['neverDelegate', []],
    ['separation', undefined],
    ['exemptions', []],
    ['breakGlass', undefined],
    ['delegation', undefined],
    ['evidence', undefined],
    [
      'limits',
      {
        ...none,
        maxFileBytes: null,
        maxBinaryBytes: null,
        maxNewDependencies: null,
        over: 'high',
        absolute: none,
      },
    ],
    [
      'budgets',
      {
        ...{ microUsd: null, tokens: null, wallMs: null, turns: null, retries: null },
        ...{ refusals: null, cacheMisses: null, wrapUpPercent: null, windows: [] },
        perRepoDay: { microUsd: null, tasks: null },
        onExceed: 'fail',
      },
    ],
    [
      'classes',
      {
        low: loose,
        medium: loose,
        high: {
          ...loose,
          approvals: [{ group: 'platform', count: 1 }],
          surface: 'hold',
          bind: 'tree',
          expiresMs: 3 * DAY_MS,
        },
        critical: {
          ...loose,
          approvals: [{ group: 'security', count: 1 }],
          distinct: true,
          surface: 'hold',
          bind: 'evidence',
          expiresMs: DAY_MS,
        },
      },
    ],
  ])('%s', (section, expected) => {
    expect(policy[section]).toEqual(expected);
  });

  test('keys of a gate, a rule, a validator and what else has a name', () => {
    const source = minimal(`gates: [{ id: a, class: low, paths: [a] }]
content: [{ id: b, class: low, detect: sql.destructive }]
validators: { u: { run: [x], reports: { junit: j.xml } } }
agents: { coder: {} }
models: {}
evidence: {}
separation: {}
delegation: { max_days: 1 }
network: { phases: { agent: { allow: [{ host: a.example }] } } }
classes: { high: { distinct: true } }
never_delegate: [{ action: edit-audit, gate: { group: a } }]
break_glass: { groups: [a], incident_url: "https://a.example/" }`);
    const written = load(source).policy;
    const operations = ['add', 'modify', 'delete', 'mode', 'type', 'link', 'gitlink'];
    const asked = { except: [], operations, approvals: [], validators: [] };
    expect(written.gates).toEqual([
      { id: 'a', class: 'low', paths: ['a'], ...asked, require_with: [] },
    ]);
    expect(written.content).toEqual([
      { id: 'b', class: 'low', detect: 'sql.destructive', on_parse_error: 'fire', ...asked },
    ]);
    expect(written.validators['u']).toMatchObject({
      kind: 'command',
      image: 'base',
      timeoutMs: 600_000,
      memoryBytes: 2 ** 30,
      minTests: 1,
      requiredFor: ['**'],
      testsFrom: 'head',
    });
    const tools = { ask: [], deny: [] };
    expect(written.agents['coder']).toEqual({
      ...{ readonly: [], hidden: [], tools },
      onOtherHarness: 'refuse',
    });
    expect(written.models).toEqual({ routes: [], free: [], data: [] });
    expect(written.evidence).toEqual({ attest: [], publish: [] });
    expect(written.separation).toEqual({
      exclude: [],
      unknownOperator: 'block',
      botsNeverApprove: true,
      escalation: null,
    });
    expect(written.delegation).toEqual({ maxMs: DAY_MS, scope: null });
    expect(written.network?.setup).toEqual([]);
    expect(written.network?.agent[0]).toMatchObject({ ports: [443], methods: ['GET', 'HEAD'] });
    // What a class does not say it keeps.
    expect(written.classes.high).toMatchObject({ distinct: true, surface: 'hold', bind: 'tree' });
    expect(written.neverDelegate).toEqual([
      { action: 'edit-audit', absolute: false, gate: { group: 'a', count: 1 } },
    ]);
    expect(written.breakGlass).toEqual({
      groups: ['a'],
      count: 2,
      maxDurationMs: 2 * HOUR_MS,
      reasonMinChars: 30,
      incidentUrl: 'https://a.example/',
      never: ['edit-policy', 'secrets', 'audit'],
      reviewWithinMs: 48 * HOUR_MS,
    });
  });
});

describe('a repository layer', () => {
  test.each([
    [
      'break_glass: { groups: [a], incident_url: "https://a.example/" }',
      'P0412 4:14 only the organisation says this',
    ],
    ['evidence: { sign: ed25519 }', 'P0412 4:19 only the organisation says this'],
    [
      'never_delegate: [{ action: edit-audit, absolute: true }]',
      'P0412 4:50 only the organisation says this',
    ],
    [
      'groups: { dba: { members: [] } }',
      'P0412 4:16 a repository layer names its own groups repo/…, as in repo/dba',
    ],
  ])('may not say %s', (section, expected) => {
    expect(
      problemsOf(minimal(section, 'repo'))[0]?.startsWith(expected),
      problemsOf(minimal(section, 'repo'))[0],
    ).toBe(true);
    expect(problemsOf(minimal(section, 'org'))).toEqual([]);
  });

  test.each([
    'groups: { repo/dba: { members: [local:mo] } }',
    'never_delegate: [{ action: edit-audit, gate: { group: repo/dba } }]',
    'evidence: { attest: [verdict] }',
    'gates: [{ id: a, class: low, paths: [a], approvals: [{ group: repo/dba }] }]',
  ])('may say %s', (section) => {
    expect(problemsOf(minimal(section, 'repo'))).toEqual([]);
  });
});

test('a pack that this release does not have is refused where it is named, and the nearest is told', () => {
  const parsed = parsePolicy(minimal('packs: ["builtin:nod@1"]'), NAME);
  const [first] = 'problems' in parsed ? parsed.problems : [];
  expect(first).toMatchObject({
    code: 'P0414',
    line: 4,
    column: 9,
    hint: 'did you mean `builtin:node@1`?',
  });
});

test('a pack is read once and comes with the layer that names it', () => {
  const loaded = load(minimal('packs: ["builtin:node@1", "builtin:github-actions@1"]'));
  expect(loaded.packs.map(({ name }) => name)).toEqual([
    'builtin:node@1',
    'builtin:github-actions@1',
  ]);
  expect(loaded.packs[0]).toBe(builtinPack('builtin:node@1'));
  expect(loaded.packs[0]?.where(['gates', 0])).toMatch(/^builtin:node@1:\d+:\d+$/);
  expect(builtinPack('builtin:../../package')).toBeNull();
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
        = in: classes › critical › approvals[0]
        = see: proofhouse policy explain-code P0103"
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
