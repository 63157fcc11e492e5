import { expect, test } from 'vitest';
import { type RulesOptions, rulesExplain } from '../../../orchestrator/commands/rules.ts';
import { prepare } from '../../../orchestrator/stages/prepare.ts';
import { QUOTA, STATES, TASK } from '../fixtures.ts';
import { git, repositoryWith, writeAll } from '../intake/repositories.ts';
import { BASE, POLICY, repository, SIGNAL, sourceOf, toolsWith } from '../stages/tools.ts';
import { desk } from './context.ts';

type Files = Readonly<Record<string, string>>;

const FILES: Files = {
  '.proofhouse/policy.yaml': POLICY,
  'AGENTS.md': 'Run the tests.\n',
  'web/AGENTS.md': 'Use tabs.\n',
  'CLAUDE.md': 'Be kind.\n',
};
const NAMING = (rules: string) => `apiVersion: proofhouse/v1\nkind: Workspace\nrules: [${rules}]\n`;

async function explained(files: Files | string, over: Partial<RulesOptions> = {}, json = true) {
  const cwd = typeof files === 'string' ? files : repositoryWith(files);
  const { context, said } = desk({ cwd, json });
  const asked = { paths: ['web/a.ts'], agent: null, revision: 'HEAD', repository: '.', ...over };
  const exit = await rulesExplain(context, asked);
  expect(exit).toBe(0);
  return said.join('\n');
}

/** What the journal of a run over these files says of its rules. */
async function journaledRules(files: Files): Promise<string | null> {
  const source = sourceOf(repository({ files: { [BASE]: files } }), { update: async () => {} });
  const workspaces = { open: async () => QUOTA };
  const event = await prepare(
    await toolsWith({ source, workspaces }),
    STATES.preparing,
    TASK,
    SIGNAL,
  );
  return event.type === 'workspace_ready' ? event.prepared.rules : 'no workspace';
}

test.each<[string, Files]>([
  ['AGENTS.md where the workspace file says nothing', FILES],
  ['no rules', { '.proofhouse/policy.yaml': POLICY }],
  [
    'the files that it names, one of them missing',
    { ...FILES, '.proofhouse/workspace.yaml': NAMING('web/AGENTS.md, GHOST.md, CLAUDE.md') },
  ],
  ['none where it names none', { ...FILES, '.proofhouse/workspace.yaml': NAMING('') }],
])('the digest of a run is the one that its journal holds: %s', async (_, files) => {
  const { run } = JSON.parse(await explained(files));
  expect(run.digest).toBe(await journaledRules(files));
});

test('a file that the workspace file names and the commit lacks is told of', async () => {
  const files = { ...FILES, '.proofhouse/workspace.yaml': NAMING('GHOST.md, CLAUDE.md') };
  const { run } = JSON.parse(await explained(files));
  expect(run.files.map((file: { path: string; bytes: number }) => [file.path, file.bytes])).toEqual(
    [
      ['GHOST.md', 0],
      ['CLAUDE.md', 9],
    ],
  );
  expect(run.files[0].digest).toBeNull();
});

test('rules that are too long are told of, where a run does not start', async () => {
  const files = { ...FILES, 'AGENTS.md': 'x'.repeat(40_000) };
  expect(JSON.parse(await explained(files)).run.isTooLong).toBe(true);
  await expect(journaledRules(files)).rejects.toMatchObject({ code: 'workspace_invalid' });
});

test('every agent is told of, or the one that was named', async () => {
  const agents = async (over: Partial<RulesOptions>) =>
    JSON.parse(await explained(FILES, over)).chains.map((one: { agent: string }) => one.agent);
  expect(await agents({})).toEqual(['codex', 'claude-code', 'gemini-cli', 'cursor', 'agents.md']);
  expect(await agents({ agent: 'cursor', paths: ['a', 'b'] })).toEqual(['cursor', 'cursor']);
});

test('a commit is read, and never the working tree', async () => {
  const folder = repositoryWith(FILES);
  const before = await explained(folder, { agent: 'codex' });
  writeAll(folder, { 'AGENTS.md': 'Changed.', 'web/AGENTS.override.md': 'More.' });
  git(folder, 'add', '--all');
  expect(await explained(folder, { agent: 'codex' })).toBe(before);
  const named = JSON.parse(await explained(folder, { agent: 'codex', revision: 'main' }));
  expect(named.commit).toBe(git(folder, 'rev-parse', 'HEAD').trim());
});

test('the files that the settings of Gemini CLI name are read', async () => {
  const settings = JSON.stringify({ context: { fileName: 'HOUSE.md' } });
  const files = { ...FILES, '.gemini/settings.json': settings, 'web/HOUSE.md': 'House.' };
  const { chains } = JSON.parse(await explained(files, { agent: 'gemini-cli' }));
  expect(chains[0].sources.map((one: { path: string }) => one.path)).toEqual(['web/HOUSE.md']);
});

test('people read path, agent, files and what a run gives', async () => {
  const text = await explained(FILES, { agent: 'codex', paths: ['web/a.ts', 'b'] }, false);
  expect(text.replace(/^at [0-9a-f]{12}/, 'at COMMIT')).toMatchInlineSnapshot(`
    "at COMMIT

    web/a.ts   codex   2 files, 25 bytes read
      AGENTS.md      sha256:f86d6e987913  15 bytes  at the root
      web/AGENTS.md  sha256:2d812d6fdf8e  10 bytes  in web/, above the path

    b   codex   1 file, 15 bytes read
      AGENTS.md  sha256:f86d6e987913  15 bytes  at the root

    a run is given 34 bytes, sha256:a117684d29be70836e212c96926cdb02e77e79b4a452bf20f1a331a9ca82551b
      AGENTS.md  sha256:f86d6e987913  15 bytes"
  `);
});

test.each(['web/', '/etc/passwd', '../x', ''])('"%s" is no path of a repository', async (named) => {
  await expect(explained(FILES, { paths: [named] })).rejects.toMatchObject({ code: 'usage' });
});

test('a commit that is not there is a usage error', async () => {
  await expect(explained(FILES, { revision: 'ghost' })).rejects.toMatchObject({ code: 'usage' });
});
