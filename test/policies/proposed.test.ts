/** A policy that the change brings along, symlinks it leaves behind, and what its agent may write. */
import { describe, expect, test } from 'vitest';
import { Entry } from '../../orchestrator/domain/change.ts';
import type { Judgement } from '../../orchestrator/domain/judgement.ts';
import { decide, entry, factsOf, load, minimal, sha } from './sample.ts';

const SECTIONS = `groups: { platform: { members: [local:pia] }, security: { members: [local:rita] } }
unmatched: { class: low }
validators: { unit: { run: [x], reports: { junit: j.xml } } }
`;
const base = load(
  minimal(`${SECTIONS}gates: [{ id: rules, why: x, class: high, paths: [/.proofhouse/] }]`),
);
const FILE = '.proofhouse/policy.yaml';
const codes = ({ denials }: Judgement) => denials.map(({ code }) => code);
const bringing = (text: string, ...paths: string[]) =>
  factsOf([Entry.parse({ ...entry(FILE), newOid: sha('3') }), ...paths], {
    texts: { [sha('2')]: 'elsewhere', [sha('3')]: text },
  });

describe('a proposed policy', () => {
  test('that lets its own change in is left to the base', () => {
    const judgement = decide([base], bringing(minimal(SECTIONS)));
    expect(judgement).toMatchObject({ verdict: 'hold', denials: [] });
  });

  test.each<[string, string, string]>([
    [
      'is broken',
      'kind: Rules',
      'The change brings a policy that cannot be read (3 problems, first at',
    ],
    ['is no YAML', '[', 'The change brings a policy that cannot be read ('],
    [
      'is empty',
      '',
      'The change brings a policy that cannot be read (1 problem, first at .proofhouse/policy.yaml (proposed):1:1',
    ],
  ])('that %s is denied', (_, text, message) => {
    const [denial] = decide([base], bringing(text)).denials;
    expect(denial?.code).toBe('policy_proposed');
    expect(denial?.message.startsWith(message), denial?.message).toBe(true);
  });

  test.each<[string, Entry[]]>([
    ['deletes the policy', [entry(FILE, 'delete')]],
    ['makes a symlink of it', [entry(FILE, 'type')]],
    ['makes a submodule of it', [Entry.parse({ ...entry(FILE), newMode: '160000' })]],
    ['brings one that nobody could read', [Entry.parse({ ...entry(FILE), newOid: sha('4') })]],
    [
      'puts a symlink where its folder was',
      [entry(FILE, 'delete'), Entry.parse({ ...entry('.proofhouse', 'add'), newMode: '120000' })],
    ],
    ['puts a file where its folder was', [entry('.proofhouse', 'add')]],
  ])('a change that %s is denied', (_, entries) => {
    expect(codes(decide([base], factsOf(entries)))).toContain('policy_proposed');
  });

  test('that would not have let its own change in is held or denied as it says', () => {
    const locked = minimal(
      `${SECTIONS}gates: [{ id: mine, class: low, surface: forbid, paths: [src/] }]`,
    );
    expect(codes(decide([base], bringing(locked, 'src/a')))).toEqual(['gate_forbids']);
    const asking = minimal(
      `${SECTIONS}gates: [{ id: mine, why: x, class: critical, paths: [src/] }]`,
    );
    const judgement = decide([base], bringing(asking, 'src/a'));
    expect(judgement.gates.find(({ id }) => id === 'mine')).toMatchObject({
      sources: [{ layer: 'proposed', where: `${FILE} (proposed):7:9` }],
      approvals: [{ group: 'security', count: 1 }],
    });
  });

  test('loosens nothing: neither gates, people nor the order of the files', () => {
    const loose = minimal(`groups: { platform: { members: [local:mallory] } }
enforcement: evaluate
unmatched: { class: low }
classes: { high: { approvals: [], surface: ready-pr } }
validators: { unit: { run: ["true"], reports: { junit: j.xml } } }`);
    const judgement = decide([base], bringing(loose));
    expect(judgement).toMatchObject({ verdict: 'hold', enforcement: 'enforce' });
    expect(judgement.groups['platform']?.members).toEqual(['local:pia']);
    expect(judgement.policy).toBe(decide([base], factsOf(['a'])).policy);
  });

  test('proves nothing where nothing stands: neither as the only policy nor with its own check', () => {
    expect(codes(decide([], bringing(minimal(SECTIONS))))).toEqual(['no_policy']);
    const bare = load(minimal('unmatched: { class: low }'));
    expect(codes(decide([bare], bringing(minimal(SECTIONS))))).toEqual(['nothing_proves']);
    const narrow = SECTIONS.replace('unit: {', 'unit: { required_for: [src/],');
    const asking = `${narrow}gates: [{ id: mine, class: low, paths: [/.proofhouse/], validators: [unit] }]`;
    expect(codes(decide([load(minimal(narrow))], bringing(minimal(asking))))).toEqual([
      'nothing_proves',
    ]);
  });

  test('may declare a check, which is run once it is in', () => {
    const more =
      `${minimal(SECTIONS)}gates: [{ id: mine, class: low, paths: [/.proofhouse/], validators: [lint, unit] }]
`.replace('unit: {', 'lint: { run: [x], reports: { junit: j.xml } }, unit: {');
    const judgement = decide([base], bringing(more));
    expect(judgement).toMatchObject({ validators: ['unit'], denials: [] });
    expect(judgement.gates.find(({ id }) => id === 'mine')?.validators).toEqual(['unit']);
    const ghost = more.replace('validators: [lint, unit] }]', 'validators: [ghost] }]');
    expect(codes(decide([base], bringing(ghost)))).toEqual(['validator_unknown']);
  });
});

describe('a symlink', () => {
  const guarded = load(
    minimal(`${SECTIONS}classes: { high: { surface: ready-pr, approvals: [] } }
gates: [{ id: auth, why: x, class: critical, paths: [src/auth/, "*.pem"] }, { id: docs, class: low, paths: [docs/] }]`),
  );
  const link = (path: string, target?: string) =>
    decide(
      [guarded],
      factsOf([Entry.parse({ ...entry(path, 'add'), newMode: '120000' })], {
        texts: target === undefined ? {} : { [sha('2')]: target },
      }),
    );

  test.each<[string, string, string | undefined, string[]]>([
    ['leads to a harmless file', 'a/link', '../lib/x.ts', []],
    ['leads to what a gate covers that asks nobody', 'a/link', '../docs/x.md', []],
    ['was not read', 'link', undefined, ['symlink_unread']],
    ['is absolute', 'link', '/etc/passwd', ['symlink_refused']],
    ['leads out of the tree', 'a/link', '../../x', ['symlink_refused']],
    ['leads to the git folder', 'link', '.git/config', ['symlink_refused']],
    ['leads to the git folder by another name', 'link', '.GIT/hooks/x', ['symlink_refused']],
    ['leads to the rules', 'link', '.proofhouse/policy.yaml', ['symlink_refused']],
    ['goes down and up again', 'link', 'lib/../src', ['symlink_refused']],
    ['leads nowhere', 'link', '', ['symlink_refused']],
    ['leads into a gate', 'a/link', '../src/auth/login.ts', ['symlink_into_gate']],
    ['leads to the folder of a gate', 'link', 'src/auth', ['symlink_into_gate']],
    ['leads to what only looks outside a gate', 'link', 'src/AUTH/x', ['symlink_into_gate']],
    ['leads to a name that a gate covers anywhere', 'link', 'keys/a.pem', ['symlink_into_gate']],
  ])('that %s', (_, path, target, expected) => {
    expect(codes(link(path, target))).toEqual(expected);
  });

  test('that is covered by the gate itself is left to that gate', () => {
    const judgement = link('src/auth/link', 'login.ts');
    expect(codes(judgement)).toEqual([]);
    expect(judgement.gates.map(({ id }) => id)).toContain('auth');
  });

  test('that was there before and did not change says nothing', () => {
    const same = Entry.parse({ ...entry('link', 'delete'), oldMode: '120000' });
    expect(codes(decide([guarded], factsOf([same], { texts: {} })))).toEqual([]);
  });
});

describe('what the agent may write', () => {
  const AGENTS = `agents:
  coder: { write: [src/, test/, ".npmrc"], readonly: [src/gen/], hidden: ["**/.env"] }`;
  const limited = load(minimal(`${SECTIONS}${AGENTS}`));
  const made = (madeBy: string | null, ...paths: string[]) =>
    decide([limited], factsOf(paths, { madeBy })).denials.map(({ code, message }) => [
      code,
      message,
    ]);

  test.each([
    ['src/a.ts', null],
    ['test/a.ts', null],
    ['lib/a.ts', 'is not among what the coder may write (.proofhouse/policy.yaml:8:19)'],
    ['SRC/a.ts', 'is not among what the coder may write (.proofhouse/policy.yaml:8:19)'],
    ['src/gen/a.ts', 'is read-only for the coder (.proofhouse/policy.yaml:8:54)'],
    ['src/Gen/a.ts', 'is read-only for the coder (.proofhouse/policy.yaml:8:54)'],
    ['src/.env', 'is hidden from the coder (.proofhouse/policy.yaml:8:74)'],
    ['src/.ENV', 'is hidden from the coder (.proofhouse/policy.yaml:8:74)'],
  ])('%s: %s', (path, problem) => {
    expect(made('coder', path)).toEqual(
      problem === null ? [] : [['agent_rights', `"${path}" ${problem}.`]],
    );
  });

  test('paths with the same problem are told together', () => {
    expect(made('coder', 'lib/a', 'lib/b', 'lib/c')).toEqual([
      [
        'agent_rights',
        '"lib/a" and 2 more is not among what the coder may write (.proofhouse/policy.yaml:8:19).',
      ],
    ]);
  });

  test('people, and roles that no layer speaks of, are not bound by it', () => {
    expect(made(null, 'lib/a')).toEqual([]);
    expect(made('reviewer', 'lib/a')).toEqual([]);
    expect(made('constructor', 'lib/a')).toEqual([]);
  });

  test('every layer must allow it', () => {
    const narrow = load(minimal('agents: { coder: { write: [test/] } }'));
    const denied = (path: string) =>
      codes(decide([limited, narrow], factsOf([path], { madeBy: 'coder' })));
    expect(denied('src/a.ts')).toEqual(['agent_rights']);
    expect(denied('test/a.ts')).toEqual([]);
  });
});
