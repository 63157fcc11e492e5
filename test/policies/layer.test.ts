/** What one layer says: the gates it writes, those of its packs, those nobody has to write, and exemptions. */
import { describe, expect, test } from 'vitest';
import { Entry, type Facts } from '../../orchestrator/domain/change.ts';
import type { Judgement } from '../../orchestrator/domain/judgement.ts';
import { decide, entry, factsOf, load, minimal, sha } from './sample.ts';

const PEOPLE = `groups:
  platform: { members: [local:pia] }
  security: { members: [local:rita, local:sam] }
  dba: { members: [local:mo, local:kim] }
validators: { unit: { run: [x], reports: { junit: j.xml } } }
unmatched: { class: low }
`;
const policy = (sections: string) => load(minimal(`${PEOPLE}${sections}`));
const ids = ({ gates }: Judgement) => gates.map(({ id }) => id);
const codes = ({ denials }: Judgement) => denials.map(({ code }) => code);
const judge = (
  sections: string,
  entries: Parameters<typeof factsOf>[0],
  over: Partial<Facts> = {},
) => decide([policy(sections)], factsOf(entries, over));

describe('the gates that nobody has to write', () => {
  test('what no gate covers takes the class of unmatched paths, and asks where that asks', () => {
    const asking = load(minimal(PEOPLE.replace('class: low', 'class: high')));
    const judgement = decide([asking], factsOf(['a', 'b']));
    expect(judgement.gates).toMatchObject([
      { id: 'unmatched', riskClass: 'high', paths: ['a', 'b'], why: 'No gate covers these paths.' },
    ]);
    expect(ids(judge('', ['a']))).toEqual([]);
  });

  test.each([
    ['a symlink that is new', Entry.parse({ ...entry('a', 'add'), newMode: '120000' }), true],
    ['a symlink that is gone', Entry.parse({ ...entry('a', 'delete'), oldMode: '120000' }), true],
    ['a submodule', Entry.parse({ ...entry('a', 'add'), newMode: '160000' }), true],
    ['a file that became a symlink', entry('a', 'type'), true],
    ['a file that can now be run', Entry.parse({ ...entry('a'), newMode: '100755' }), false],
    ['a file', entry('a'), false],
  ])('%s: %s', (_, item, isTold) => {
    const judgement = judge('', [item]);
    expect(ids(judgement)).toEqual(isTold ? ['entry.type'] : []);
    if (isTold) expect(judgement.riskClass).toBe('high');
  });

  test('a path told from a covered one by letter case only, also by the rules of a pack', () => {
    const judgement = judge('packs: ["builtin:github-actions@1"]', ['.GitHub/workflows/ci.yml']);
    expect(judgement.gates.find(({ id }) => id === 'path.confusable')).toMatchObject({
      riskClass: 'critical',
      sources: [{ layer: 'builtin:github-actions@1' }],
    });
  });

  test.each([
    ['.proofhouse/workspace.yaml', true],
    ['.Proofhouse/workspace.yaml', true],
    ['docs/.proofhouse/x', false],
  ])('whoever is to be asked about edits of the rules is asked: %s %s', (path, isAsked) => {
    const judgement = judge(
      'never_delegate: [{ action: edit-policy, gate: { group: dba, count: 2 } }]',
      [path],
    );
    expect(ids(judgement)).toEqual(isAsked ? ['never.edit-policy'] : []);
    expect(judgement.needs).toEqual(isAsked ? [{ group: 'dba', count: 2 }] : []);
    expect(judgement.neverDelegated).toEqual([
      { action: 'edit-policy', absolute: false, approvals: [{ group: 'dba', count: 2 }] },
    ]);
  });

  test('what is never delegated at all is denied', () => {
    const judgement = judge('never_delegate: [{ action: edit-policy, absolute: true }]', [
      '.Proofhouse/x',
    ]);
    expect(judgement.denials).toEqual([
      {
        code: 'never_delegated',
        message:
          'No agent edits the rules it is judged by, and nobody can allow it (.proofhouse/policy.yaml:10:18).',
        paths: ['.Proofhouse/x'],
        where: '.proofhouse/policy.yaml:10:18',
      },
    ]);
    expect(
      codes(judge('never_delegate: [{ action: edit-policy, absolute: true }]', ['a'])),
    ).toEqual([]);
  });

  test('one of another class is another gate to those who said yes', () => {
    const definition = (over: string) =>
      judge(
        `limits: { max_files: 1, over: { class: ${over} } }
classes: { high: { approvals: [], surface: ready-pr, bind: change, expires: 7d } }`,
        ['a', 'b'],
      ).gates[0]?.definition;
    expect(definition('high')).not.toBe(definition('medium'));
  });
});

describe('a gate for some branches only', () => {
  const sections =
    'gates: [{ id: a, why: x, class: high, paths: [a], branches: ["refs/heads/release/*"] }]';
  test.each([
    ['refs/heads/release/1', true],
    ['refs/heads/main', false],
    ['refs/heads/release', false],
    ['refs/heads/release/1/2', false],
    ['refs/tags/refs/heads/release/1', false],
  ])('%s: %s', (target, applies) => {
    expect(ids(judge(sections, ['a'], { target }))).toEqual(applies ? ['a'] : []);
  });

  test('where it does not apply its paths are unmatched', () => {
    const strict = load(minimal(`${PEOPLE.replace('class: low', 'class: critical')}${sections}`));
    expect(ids(decide([strict], factsOf(['a'])))).toEqual(['unmatched']);
  });
});

describe('what must change together', () => {
  const sections = `gates:
  - { id: m, class: low, paths: ["**/migrations/"], except: ["*.down.sql"], require_with: ["**/migrations/*.down.sql", "/docs/db.md"] }`;
  test.each([
    [['db/migrations/1.sql'], 2],
    [['db/migrations/1.sql', 'db/migrations/1.down.sql'], 1],
    [['db/migrations/1.sql', 'db/migrations/1.down.sql', 'docs/db.md'], 0],
    [['db/migrations/1.sql', 'DOCS/db.md', 'db/migrations/1.down.sql'], 1],
    [['docs/db.md'], 0],
  ])('%j: %d missing', (paths, missing) => {
    const { denials } = judge(sections, paths);
    expect(denials.filter(({ code }) => code === 'companion_missing')).toHaveLength(missing);
  });

  test('the refusal says which gate wants what', () => {
    expect(judge(sections, ['db/migrations/1.sql', 'docs/db.md']).denials).toEqual([
      {
        code: 'companion_missing',
        message:
          'Gate m (.proofhouse/policy.yaml:11:5) wants something at "**/migrations/*.down.sql" to change too.',
        paths: ['db/migrations/1.sql'],
        where: '.proofhouse/policy.yaml:11:5',
      },
    ]);
  });
});

describe('packs', () => {
  const lifecycle = {
    [sha('1')]: '{ "scripts": {} }',
    [sha('2')]: '{ "scripts": { "postinstall": "node x.js" } }',
  };

  test('their gates take the classes and the people of the layer that names them', () => {
    const judgement = judge(
      `packs: ["builtin:node@1"]
classes: { critical: { approvals: [{ group: dba, count: 2 }], expires: 1h } }`,
      ['.npmrc'],
    );
    expect(judgement.gates.find(({ id }) => id === 'node.registry')).toMatchObject({
      riskClass: 'critical',
      approvals: [{ group: 'dba', count: 2 }],
      expiresMs: 3_600_000,
      sources: [
        { layer: 'builtin:node@1', where: expect.stringMatching(/^builtin:node@1:\d+:\d+$/) },
      ],
    });
    expect(judgement.groups['dba']?.members).toEqual(['local:kim', 'local:mo']);
  });

  test('their rules on content fire, and name what was found', () => {
    const judgement = judge('packs: ["builtin:node@1"]', ['package.json'], { texts: lifecycle });
    const gate = judgement.gates.find(({ id }) => id === 'node.install-scripts');
    expect(gate?.findings.length, ids(judgement).join()).toBeGreaterThan(0);
    expect(gate?.paths).toEqual(['package.json']);
  });

  test('a change of what a pack holds would change the digest of the policy', () => {
    const plain = decide([load(minimal(PEOPLE))], factsOf(['a'])).policy;
    const packed = judge('packs: ["builtin:node@1"]', ['a']).policy;
    expect(packed).not.toBe(plain);
  });
});

describe('rules on content', () => {
  const sections = `content:
  - { id: drop, why: Data is lost., class: critical, detect: sql.destructive, approvals: [{ group: dba, count: 2 }], validators: [unit] }`;
  const texts = { [sha('1')]: 'SELECT 1;', [sha('2')]: 'DROP TABLE users;' };

  test('fire on what changed, ask for their own people too, and bind to what was found', () => {
    const judgement = judge(sections, ['db/1.sql', 'README.md'], { texts });
    expect(judgement.gates).toMatchObject([
      {
        id: 'drop',
        paths: ['db/1.sql'],
        approvals: [
          { group: 'dba', count: 2 },
          { group: 'security', count: 1 },
        ],
        findings: [{ key: expect.stringContaining('db/1.sql: ') }],
      },
    ]);
    const other = judge(sections, ['db/1.sql'], {
      texts: { ...texts, [sha('2')]: 'DROP TABLE a;' },
    });
    expect(other.gates[0]?.scope).not.toBe(judgement.gates[0]?.scope);
  });

  test('what cannot be read fires', () => {
    expect(ids(judge(sections, ['db/1.sql'], { texts: {} }))).toEqual(['drop']);
  });

  test('a path that only looks as though it were another is read as well', () => {
    expect(ids(judge(sections, ['db/1.SQL'], { texts }))).toEqual(['drop']);
  });

  test('what was harmless stays silent, and a rule covers no path', () => {
    const harmless = { [sha('1')]: 'SELECT 1;', [sha('2')]: 'SELECT 2;' };
    expect(ids(judge(sections, ['db/1.sql'], { texts: harmless }))).toEqual([]);
    const strict = load(minimal(`${PEOPLE.replace('class: low', 'class: high')}${sections}`));
    expect(ids(decide([strict], factsOf(['db/1.sql'], { texts })))).toEqual(['drop', 'unmatched']);
  });

  test('a rule is for its branches, paths and operations only', () => {
    const asked = (key: string) => sections.replace('detect:', `${key}, detect:`);
    expect(ids(judge(asked('branches: [refs/heads/x]'), ['db/1.sql'], { texts }))).toEqual([]);
    expect(ids(judge(asked('paths: [other/]'), ['db/1.sql'], { texts }))).toEqual([]);
    expect(ids(judge(asked('except: [db/]'), ['db/1.sql'], { texts }))).toEqual([]);
    expect(ids(judge(asked('operations: [add]'), ['db/1.sql'], { texts }))).toEqual([]);
  });
});

describe('limits', () => {
  test('new dependencies are counted over all manifests', () => {
    const texts = { [sha('1')]: '{}', [sha('2')]: '{ "dependencies": { "a": "1", "b": "1" } }' };
    const why = (max: number) =>
      judge(`limits: { max_new_dependencies: ${max} }`, ['package.json'], { texts }).gates[0]?.why;
    expect(why(1)).toContain('2 new dependencies, the limit is 1');
    expect(why(2)).toBeUndefined();
  });
});

describe('exemptions', () => {
  const gate = 'gates: [{ id: m, why: x, class: high, paths: [db/] }]';
  const exempt = (over = '', expires = '2026-03-01') =>
    `${gate}
exemptions: [{ id: ex-1, gate: m, paths: [db/old/], why: Frozen., granted_by: local:mo, expires: ${expires}${over} }]`;

  test('excuse their paths from their gate, and the decision says so', () => {
    const judgement = judge(exempt(', ticket: T-1'), ['db/old/1.sql', 'db/new/1.sql']);
    expect(judgement.gates).toMatchObject([{ id: 'm', paths: ['db/new/1.sql'] }]);
    expect(judgement.exemptions).toEqual([
      {
        id: 'ex-1',
        gate: 'm',
        layer: 'standalone',
        where: '.proofhouse/policy.yaml:11:14',
        paths: ['db/old/1.sql'],
        why: 'Frozen.',
        ticket: 'T-1',
        grantedBy: 'local:mo',
        expires: '2026-03-01',
      },
    ]);
  });

  test.each([
    ['2026-03-01T00:00:00Z', true],
    ['2026-03-01T23:59:59.999Z', true],
    ['2026-03-02T00:00:00Z', false],
    ['2026-03-02T00:30:00+01:00', true],
    ['no time at all', false],
  ])('hold through their last day: %s %s', (now, isExcused) => {
    const judgement = decide([policy(exempt())], factsOf(['db/old/1.sql']), now);
    expect(judgement.verdict).toBe(isExcused ? 'allow' : 'hold');
    expect(judgement.exemptions).toHaveLength(isExcused ? 1 : 0);
  });

  test('that were not needed are not named', () => {
    expect(judge(exempt(), ['a']).exemptions).toEqual([]);
  });

  test('leave what they excuse to all other gates, and to unmatched', () => {
    const strict = load(minimal(`${PEOPLE.replace('class: low', 'class: critical')}${exempt()}`));
    expect(ids(decide([strict], factsOf(['db/old/1.sql'])))).toEqual(['unmatched']);
  });

  test('excuse from no gate of another layer, of a pack, or from a rule on content', () => {
    const org = load(minimal(`${PEOPLE}${gate}`, 'org'));
    const below = load(minimal(`${exempt().slice(gate.length)}`), 'repo.yaml');
    expect(ids(decide([org, below], factsOf(['db/old/1.sql'])))).toEqual(['m']);
    const both = load(minimal(exempt()), 'repo.yaml');
    expect(decide([org, both], factsOf(['db/old/1.sql'])).gates).toMatchObject([
      { id: 'm', paths: ['db/old/1.sql'] },
    ]);
    const content = exempt().replace(
      'gates: [{ id: m, why: x, class: high, paths: [db/] }]',
      'content: [{ id: m, why: x, class: high, detect: sql.destructive }]',
    );
    expect(ids(judge(content, ['db/old/1.sql'], { texts: {} }))).toEqual(['m']);
  });

  test('do not excuse what only looks like their path', () => {
    expect(ids(judge(exempt(), ['DB/old/1.sql']))).toEqual(['path.confusable']);
  });
});
