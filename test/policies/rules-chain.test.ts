import { expect, test } from 'vitest';
import { sha256 } from '../../orchestrator/domain/canonical.ts';
import {
  CODEX_BYTES_MAX,
  isRuleFile,
  RULE_AGENTS,
  type RuleAgent,
  ruleChain,
} from '../../policies/rules-chain.ts';

type Files = Readonly<Record<string, string>>;

function chain(agent: RuleAgent, path: string, files: Files) {
  const all = Object.entries(files).map(([name, text]) => ({
    path: name,
    bytes: Buffer.from(text),
  }));
  return ruleChain(agent, path, all);
}

const said = (agent: RuleAgent, path: string, files: Files) =>
  chain(agent, path, files).map(({ path: file, why }) => `${file}: ${why}`);

const AGENTS = { 'AGENTS.md': 'root', 'web/AGENTS.md': 'web', 'web/api/AGENTS.md': 'api' };

test('codex reads from the root down to the folder of the path, and no further', () => {
  expect(said('codex', 'web/a.ts', AGENTS)).toEqual([
    'AGENTS.md: at the root',
    'web/AGENTS.md: in web/, above the path',
  ]);
  expect(said('codex', 'a.ts', AGENTS)).toEqual(['AGENTS.md: at the root']);
});

test('codex takes one file of a folder, the override first', () => {
  const files = { ...AGENTS, 'web/AGENTS.override.md': 'other' };
  expect(said('codex', 'web/a.ts', files)).toEqual([
    'AGENTS.md: at the root',
    'web/AGENTS.override.md: in web/, above the path; instead of web/AGENTS.md',
  ]);
});

test('codex stops at 32 KiB, in the middle of a file', () => {
  const half = 'x'.repeat(CODEX_BYTES_MAX / 2);
  const read = (web: string) =>
    chain('codex', 'web/api/a.ts', { ...AGENTS, 'AGENTS.md': half, 'web/AGENTS.md': web }).map(
      ({ bytes, readBytes }) => [bytes, readBytes],
    );
  expect(read(half)).toEqual([
    [16_384, 16_384],
    [16_384, 16_384],
    [3, 0],
  ]);
  expect(read(`${half}xx`)[1]).toEqual([16_386, 16_384]);
  expect(read(half.slice(2))[2]).toEqual([3, 2]);
});

test('a source has the digest of the whole file, counted in bytes', () => {
  expect(chain('codex', 'a', { 'AGENTS.md': 'é' })).toEqual([
    { path: 'AGENTS.md', bytes: 2, readBytes: 2, digest: sha256('é'), why: 'at the root' },
  ]);
});

test('by agents.md the closest file wins', () => {
  expect(said('agents.md', 'web/a.ts', AGENTS)).toEqual([
    'AGENTS.md: at the root; a closer one wins',
    'web/AGENTS.md: in web/, above the path; closest, so it wins',
  ]);
});

const rule = (front: string) => `---\n${front}\n---\nDo.\n`;

test('claude-code reads CLAUDE.md downwards, then rules whose paths hold the path', () => {
  const files = {
    'CLAUDE.md': 'root',
    'web/CLAUDE.md': 'web',
    'AGENTS.md': 'not read',
    '.claude/rules/all.md': 'Always.',
    '.claude/rules/api.md': rule('paths: ["web/**/*.{ts,tsx}"]'),
    '.claude/rules/docs.md': rule('paths: docs/**'),
    '.claude/rules/top.md': rule('paths: "*.ts"'),
  };
  expect(said('claude-code', 'web/a.ts', files)).toEqual([
    'CLAUDE.md: at the root',
    'web/CLAUDE.md: in web/, above the path, once a file there is read',
    '.claude/rules/all.md: names no paths, so it always applies',
    '.claude/rules/api.md: its paths hold web/**/*.{ts,tsx}',
  ]);
  expect(said('claude-code', 'a.ts', files)).toContain('.claude/rules/top.md: its paths hold *.ts');
});

test.each(['paths: [a', 'paths: 7', 'a: 1\na: 2'])(
  'paths that cannot be read may apply: %s',
  (front) => {
    expect(said('claude-code', 'a.ts', { '.claude/rules/a.md': rule(front) })).toEqual([
      '.claude/rules/a.md: its paths cannot be read, so it may apply',
    ]);
  },
);

test('cursor takes what always applies, then by globs, then by description', () => {
  const files = {
    'AGENTS.md': 'root',
    '.cursor/rules/a.mdc': rule('description: When the moon is full'),
    '.cursor/rules/b.mdc': rule('globs: *.ts,*.tsx\nalwaysApply: false'),
    '.cursor/rules/c.mdc': rule('alwaysApply: true'),
    '.cursor/rules/d.mdc': rule('globs: docs/**\ndescription: Docs'),
    '.cursor/rules/manual.mdc': rule('alwaysApply: false'),
    '.cursor/rules/bare.mdc': 'No front matter.',
    '.cursor/rules/plain.md': rule('alwaysApply: true'),
    '.cursor/rules/text.mdc': rule('alwaysApply: "true"'),
  };
  expect(said('cursor', 'web/a.ts', files)).toEqual([
    'AGENTS.md: at the root',
    '.cursor/rules/c.mdc: always applies',
    '.cursor/rules/b.mdc: its globs hold *.ts',
    '.cursor/rules/a.mdc: the agent decides by its description',
  ]);
});

test('gemini-cli reads the files that its settings name', () => {
  const files = { 'GEMINI.md': 'root', 'web/GEMINI.md': 'web', 'AGENTS.md': 'other' };
  expect(said('gemini-cli', 'web/a.ts', files)).toEqual([
    'GEMINI.md: at the root',
    'web/GEMINI.md: in web/, above the path',
  ]);
  const named = (fileName: unknown) =>
    said('gemini-cli', 'web/a.ts', {
      ...files,
      '.gemini/settings.json': JSON.stringify({ context: { fileName } }),
    });
  expect(named('AGENTS.md')).toEqual(['AGENTS.md: at the root']);
  expect(named(['AGENTS.md', 'GEMINI.md'])).toHaveLength(3);
  expect(named(['../GEMINI.md', 7])).toHaveLength(2);
});

test.each(RULE_AGENTS)('%s: a repository without rule files has none', (agent) => {
  expect(chain(agent, 'web/a.ts', { 'README.md': 'x' })).toEqual([]);
});

test.each([
  ['AGENTS.md', true],
  ['a/b/CLAUDE.md', true],
  ['web/AGENTS.override.md', true],
  ['.cursor/rules/a/b.mdc', true],
  ['.github/copilot-instructions.md', true],
  ['NOTAGENTS.md', false],
  ['docs/agents.md', false],
  ['web/.cursor/x.mdc', false],
  ['README.md', false],
])('%s is a rule file: %s', (path, expected) => {
  expect(isRuleFile(path)).toBe(expected);
});

test('front matter made to cost time does not', () => {
  const long = `---\nglobs: *${',{'.repeat(600_000)}\n`;
  const lines = `---\n${'a:\n'.repeat(400_000)}---\n`;
  const started = performance.now();
  for (const text of [long, lines]) {
    for (const agent of RULE_AGENTS) {
      chain(agent, 'a.ts', { '.cursor/rules/a.mdc': text, '.claude/rules/a.md': text });
    }
  }
  expect(performance.now() - started).toBeLessThan(2_000);
});
