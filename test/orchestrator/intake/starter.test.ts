import { expect, test } from 'vitest';
import { type Facts, Operation } from '../../../orchestrator/domain/change.ts';
import { Digest, Person, Sha } from '../../../orchestrator/domain/ids.ts';
import type { Judgement } from '../../../orchestrator/domain/judgement.ts';
import { starterFiles } from '../../../orchestrator/intake/starter.ts';
import { type Survey, survey } from '../../../orchestrator/intake/survey.ts';
import { parseWorkspaceFile } from '../../../orchestrator/intake/workspace-file.ts';
import { decide } from '../../../policies/decide.ts';
import { POLICY_KEYS } from '../../../policies/json-schema.ts';
import { lint } from '../../../policies/lint.ts';
import { type LoadedPolicy, parsePolicy } from '../../../policies/parse.ts';
import { formatYaml } from '../../../policies/yaml-format.ts';
import { type Files, SHAPE_NAMES, SHAPES, type Shape } from './repositories.ts';

const PIA = Person.parse('local:pia');

function surveyOf(files: Files, name = 'shop', defaultBranch: string | null = 'main'): Survey {
  return survey({
    name,
    defaultBranch,
    paths: Object.keys(files),
    read: (path) => files[path] ?? null,
  });
}

function starter(files: Files) {
  const written = starterFiles(surveyOf(files), PIA);
  return {
    policy: written['.proofhouse/policy.yaml'],
    workspace: written['.proofhouse/workspace.yaml'],
  };
}

function loaded(source: string): LoadedPolicy {
  const parsed = parsePolicy(source, '.proofhouse/policy.yaml');
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems, null, 2));
  return parsed.policy;
}

const NOW = '2026-03-01T10:00:00Z';

/** What the starter policy of these files says of a change that touches one path. */
function judge(files: Files, path: string, operation: Operation = 'modify'): Judgement {
  const base = Sha.parse('0'.repeat(40));
  const entry = {
    path,
    operation,
    oldMode: '100644',
    newMode: '100644',
    oldOid: base,
    newOid: base,
  };
  const facts: Facts = {
    change: {
      base,
      tree: base,
      entries: Digest.parse(`sha256:${'0'.repeat(64)}`),
      files: 1,
      addedLines: 1,
      removedLines: 0,
    },
    entries: [entry],
    blobBytes: { [base]: 10 },
    binary: [],
    target: 'refs/heads/main',
    texts: {},
    roots: [],
    history: [],
    groups: {},
    madeBy: null,
  };
  return decide([loaded(starter(files).policy)], facts, NOW);
}

test.each(SHAPE_NAMES)(
  '%s: the policy has no error, and warns only of what is guarded before it exists',
  (shape) => {
    const policy = loaded(starter(SHAPES[shape]).policy);
    const known = [...Object.keys(SHAPES[shape]), '.proofhouse/policy.yaml', 'a'];
    const guarded = ['agent-rules', 'ci', 'dependencies'];
    // One person cannot approve what they ask for; the file says so above its groups.
    const problems = lint([policy], { known, now: NOW, requester: null }).filter(
      ({ code, severity }) => severity !== 'info' && code !== 'P0304',
    );
    for (const { code, severity, path } of problems) {
      expect({ code, severity }).toEqual({ code: 'P0201', severity: 'warning' });
      expect(guarded).toContain(policy.policy.gates[Number(path[1])]?.id);
    }
  },
);

test.each(SHAPE_NAMES)('%s: the policy is written in its one form', (shape) => {
  const { policy } = starter(SHAPES[shape]);
  expect(formatYaml(policy, POLICY_KEYS)).toBe(policy);
});

test.each(SHAPE_NAMES)('%s: both files are read without a problem', (shape) => {
  const { workspace } = starter(SHAPES[shape]);
  expect(parseWorkspaceFile(workspace, 'workspace.yaml').agent).toEqual({ kind: 'codex' });
});

test.each(SHAPE_NAMES)(
  '%s: nobody gets past the rules, the pipeline and the dependencies unseen',
  (shape) => {
    const verdicts = (path: string) =>
      Operation.options.map((operation) => judge(SHAPES[shape], path, operation).verdict);
    expect(new Set(verdicts('.proofhouse/policy.yaml'))).toEqual(new Set(['deny']));
    expect(new Set(verdicts('.proofhouse/workspace.yaml'))).toEqual(new Set(['deny']));
    for (const path of [
      'AGENTS.md',
      'packages/a/CLAUDE.md',
      '.mcp.json',
      '.claude/settings.json',
    ]) {
      expect(new Set(verdicts(path))).toEqual(new Set(['hold']));
    }
    for (const path of ['.github/workflows/x.yml', 'docs/CODEOWNERS', 'package.json', '.npmrc']) {
      expect(new Set(verdicts(path))).toEqual(new Set(['hold']));
    }
  },
);

test.each(SHAPE_NAMES)('%s: every change needs a validator', (shape) => {
  expect(judge(SHAPES[shape], 'some/where.txt')).toMatchObject({
    verdict: 'allow',
    validators: ['secrets', 'tests-weakened', 'unit'],
  });
});

test.each<[Shape, string, string]>([
  ['plain JavaScript with node:test and no lock', 'src/auth/new.js', 'auth'],
  ['plain JavaScript with node:test and no lock', 'package-lock.json', 'dependencies'],
  ['TypeScript with vitest and an npm lock', 'src/payments/charge.ts', 'payments'],
  ['TypeScript with vitest and an npm lock', 'Dockerfile', 'infrastructure'],
  ['TypeScript with vitest and an npm lock', 'vitest.config.ts', 'test-setup'],
  ['mocha', 'lib/session.js', 'auth'],
  ['a pnpm monorepo', 'packages/web/app/(auth)/login.tsx', 'auth'],
  ['a pnpm monorepo', 'packages/db/prisma/migrations/2/migration.sql', 'migrations'],
  ['a pnpm monorepo', 'packages/db/prisma/schema.prisma', 'migrations'],
  ['a pnpm monorepo', 'pnpm-lock.yaml', 'dependencies'],
])('%s: %s opens the gate %s', (shape, path, gate) => {
  const judged = judge(SHAPES[shape], path);
  expect(judged.verdict).toBe('hold');
  expect(judged.gates.map(({ id }) => id)).toEqual([gate]);
});

test.each(['a pnpm monorepo', 'one empty commit', 'no tests'] as const)(
  '%s: nobody knows how it is tested, so the validator fails and says what to fill in',
  (shape) => {
    const { policy } = starter(SHAPES[shape]);
    expect(policy).toContain('# NOT READY: every change fails until you fill this in.');
    const { unit } = loaded(policy).policy.validators;
    expect(unit).toMatchObject({ kind: 'command', requiredFor: ['**'], minTests: 1 });
    expect(unit && 'run' in unit ? unit.run.at(-1) : '').toMatch(/; process\.exit\(1\)$/);
  },
);

const validatorsOf = (files: Files) => loaded(starter(files).policy).policy.validators;

test('a Playwright set-up that is known whole becomes a validator', () => {
  const files = {
    'package.json': '{"scripts":{"start":"node app.js"}}',
    'playwright.config.ts': "use: { baseURL: 'http://localhost:4173' }",
    'e2e/a.spec.ts': '',
  };
  expect(Object.keys(validatorsOf(files))).toEqual(['e2e', 'secrets', 'tests-weakened']);
  expect(validatorsOf(files)['e2e']).toMatchObject({
    kind: 'playwright',
    app: { run: ['npm', 'start'], port: 4173 },
    tests: 'e2e/',
    requiredFor: ['**'],
  });
});

test('a Playwright set-up with holes stays a comment, and something else must prove the change', () => {
  const files = { 'package.json': '{}', 'playwright.config.ts': '' };
  expect(Object.keys(validatorsOf(files))).toEqual(['unit', 'secrets', 'tests-weakened']);
  expect(starter(files).policy).toContain(
    'correct how the app is started (app.run) and its port (app.port) and the folder of the specs (tests)',
  );
});

const dependenciesOf = (files: Files) =>
  parseWorkspaceFile(starter(files).workspace, 'workspace.yaml').dependencies;

test('npm installs by the lock where there is one', () => {
  expect(dependenciesOf(SHAPES['TypeScript with vitest and an npm lock'])).toEqual({
    run: [['npm', 'ci']],
    keyedBy: ['package.json', 'package-lock.json'],
  });
  const files = SHAPES['plain JavaScript with node:test and no lock'];
  expect(dependenciesOf(files)).toEqual({
    run: [['npm', 'ci']],
    keyedBy: ['package.json', 'package-lock.json'],
  });
  expect(starter(files).workspace).toContain('#   npm install --package-lock-only');
});

test('the manifests of npm workspaces decide what is installed too', () => {
  const files = {
    'package.json': '{"workspaces":["a"]}',
    'a/package.json': '{}',
    'package-lock.json': '',
  };
  expect(dependenciesOf(files)?.keyedBy).toEqual([
    'package.json',
    'a/package.json',
    'package-lock.json',
  ]);
});

test.each([
  [{}, 'There is no package.json here.'],
  [{ 'app/package.json': '{}' }, 'There is no package.json at the root (but app/package.json).'],
  [{ 'package.json': '{}' }, 'package.json names no dependency.'],
  [{ 'package.json': '{' }, 'package.json is not JSON that npm would read.'],
  [{ 'package.json': '{}', 'yarn.lock': '' }, 'This repository uses yarn (yarn.lock)'],
] as [Files, string][])('%j: nothing is installed, and the file says why', (files, why) => {
  expect(dependenciesOf(files)).toBeNull();
  expect(starter(files).workspace).toContain(why);
});

test('an example in a comment is good once its marks are off', () => {
  const source = starter(SHAPES['a pnpm monorepo']).workspace;
  const live = source.replace(/^# (dependencies:| {2,}(run|keyed_by|-)(?=[: ]))/gm, '$1');
  expect(parseWorkspaceFile(live, 'workspace.yaml').dependencies).toEqual({
    run: [['npm', 'ci']],
    keyedBy: ['package.json', 'package-lock.json'],
  });
});

test('agents are given the rules that are there', () => {
  const rulesOf = (files: Files) => parseWorkspaceFile(starter(files).workspace, 'w').rules;
  expect(rulesOf(SHAPES['TypeScript with vitest and an npm lock'])).toEqual(['AGENTS.md']);
  expect(rulesOf({ 'CLAUDE.md': '' })).toEqual(['CLAUDE.md']);
  expect(rulesOf({})).toEqual(['AGENTS.md']);
});

test('the owners of a repository are shown, and stay owners only', () => {
  const { policy } = starter(SHAPES['a pnpm monorepo']);
  expect(policy).toContain('#   /packages/db/  @acme/data ana@example.com\n');
  expect(policy).toContain('#   /docs/  (nobody)\n');
  expect(loaded(policy).policy.groups).toEqual({
    platform: expect.objectContaining({ members: [PIA] }),
    security: expect.objectContaining({ members: [PIA] }),
  });
});

test('no text of a repository leaves its comment or its quotes', () => {
  const evil = 'x\nunmatched: { class: low }\r\u2028gates: []\u0085y: "\u202e';
  const files = {
    'package.json': JSON.stringify({
      packageManager: 'npm@1',
      scripts: { test: `mocha '${evil}' && ${evil}`, pretest: evil },
      workspaces: [],
    }),
    'package-lock.json': '',
    [`${evil}/package.json`]: '{}',
    '.github/CODEOWNERS': `/a\u2028gates: []\u0085x @a\u0000b\n`,
    'playwright.config.ts': `testDir: './${evil}', command: 'node "${evil}"', port: 80`,
    'a "b" #c/auth/x.ts': '',
    'é🙂\u{e0041}/payments/x.ts': '',
  };
  const { 'package.json': _, ...plain } = files;
  const written = starterFiles(surveyOf(files, evil, evil), PIA);
  const policy = loaded(written['.proofhouse/policy.yaml']).policy;
  expect(policy.unmatched).toBe('medium');
  expect(policy.gates.find(({ id }) => id === 'auth')?.paths).toEqual(['/a "b" #c/auth/']);
  // A folder whose name cannot be seen is never let out of a workspace, so no pattern names it.
  expect(policy.gates.find(({ id }) => id === 'payments')).toBeUndefined();
  expect(Object.keys(policy.validators)).toEqual(
    Object.keys(loaded(starter(plain).policy).policy.validators),
  );
  expect(
    `${written['.proofhouse/policy.yaml']}${written['.proofhouse/workspace.yaml']}`,
  ).not.toMatch(/[^\n\P{Cc}]|[\p{Cf}\u2028]/u);
});

test('a gate that had to leave paths out says so', () => {
  const files = Object.fromEntries(
    Array.from({ length: 41 }, (_, index) => [`p${String(index).padStart(2, '0')}/auth/x.ts`, '']),
  );
  expect(starter(files).policy).toContain(
    '# NOT covered, because the list would be too long: 1 more, from /p40/auth/ on.',
  );
});

test('the files a repository starts with, in full', () => {
  const { policy, workspace } = starter(SHAPES.mocha);
  expect(policy).toMatchInlineSnapshot(`
    "# What may happen to a change that an agent made. Proofhouse reads this file from the base commit
    # (the tip of main), so an edit counts once it is merged. Unknown keys are errors.
    # Look at it with:  proofhouse policy lint   and   proofhouse policy explain PATH
    apiVersion: proofhouse/v1
    kind: Policy
    metadata:
      name: "shop"
      layer: standalone # the only layer; an organisation may put another one above it
      owner: platform # the group to ask about this file

    # Who may say yes. Nobody can approve what they asked for themselves, so add a second person to
    # each group before you queue a task that a gate below holds.
    groups:
      platform: { members: ["local:pia"] }
      security: { members: ["local:pia"] }

    # How much care a class takes. \`hold\`: no pull request before the people named said yes.
    # \`distinct\`: one person counts for one group only. \`expires\`: how long a yes stays good.
    classes:
      low: { approvals: [], surface: ready-pr }
      medium: { approvals: [], surface: ready-pr }
      high: { approvals: [{ group: platform, count: 1 }], surface: hold, expires: 72h }
      critical:
        approvals: [{ group: security, count: 1 }]
        distinct: true
        surface: hold
        expires: 24h

    # The class of every path that no gate below covers.
    unmatched: { class: medium }

    # Paths that people should see changes to. Every gate that matches counts, in any order. A pattern
    # with a slash inside starts at the root, one without matches at any depth; folders end in a slash.
    gates:
      # \`forbid\`: such a change is refused, whoever would agree. Edit these files yourself.
      - id: policy
        why: "An agent never edits the rules it is judged by."
        class: critical
        surface: forbid
        paths:
          - "/.proofhouse/"

      # Guarded before they exist, because adding one is the attack; \`policy lint\` therefore
      # warns that some match no file yet.
      - id: agent-rules
        why: "What every later agent is told, and which tools it starts."
        class: high
        paths:
          - "AGENTS.md"
          - "CLAUDE.md"
          - "GEMINI.md"
          - ".cursorrules"
          - ".windsurfrules"
          - ".clinerules"
          - ".mcp.json"
          - ".claude/"
          - ".codex/"
          - ".cursor/"
          - ".gemini/"

      - id: ci
        why: "What runs with the repository's own secrets, and who must review."
        class: high
        paths:
          - "/.github/"
          - "CODEOWNERS"

      - id: dependencies
        why: "Which code of other people is fetched and run, and what the scripts do."
        class: high
        paths:
          - "package.json"
          - ".npmrc"
          - "package-lock.json"

      # Found by name alone (1 file); correct it freely.
      - id: auth
        why: "Who is let in as whom; one bug is everyone's account."
        class: critical
        paths:
          - "/lib/session.js"

      - id: test-setup
        why: "Decides which tests are run, and so what a green check means."
        class: high
        paths:
          - "/.mocharc.yml"

    # How large a change may be. Above the first numbers people are asked; above \`absolute\` it is refused.
    limits:
      max_files: 60
      max_changed_lines: 1500
      max_file_bytes: 1MiB
      max_binary_bytes: 256KiB
      over: { class: high }
      absolute: { max_files: 500, max_changed_lines: 20000 }

    # What proves a change: run from its tree in a fresh sandbox without network. Only the JUnit file
    # counts, and zero tests are a failure. \`run\` is a list of words; no shell reads it.
    validators:
      # Taken from the script \`test\`.
      # \`npm test\` also runs \`eslint .\`.
      # That is left out here. If the tests need it, put all of it into one script and run that.
      unit:
        run:
          - env
          - NODE_ENV=test
          - npx
          - mocha
          - --recursive
          - "spec/**/*.js"
          - --reporter
          - xunit
          - --reporter-options
          - output=/out/junit.xml
        reports: { junit: "junit.xml" } # below /out
        timeout: 5m
        memory: 1GiB
        min_tests: 1 # raise it to what you have, and lost tests are noticed
        required_for: ["**"] # every change; narrow it only beside a second validator
      # These look at a change and run nothing of it. An advisory one says what it found and fails nothing.
      secrets: { kind: secrets } # except: [test/fixtures/] for made-up ones
      tests-weakened: { kind: tests-weakened, advisory: true }

    # Sandboxes have no network. Each phase reaches what is named here, through one door, and nothing else.
    network:
      default: deny
      phases:
        setup: { allow: [{ via: package-registry }] }
        agent: { allow: [{ via: model-gateway }] }
        validate: { allow: [] }

    # What one task may use up. \`wall\` is the time of one attempt; 2 retries are 3 attempts. You can limit
    # money too (usd: 2), once PROOFHOUSE_MODEL_PRICE says what your model costs.
    budgets:
      per_task: { tokens: 2M, wall: 20m, turns: 60, retries: 2 }
    "
  `);
  expect(workspace).toMatchInlineSnapshot(`
    "# How Proofhouse prepares a workspace for an agent. Read from the base commit, never from a workspace.
    apiVersion: proofhouse/v1
    kind: Workspace

    # The program that edits. Any other one: { kind: command, run: [node, tools/fix.js] }
    agent: { kind: codex }

    # Run once for each content of the files in keyed_by, in a sandbox that reaches only the package
    # registry; agents and checks then find node_modules ready and have no network.
    dependencies:
      run: [[npm, ci]]
      keyed_by:
        - package.json
        - package-lock.json

    # Files whose text every agent is given, read from the base commit.
    # AGENTS.md is not there yet; once you write one, agents follow it.
    rules: [AGENTS.md]
    "
  `);
});
