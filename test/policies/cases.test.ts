import { describe, expect, test } from 'vitest';
import { caseFacts, changeProblem } from '../../policies/case-facts.ts';
import { type CaseResult, runCase } from '../../policies/case-run.ts';
import { coverageOf } from '../../policies/coverage.ts';
import { type Case, type CaseChange, Fixtures } from '../../policies/fixtures.ts';
import { renderProblem } from '../../policies/problems.ts';
import { parseYaml } from '../../policies/yaml-source.ts';
import { load, minimal } from './sample.ts';

const CLOCK = '2026-06-01T12:00:00.000Z';

const POLICY = load(`apiVersion: proofhouse/v1
kind: Policy
metadata: { name: acme-web, layer: standalone, owner: platform, why: Guardrails for acme/web. }
groups:
  platform: { github_team: acme/platform, min_assurance: forge }
  security: { github_team: acme/security, min_assurance: signed }
  payments: { members: [github:ana, github:raj, github:lin] }
  dba: { members: [github:mo, github:kim] }
classes:
  low: { approvals: [], surface: ready-pr }
  medium: { approvals: [{ group: platform, count: 1 }], surface: draft-pr, bind: change, expires: 7d }
  high: { approvals: [{ group: platform, count: 1 }], surface: hold, bind: tree, expires: 72h }
  critical:
    approvals: [{ group: security, count: 1 }, { group: platform, count: 1 }]
    distinct: true
    surface: hold
    bind: evidence
    carry_forward: never
    expires: 24h
unmatched: { class: medium }
gates:
  - id: auth
    why: Login, session and token code; one bug is everyone's account.
    class: critical
    paths: ["src/auth/", "app/(auth)/", "**/*session*.ts"]
  - id: payments
    why: Money movement.
    class: critical
    paths: ["src/payments/", "packages/billing/"]
    approvals: [{ group: payments, count: 1 }]
  - id: migrations
    why: Irreversible on production data.
    class: high
    paths: ["**/migrations/", "prisma/schema.prisma"]
    approvals: [{ group: dba, count: 1 }]
    require_with: ["**/migrations/*.down.sql"]
  - id: docs
    class: low
    paths: ["docs/", "*.md"]
content:
  - { id: destructive-sql, why: DROP and TRUNCATE lose data., paths: ["**/*.sql"], detect: sql.destructive, class: critical, approvals: [{ group: dba, count: 2 }] }
exemptions:
  - { id: ex-1, gate: migrations, paths: ["packages/legacy/migrations/"], why: Frozen., granted_by: github:mo, expires: 2026-07-31 }
validators:
  unit: { run: [npm, test], reports: { junit: reports/*.xml } }
`);

function fixtures(source: string): Fixtures {
  const parsed = parseYaml(source, 'policy.test.yaml', Fixtures);
  if ('problems' in parsed) throw new Error(parsed.problems.map(renderProblem).join('\n'));
  return parsed.value;
}

const run = (source: string): CaseResult[] =>
  fixtures(`cases:\n${source}`).cases.map((one) => runCase([POLICY], one, CLOCK));
const misses = (source: string) =>
  run(source).flatMap((result) =>
    result.misses.map(({ key, expected, found }) => `${key}: ${expected} / ${found}`),
  );

const EXAMPLES = `
  - name: renaming a file out of auth is gated
    change: [{ from: src/auth/a.ts, to: lib/a.ts }]
    expect: { decision: hold, gates: [auth], class: critical, needs: { security: 1, platform: 1 } }
  - name: requester cannot approve
    change: [{ modify: src/auth/a.ts }]
    requester: ana
    approvals: [{ by: ana, groups: [security, platform] }]
    expect: { satisfied: false, reason_contains: "ana requested this task" }
  - name: destructive sql
    change: [{ add: db/migrations/9.sql, content: "DROP TABLE users;" }]
    expect: { gates: [migrations, destructive-sql], needs: { dba: 2 } }
`;

test('a rename is judged on both sides, a requester never approves, and content counts', () => {
  expect(misses(EXAMPLES)).toEqual([]);
});

const one = (change: string, rest: string) => `  - { name: x, change: [${change}], ${rest} }\n`;
const AUTH = '{ modify: src/auth/a.ts }';

describe('what is not as expected is told with what was found', () => {
  test.each([
    ['decision', one(AUTH, 'expect: { decision: allow }'), 'decision: allow / hold'],
    ['class', one(AUTH, 'expect: { class: low }'), 'class: low / critical'],
    ['gates', one(AUTH, 'expect: { gates: [auth, docs] }'), 'gates: auth, docs / auth'],
    ['no gates', one(AUTH, 'expect: { gates: [] }'), 'gates: none / auth'],
    ['own gates', one('{ add: a.bin }', 'expect: { gates: [limits] }'), 'gates: limits / none'],
    [
      'includes_gates',
      one(AUTH, 'expect: { includes_gates: [docs] }'),
      'includes_gates: docs / auth',
    ],
    [
      'needs',
      one(AUTH, 'expect: { needs: { security: 2 } }'),
      'needs: security ×2 / platform ×1, security ×1',
    ],
    [
      'needs of nobody',
      one(AUTH, 'expect: { needs: { security: 0 } }'),
      'needs: security ×0 / platform ×1, security ×1',
    ],
    ['validators', one(AUTH, 'expect: { validators: [e2e] }'), 'validators: e2e / unit'],
    [
      'denials_contain',
      one(AUTH, 'expect: { denials_contain: never }'),
      'denials_contain: never / no denial',
    ],
    [
      'satisfied',
      one(AUTH, 'expect: { satisfied: true }'),
      /^satisfied: true \/ false: .*security ×1/,
    ],
    [
      'reason_contains',
      one('{ add: docs/a }', 'expect: { reason_contains: nobody }'),
      'reason_contains: nobody / no reason',
    ],
  ])('%s', (_, source, expected) => {
    expect(misses(source)).toEqual([
      expected instanceof RegExp ? expect.stringMatching(expected) : expected,
    ]);
  });
});

describe('what is as expected passes', () => {
  test.each([
    ['a gate of ours that is named', one('{ add: lib/a.ts }', 'expect: { gates: [unmatched] }')],
    [
      'a gate of ours that is not',
      one('{ add: lib/a.ts }', 'expect: { gates: [], decision: hold }'),
    ],
    [
      'a path that differs in case',
      one('{ add: src/AUTH/a.ts }', 'expect: { includes_gates: [path.confusable] }'),
    ],
    [
      'a symlink',
      one('{ symlink: docs/a, target: b.md }', 'expect: { includes_gates: [entry.type] }'),
    ],
    [
      'a file that became a symlink',
      one(
        '{ symlink: docs/a, target: b.md, before: x }',
        'expect: { includes_gates: [entry.type] }',
      ),
    ],
    [
      'a symlink out of the tree',
      one(
        '{ symlink: docs/a, target: /etc/passwd }',
        'expect: { decision: deny, denials_contain: absolute }',
      ),
    ],
    ['a submodule', one('{ gitlink: vendor/x }', 'expect: { includes_gates: [entry.type] }')],
    ['a new mode', one('{ chmod: src/auth/run.sh }', 'expect: { gates: [auth] }')],
    ['a deletion', one('{ delete: src/auth/a.ts, before: x }', 'expect: { gates: [auth] }')],
    [
      'a migration without its way back',
      one(
        '{ add: db/migrations/1.up.sql }',
        'expect: { decision: deny, denials_contain: down.sql }',
      ),
    ],
    [
      'an exemption that holds',
      one('{ add: packages/legacy/migrations/1.txt }', 'expect: { gates: [] }'),
    ],
    [
      'and one that ran out',
      one(
        '{ add: packages/legacy/migrations/1.txt }',
        'now: 2026-08-01T00:00:00Z, expect: { gates: [migrations] }',
      ),
    ],
  ])('%s', (_, source) => {
    expect(misses(source)).toEqual([]);
  });
});

describe('approvals count as those of a run do', () => {
  const yes = (approvals: string, rest = '') =>
    run(
      one(AUTH, `requester: rob, ${rest} approvals: [${approvals}], expect: { satisfied: true }`),
    )[0]?.misses[0]?.found ?? 'satisfied';

  test.each([
    [
      'two people of two groups',
      yes('{ by: kim, groups: [security] }, { by: lou, groups: [platform] }'),
      'satisfied',
    ],
    [
      'one person for both, where people must be distinct',
      yes('{ by: kim, groups: [security, platform] }'),
      /needs/,
    ],
    ['somebody in no group', yes('{ by: kim }'), /kim is not in/],
    [
      'a group whose members the policy names itself',
      yes('{ by: kim, groups: [payments] }'),
      /kim is not in/,
    ],
    [
      'who steered the run',
      yes('{ by: kim, groups: [security] }, { by: lou, groups: [platform] }', 'operator: kim,'),
      /kim steered this run/,
    ],
    ['a bot', yes('{ by: "bot:ci", groups: [security] }'), /bot/],
    ['another gate', yes('{ by: kim, groups: [security], gate: docs }'), /needs security/],
  ])('%s', (_, found, expected) => {
    expect(found).toEqual(expect.stringMatching(expected));
  });

  test('a login is who the policy knows by it', () => {
    expect(
      misses(
        one(
          '{ modify: packages/billing/a.ts }',
          'requester: raj, approvals: [{ by: lin, gate: payments }], expect: { reason_contains: security }',
        ),
      ),
    ).toEqual([]);
  });
});

describe('facts of a case', () => {
  const facts = (change: CaseChange[]) =>
    caseFacts({ change, target: undefined, roots: ['docs'] }, {});

  test('object ids are those of git, so the same content is the same object', () => {
    const { entries } = facts([
      { add: 'a', content: 'hello\n', binary: false },
      { add: 'b', content: 'hello\n', binary: false },
    ]);
    expect(entries.map(({ newOid }) => newOid)).toEqual(
      Array(2).fill('ce013625030ba8dba906f756967f9e9ca394464a'),
    );
  });

  test('lines, sizes, roots and kinds are told', () => {
    const found = facts([
      { modify: 'src/a', before: 'one\ntwo\n', content: 'one\nthree\nfour\n', binary: false },
      { add: 'b.bin', bytes: 5000, binary: true },
      { delete: 'lib/c', before: 'gone\n' },
    ]);
    expect(found.change).toMatchObject({ files: 3, addedLines: 2, removedLines: 2 });
    expect(Object.values(found.blobBytes)).toEqual([15, 5000]);
    expect(found.binary).toHaveLength(1);
    expect(found.roots).toEqual(['docs', 'lib', 'src']);
    expect(found.entries.map(({ operation }) => operation)).toEqual(['modify', 'add', 'delete']);
  });

  test('the same change has the same facts each time', () => {
    const change: CaseChange[] = [{ from: 'a', to: 'b', content: 'x' }, { gitlink: 'c' }];
    expect(facts(change)).toEqual(facts(change));
  });

  test.each<[CaseChange[], string]>([
    [[{ delete: 'a' }, { from: 'b', to: 'a' }], '"a" is in this change twice'],
    [
      [{ modify: 'a', before: 'x', content: 'x', binary: false }],
      '"a" has the same content before and after',
    ],
  ])('a change that says nothing or two things is a problem', (change, problem) => {
    expect(changeProblem(change)).toContain(problem);
  });
});

describe('a file of cases that cannot be read is told with its line', () => {
  test.each([
    ['cases: []', 'P0104', 2],
    [
      'cases:\n  - { name: a, change: [], expect: { decision: hold } }',
      'expected at least one file',
      3,
    ],
    ['cases:\n  - { name: a, change: [{ add: x }], expect: {} }', 'a case that expects nothing', 3],
    ['cases:\n  - { name: a, change: [{ add: x }], expect: { decison: hold } }', 'decison', 3],
    [
      'cases:\n  - { name: a, change: [{ add: x, target: y }], expect: { decision: hold } }',
      'unknown key `target`',
      3,
    ],
    [
      'cases:\n  - { name: a, change: [{ add: x }], now: today, expect: { decision: hold } }',
      'expected a time',
      3,
    ],
    [
      'cases:\n  - { name: a, change: [{ add: x }], requester: "a b", expect: { decision: hold } }',
      'expected a login',
      3,
    ],
    [
      `cases:\n${one('{ add: x }', 'expect: { decision: hold }').repeat(2)}`,
      'another case has this name',
      4,
    ],
    [
      'cases:\n  - { name: a, change: [{ add: x }], target: main, expect: { decision: hold } }',
      'expected a whole ref',
      3,
    ],
  ])('%j', (source, message, line) => {
    const parsed = parseYaml(`# cases\n${source}`, 'policy.test.yaml', Fixtures);
    const [problem] = 'problems' in parsed ? parsed.problems : [];
    expect(problem && renderProblem(problem)).toContain(message);
    expect(problem?.line).toBe(line);
  });
});

describe('coverage', () => {
  const covered = (source: string, packs = false) => coverageOf([POLICY], run(source), { packs });

  test('what no case fires is told with its line', () => {
    expect(covered(EXAMPLES)).toEqual({
      fired: 3,
      of: 5,
      percent: 60,
      rules: [
        { id: 'payments', where: expect.stringMatching(/policy\.yaml:\d+:\d+$/) },
        { id: 'docs', where: expect.stringMatching(/policy\.yaml:\d+:\d+$/) },
      ],
      exemptions: [{ id: 'ex-1', where: expect.stringMatching(/policy\.yaml:\d+:\d+$/) }],
      classes: ['low'],
      idle: [],
    });
  });

  test('a case that fires nothing is told', () => {
    expect(covered(one('{ add: lib/a.ts }', 'expect: { decision: hold }')).idle).toEqual(['x']);
  });

  test('an exemption that a case uses is covered', () => {
    const uses = one('{ add: packages/legacy/migrations/1.txt }', 'expect: { gates: [] }');
    expect(covered(uses).exemptions).toEqual([]);
  });

  test('a policy without any rule is covered', () => {
    const empty = load(minimal());
    const cases: Case[] = fixtures(
      `cases:\n${one('{ add: a }', 'expect: { decision: deny }')}`,
    ).cases;
    const results = cases.map((item) => runCase([empty], item, CLOCK));
    expect(coverageOf([empty], results, { packs: true })).toMatchObject({ of: 0, percent: 100 });
  });
});
