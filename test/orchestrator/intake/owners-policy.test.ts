import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ownersPolicy } from '../../../orchestrator/intake/owners-policy.ts';
import { ownersFrom } from '../../../policies/codeowners.ts';
import { decide } from '../../../policies/decide.ts';
import { lint } from '../../../policies/lint.ts';
import type { LoadedPolicy } from '../../../policies/parse.ts';
import { load, factsOf as sampleFacts } from '../../policies/sample.ts';

const factsOf = (paths: readonly string[]) =>
  sampleFacts(paths, { texts: {}, roots: [], history: [], groups: {}, madeBy: null });
const NOW = '2026-01-01T00:00:00Z';

function made(text: string, logins: Record<string, string> = {}): string {
  const options = { name: 'shop', logins: new Map(Object.entries(logins)) };
  const found = ownersPolicy(ownersFrom('.github/CODEOWNERS', text), options);
  if ('problems' in found) throw new Error(JSON.stringify(found.problems));
  return found.yaml;
}

const refused = (text: string) => {
  const found = ownersPolicy(ownersFrom('CODEOWNERS', text), { name: 'shop', logins: new Map() });
  return 'problems' in found
    ? found.problems.map(({ line, message }) => `${line}: ${message}`)
    : [];
};

test('the last line that matches counts: each gate leaves out what later lines take from it', () => {
  const text = `# who looks at what
*            @acme/web @Ana
/docs/       @ana bo@example.com  # words
/docs/api/
/src/pay/    @acme/payments
/src/auth/   @acme/payments
*.tf         ops@example.com
`;
  expect(made(text, { 'bo@example.com': 'Bo', 'ops@example.com': 'ops-1' })).toMatchInlineSnapshot(`
    "# Made from .github/CODEOWNERS: each gate asks the people of its lines, and of one line any one of them.
    # Where it asks for more than that file did:
    #   - a folder that became a symlink or a file still belongs to its owners;
    #   - a path that differs from an owned one in letter case or Unicode form only is critical;
    #   - symlinks, submodules and what becomes one are high, and edits of this folder critical;
    #   - nobody approves what they asked for or had a hand in.
    # Look at it with:  proofhouse policy lint   and   proofhouse policy explain PATH
    apiVersion: proofhouse/v1
    kind: Policy
    metadata: { name: "shop", layer: standalone, owner: "ana" }

    groups:
      "ana": { members: ["github:ana"] }
      "acme-web": { github_team: "acme/web" }
      "ana-bo": { members: ["github:ana", "github:bo"] }
      "acme-payments": { github_team: "acme/payments" }
      "ops-1": { members: ["github:ops-1"] }

    # The gates below are medium and ask their own people. These two are for what Proofhouse adds.
    classes:
      high: { approvals: [{ group: "ana", count: 1 }] }
      critical: { approvals: [{ group: "ana", count: 1 }] }

    # A path without an owner asks nobody, as before. medium or high would be safer.
    unmatched: { class: low }

    gates:
      - id: policy
        why: The rules that agents are judged by.
        class: critical
        paths: ["/.proofhouse/"]
      - id: owners-2
        why: "Line 2 of .github/CODEOWNERS."
        class: medium
        paths: ["*"]
        except: ["/docs/", "/docs/api/", "/src/pay/", "/src/auth/", "*.tf"]
        approvals: [{ any_of: [[{ group: "ana", count: 1 }], [{ group: "acme-web", count: 1 }]] }]
      - id: owners-3
        why: "Line 3 of .github/CODEOWNERS."
        class: medium
        paths: ["/docs/"]
        except: ["/docs/api/", "*.tf"]
        approvals: [{ group: "ana-bo", count: 1 }]
      - id: owners-5
        why: "Line 5 of .github/CODEOWNERS."
        class: medium
        paths: ["/src/pay/", "/src/auth/"]
        except: ["*.tf"]
        approvals: [{ group: "acme-payments", count: 1 }]
      - id: owners-7
        why: "Line 7 of .github/CODEOWNERS."
        class: medium
        paths: ["*.tf"]
        approvals: [{ group: "ops-1", count: 1 }]

    # Say what proves a change; without a validator every change is denied. For example:
    # validators:
    #   unit: { run: [npm, test], reports: { junit: "reports/*.xml" } }
    "
  `);
});

test('what is written lints without an error', () => {
  const yaml = made('* @acme/web\n/src/ @ana\n');
  const problems = lint([load(yaml)], { known: [], now: NOW, requester: null });
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
});

test('an address without a login is left out beside others, and refused alone', () => {
  expect(made('* @ana bo@example.com\n')).toContain(
    '  # bo@example.com is left out: no login was given for this address.\n  - id: owners-1\n',
  );
  expect(refused('* bo@example.com\n')).toEqual([
    '1: bo@example.com: a policy knows people by login; give it as --login bo@example.com=LOGIN',
  ]);
});

test('more than five choices are cut to five, which asks for no less', () => {
  const teams = [1, 2, 3, 4, 5, 6].map((at) => `@acme/t${at}`).join(' ');
  const yaml = made(`* ${teams}\n`);
  expect(yaml).toContain('  # acme-t6 is left out: a gate chooses among 5 groups.');
  expect(load(yaml).policy.gates[1]?.approvals).toEqual([
    { anyOf: [1, 2, 3, 4, 5].map((at) => [{ group: `acme-t${at}`, count: 1 }]) },
  ]);
});

test('lines that never count are left out', () => {
  const { gates } = load(made('/a/ @x\n/b/ @y\n* @z\n/b/ @x\n/b/ @y\n')).policy;
  expect(gates.map(({ id }) => id)).toEqual(['policy', 'owners-3', 'owners-5']);
});

test('names that collide, are long or mean something in YAML are told apart', () => {
  const long = 'a'.repeat(39);
  const text = `/a/ @a/b-c\n/b/ @a-b/c\n/c/ @acme/${long}x\n/d/ @acme/${long}y\n/e/ @null\n/f/ @123\n/g/ @acme/${'.'}\n`;
  const { groups } = load(made(text)).policy;
  expect(Object.keys(groups).sort()).toEqual(
    [
      '123',
      'a-b-c',
      'a-b-c-2',
      'acme',
      `acme-${'a'.repeat(33)}-2`,
      `acme-${'a'.repeat(33)}-3`,
      'null',
    ].sort(),
  );
});

describe('what cannot be imported is refused with its line', () => {
  test.each([
    ['[Docs]\n/docs/ @ana\n', '1: a section of GitLab'],
    ['^[Docs][2] @ana\n/docs/\n', '1: a section of GitLab'],
    ['* @ana\n!/docs/ @bo\n', '2: `!` takes nothing back'],
    ['/a/***/b @ana\n', '1: `/a/***/b`: `***` has no meaning'],
    ['/a/../b @ana\n', '1: `/a/../b`: `..`'],
    ['/a\\[b] @ana\n', '1: `/a\\[b]`: a backslash'],
    ['* ana\n', '1: `ana` is no owner'],
    ['* @a/b/c\n', '1: `@a/b/c` is no owner'],
    ['* @a[bot]\n', '1: `@a[bot]` is no owner'],
    ['# nothing\n/a/\n', '1: no line has an owner'],
    [`* @ana\n${'#'.repeat(300_001)}`, '1: the file is longer'],
    [
      `* @ana\n${Array.from({ length: 201 }, (_, at) => `/d${at}/ @bo${at}`).join('\n')}`,
      '1: more than 200 later lines',
    ],
    [
      Array.from({ length: 501 }, (_, at) => `/d${at}/ @bo${at}`).join('\n'),
      '500: a policy has at most 499 gates',
    ],
  ])('%j', (text, message) => {
    expect(refused(text)[0]).toContain(message);
  });

  test('a bracket inside a pattern is a folder that exists', () => {
    expect(refused('[id]/page.ts @ana\n')).toEqual([]);
  });
});

test('reading takes time in proportion to what is read', () => {
  const hostile = [
    '\\ '.repeat(149_000),
    '['.repeat(299_000),
    `* ${'@a '.repeat(99_000)}`,
    '*/'.repeat(149_000),
  ];
  for (const text of hostile) {
    const from = performance.now();
    ownersFrom('CODEOWNERS', text);
    expect(performance.now() - from).toBeLessThan(1500);
  }
});

/** Another reading of the format: one expression for each pattern, and the last line that matches. */
function expression(pattern: string): RegExp {
  const body = pattern.replace(/^\//, '');
  const isFolder = body.endsWith('/') || body.endsWith('/**');
  const parts = body.replace(/(\/|\/\*\*)$/, '').split('/');
  const isRooted = pattern.startsWith('/') || body.replace(/\/$/, '').includes('/');
  const text = parts
    .map((part, index) => {
      if (part === '**') return '(?:[^/]+/)*';
      const own = part.replaceAll('.', '\\.').replaceAll('*', '[^/]*').replaceAll('?', '[^/]');
      return index === parts.length - 1 ? own : `${own}/`;
    })
    .join('');
  const end = isFolder ? '/.+' : parts.at(-1) === '*' ? '' : '(?:/.+)?';
  return new RegExp(`^${isRooted ? '' : '(?:.+/)?'}${text}${end}$`);
}

type Line = { readonly pattern: string; readonly owners: readonly string[] };

function ownersOf(lines: readonly Line[], path: string): string[] {
  const last = lines.findLast(({ pattern }) => expression(pattern).test(path));
  return (last?.owners ?? []).map((owner) => owner.slice(1)).sort();
}

function askedFor(loaded: LoadedPolicy, path: string): string[] {
  const { gates } = decide([loaded], factsOf([path]), NOW);
  const asked = gates
    .filter(({ id }) => id.startsWith('owners-'))
    .flatMap(({ approvals }) =>
      approvals.flatMap((one) => ('anyOf' in one ? one.anyOf.flat() : [one])),
    )
    .flatMap(({ group }) => {
      const { members, from } = loaded.policy.groups[group] ?? {};
      return (
        members?.map((one) => one.replace('github:', '')) ?? [
          from?.replace('github_team:', '') ?? '',
        ]
      );
    });
  return [...new Set(asked)].sort();
}

const oneOf = <T>(...values: T[]) => fc.constantFrom(...values);
const folder = oneOf('src', 'lib', 'docs');
const leaf = oneOf('a.ts', 'b.md', '*.ts', '*', 'a.*', '?.md');
const pattern = fc.oneof(
  leaf,
  folder.map((name) => `${name}/`),
  folder.map((name) => `/${name}/`),
  fc.tuple(folder, folder).map(([a, b]) => `/${a}/${b}/`),
  fc.tuple(folder, leaf).map(([a, b]) => `${a}/${b}`),
  fc.tuple(folder, leaf).map(([a, b]) => `/${a}/**/${b}`),
  folder.map((name) => `${name}/**`),
  fc.tuple(folder, leaf).map(([a, b]) => `**/${a}/${b}`),
  leaf.map((name) => `/${name}`),
);
const line: fc.Arbitrary<Line> = fc.record({
  pattern,
  owners: fc.uniqueArray(oneOf('@ana', '@bo', '@acme/web', '@acme/ops'), { maxLength: 3 }),
});
// A last line that covers nothing here, so that there is always somebody to ask.
const lines = fc
  .array(line, { maxLength: 8 })
  .map((all) => [...all, { pattern: '/elsewhere/', owners: ['@ana'] }]);
const path = fc
  .tuple(fc.array(folder, { maxLength: 3 }), oneOf('a.ts', 'b.md', 'c.txt', 'a.go'))
  .map(([folders, name]) => [...folders, name].join('/'));
const textOf = (all: readonly Line[]) =>
  all.map((one) => [one.pattern, ...one.owners].join(' ')).join('\n');

test('the policy asks exactly the owners of the last line that matches', () => {
  fc.assert(
    fc.property(lines, fc.array(path, { minLength: 4, maxLength: 8 }), (all, paths) => {
      const loaded = load(made(textOf(all)));
      for (const one of paths) expect(askedFor(loaded, one), one).toEqual(ownersOf(all, one));
    }),
    { numRuns: 50 },
  );
});

test('a path that is called like a folder is asked about no less', () => {
  fc.assert(
    fc.property(lines, fc.array(folder, { minLength: 1, maxLength: 3 }), (all, folders) => {
      const loaded = load(made(textOf(all)));
      const one = folders.join('/');
      expect(askedFor(loaded, one)).toEqual(expect.arrayContaining(ownersOf(all, one)));
    }),
    { numRuns: 20 },
  );
});
