import { describe, expect, test } from 'vitest';
import type { PathExplanation } from '../../orchestrator/domain/explanation.ts';
import { explain, type Question } from '../../policies/explain.ts';
import type { LoadedPolicy } from '../../policies/parse.ts';
import { FULL, load, minimal } from './sample.ts';

const NOW = '2026-06-01T12:00:00Z';
const QUESTION: Question = {
  operation: 'modify',
  target: 'refs/heads/main',
  requester: null,
  now: NOW,
};
const full = load(FULL);

function told(
  path: string,
  over: Partial<Question> = {},
  layers: readonly LoadedPolicy[] = [full],
): PathExplanation {
  const [one] = explain(layers, [path], { ...QUESTION, ...over });
  if (one === undefined) throw new Error('one path has one explanation');
  return one;
}

const speaking = ({ speakers }: PathExplanation): string[] =>
  speakers.map(({ layer, pack, kind, id, pattern, where, riskClass }) => {
    const at = where.replace('.proofhouse/policy.yaml:', '');
    return [pack ?? layer, kind, id, pattern ?? '-', at, riskClass].join(' ');
  });

test('a gate is told with the pattern that covers the path, where it is written, and its class', () => {
  expect(speaking(told('src/auth/a.ts'))).toEqual([
    'standalone gate auth src/auth/ 17:13 critical',
  ]);
});

test('a path that no gate covers is told with the class of the rest', () => {
  const { riskClass, verdict, terms, needs, speakers } = told('README.md');
  expect(speakers).toMatchObject([{ kind: 'unmatched', note: 'no gate covers it' }]);
  expect({ riskClass, verdict, terms, needs }).toEqual({
    riskClass: 'low',
    verdict: 'allow',
    terms: null,
    needs: [],
  });
});

test('a path told apart by letter case only is told with the gate that Proofhouse adds', () => {
  const one = told('src/Auth/a.ts');
  expect(one).toMatchObject({ verdict: 'hold', riskClass: 'critical' });
  expect(one.speakers.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
    'unmatched unmatched',
    'added path.confusable',
  ]);
});

test('every layer that speaks is told, in the order of the layers', () => {
  const org = load(
    minimal('gates: [{ id: a, class: low, paths: ["**/auth/"] }]', 'org'),
    'org.yaml',
  );
  expect(speaking(told('src/auth/a.ts', {}, [org, full]))).toEqual([
    'org gate a **/auth/ org.yaml:4:38 low',
    'standalone gate auth src/auth/ 17:13 critical',
  ]);
});

test('packs that say nothing are named, and those that do speak like a layer', () => {
  const packed = load(minimal('packs: ["builtin:github-actions@1", "builtin:node@1"]'));
  const one = told('.github/workflows/ci.yml', {}, [packed]);
  expect(one.silentPacks).toEqual(['builtin:node@1']);
  expect(one.speakers[0]).toMatchObject({ layer: 'standalone', pack: 'builtin:github-actions@1' });
  expect(one.speakers[0]?.where).toMatch(/^builtin:github-actions@1:\d+:\d+$/);
});

test('a rule on content is named as one that would look, and decides nothing without content', () => {
  const rules = `content:
  - { id: words, class: low, why: x, paths: ["docs/"], text: { added_re2: ["secret"] } }`;
  const loaded = load(minimal(rules));
  const one = told('docs/a.md', {}, [loaded]);
  expect(one.speakers[0]).toMatchObject({
    kind: 'content rule',
    id: 'words',
    pattern: 'docs/',
    note: 'would look (text)',
  });
  expect(told('src/a.ts', {}, [loaded]).speakers.map(({ kind }) => kind)).toEqual(['unmatched']);
  expect(one.needs).toEqual([]);
});

test.each(['delete', 'add', 'mode', 'type'] as const)(
  'what is done to a path decides which gates speak: %s',
  (operation) => {
    const loaded = load(
      minimal('gates: [{ id: gone, class: low, paths: ["**"], operations: [delete] }]'),
    );
    const ids = told('a', { operation }, [loaded]).speakers.map(({ id }) => id);
    expect(ids.includes('gone')).toBe(operation === 'delete');
  },
);

test('a gate for other branches says nothing', () => {
  const loaded = load(
    minimal('gates: [{ id: r, class: low, paths: ["**"], branches: ["refs/heads/release/*"] }]'),
  );
  const ids = (target: string) => told('a', { target }, [loaded]).speakers.map(({ id }) => id);
  expect(ids('refs/heads/main')).toEqual(['unmatched']);
  expect(ids('refs/heads/release/1')).toEqual(['r']);
});

describe('people', () => {
  test('who asks for the change is left out, by name or as a person', () => {
    const members = (requester: string | null) =>
      told('src/auth/a.ts', { requester }).needs.find(({ group }) => group === 'security')?.members;
    expect(members(null)).toEqual(['local:rita', 'local:sam']);
    expect(members('rita')).toEqual(['local:sam']);
    expect(members('local:rita')).toEqual(['local:sam']);
    expect(members('github:rita')).toEqual(['local:rita', 'local:sam']);
    expect(members('ita')).toEqual(['local:rita', 'local:sam']);
  });

  test('what is asked is told with every gate that asks', () => {
    expect(told('src/auth/a.ts').needs).toMatchObject([
      { group: 'platform', count: 1, gates: ['auth'], members: ['local:pia'], from: null },
      { group: 'security', count: 1, gates: ['auth'] },
    ]);
    expect(told('src/auth/a.ts').distinct).toBe(true);
  });

  test('a group whose members are kept elsewhere says where', () => {
    const source = FULL.replace(
      '{ members: [local:rita, local:sam] }',
      '{ github_team: acme/security }',
    );
    const { needs } = told('src/auth/a.ts', {}, [load(source)]);
    expect(needs.find(({ group }) => group === 'security')).toMatchObject({
      members: [],
      from: 'github_team:acme/security',
    });
  });

  test('alternatives are told apart from what is asked in any case', () => {
    const source = FULL.replace(
      'approvals: [{ group: platform, count: 1 }]\n    validators',
      'approvals: [{ any_of: [[{ group: platform }], [{ group: security, count: 2 }]] }]\n    validators',
    );
    const { choices, needs } = told('src/auth/a.ts', { requester: 'rita' }, [load(source)]);
    expect(needs.map(({ group }) => group)).toEqual(['security']);
    expect(choices).toMatchObject([
      {
        gate: 'auth',
        anyOf: [
          [{ group: 'platform', members: ['local:pia'] }],
          [{ group: 'security', count: 2, members: ['local:sam'] }],
        ],
      },
    ]);
  });
});

describe('exemptions', () => {
  const excused = (expires: string) =>
    load(`${FULL}exemptions:
  - { id: old, gate: auth, paths: ["src/auth/legacy/"], why: x, granted_by: "local:sam", expires: ${expires} }
`);

  test('one that holds is told, and whoever granted it does not approve', () => {
    const one = told('src/auth/legacy/a.ts', {}, [excused('2026-06-01')]);
    expect(one.exemptions).toMatchObject([{ id: 'old', gate: 'auth' }]);
    expect(one.speakers).toMatchObject([
      { id: 'auth', note: 'excused until 2026-06-01 by exemption old of local:sam' },
      { id: 'unmatched' },
    ]);
    expect(one.verdict).toBe('allow');
    expect(one.excluded.at(-1)).toEqual({ as: 'exemption-author', people: ['local:sam'] });
  });

  test('one that ran out is not', () => {
    const one = told('src/auth/legacy/a.ts', {}, [excused('2026-05-31')]);
    expect(one).toMatchObject({ exemptions: [], verdict: 'hold' });
  });
});

describe('rights', () => {
  const limited = load(
    `${FULL}agents: { coder: { write: ["src/", "docs/"], readonly: ["src/gen/"] } }\n`,
  );

  test('what lets an agent write, and what does not', () => {
    expect(told('src/a.ts').write).toMatchObject({ isAllowed: true });
    expect(told('src/a.ts', {}, [limited]).write).toEqual({
      role: 'coder',
      isAllowed: true,
      why: 'coder.write "src/"',
    });
    expect(told('src/gen/a.ts', {}, [limited]).write).toMatchObject({
      isAllowed: false,
      why: expect.stringContaining('is read-only for the coder'),
    });
    expect(told('lib/a.ts', {}, [limited])).toMatchObject({
      verdict: 'deny',
      write: { isAllowed: false },
    });
  });

  test('a host is told where every layer that speaks allows it, and why it stays shut', () => {
    const withHosts = (hosts: string) =>
      load(FULL.replace('[{ via: package-registry }]', `[{ via: package-registry }, ${hosts}]`));
    const one = withHosts('{ host: "*.example.com" }, { host: a.example.org }');
    const other = withHosts(
      '{ host: "npm.example.com" }, { host: "*.example.com", ports: [8443] }',
    );
    expect(told('a', {}, [one]).network.setup).toEqual([
      'package-registry',
      '*.example.com:443',
      'a.example.org:443',
    ]);
    expect(told('a', {}, [one, other]).network.setup).toEqual([
      'package-registry',
      'npm.example.com:443',
    ]);
    expect(told('a', {}, [one]).notYet).toContain(
      'a tunnel hides the method, so every method has to be allowed; a.example.org stays shut',
    );
  });

  test('models of every layer that names some', () => {
    const routed = load(`${FULL}models: { routes: [{ stage: code, use: [a, b] }] }\n`);
    expect(told('a').models).toBeNull();
    expect(told('a', {}, [routed]).models).toEqual(['a', 'b']);
  });
});

describe('what only content could decide is left open', () => {
  const guarded = load(FULL.replace('    surface: forbid\n', ''));

  test('a new text of the policy is not called unreadable, and a missing one is refused', () => {
    const verdict = (operation: Question['operation']) =>
      told('.proofhouse/policy.yaml', { operation }, [guarded]).verdict;
    expect([verdict('modify'), verdict('add'), verdict('mode')]).toEqual(['hold', 'hold', 'hold']);
    expect([verdict('delete'), verdict('type')]).toEqual(['deny', 'deny']);
  });

  test('limits of a whole change say nothing of one path', () => {
    const tight = load(FULL.replace('max_file_bytes: 1MiB', 'max_file_bytes: 1B'));
    expect(told('README.md', {}, [tight]).speakers.map(({ id }) => id)).toEqual(['unmatched']);
  });
});

test('a policy that only reports says so, and what it would do', () => {
  const trial = load(FULL.replace('groups:\n', 'enforcement: evaluate\ngroups:\n'));
  expect(told('src/auth/a.ts', {}, [trial])).toMatchObject({
    enforcement: 'evaluate',
    verdict: 'allow',
    wouldBe: 'hold',
  });
});
