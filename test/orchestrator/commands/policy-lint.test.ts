import { expect, test } from 'vitest';
import { type LintOptions, policyLint } from '../../../orchestrator/commands/policy-lint.ts';
import { SOUND } from '../../policies/lint/found.ts';
import { minimal } from '../../policies/sample.ts';
import { repositoryWith, temporaryFolder, writeAll } from '../intake/repositories.ts';
import { desk } from './context.ts';

type Files = Readonly<Record<string, string>>;
type Over = Partial<LintOptions> & { readonly orgPolicies?: readonly string[]; json?: boolean };

const POLICY = '.proofhouse/policy.yaml';
const FILES: Files = {
  [POLICY]: SOUND,
  'src/auth/a.ts': '',
  'src/auth/docs/a.md': '',
  'web/a.ts': '',
};
const GUESSED = SOUND.replace('"src/auth/"]', '"src/auth/", "src/auht/"]');

async function linted(files: Files, { orgPolicies = [], json = false, ...over }: Over = {}) {
  const { context, said } = desk({ cwd: repositoryWith(files), orgPolicies, json });
  const defaults = { files: [], format: 'text', requester: null, allowEmpty: false, strict: false };
  const exit = await policyLint(context, { ...defaults, ...over } as LintOptions);
  return { exit, said: said.join('\n') };
}

const codesIn = (said: string): string[] =>
  JSON.parse(said).problems.map(
    ({ code, severity }: Record<string, string>) => `${code} ${severity}`,
  );

test('a policy in order says so and ends with 0', async () => {
  expect(await linted(FILES)).toEqual({ exit: 0, said: `${POLICY}: 0 errors, 0 warnings` });
});

test('an error ends with 2, and the formats say the same', async () => {
  const files = { ...FILES, [POLICY]: SOUND.replace('[e2e]', '[ghost]') };
  const text = await linted(files);
  expect(text.exit).toBe(2);
  expect(text.said).toContain('error[P0404]: auth needs the validator `ghost`');
  const json = await linted(files, { format: 'json' });
  expect(json).toEqual(await linted(files, { json: true }));
  expect(codesIn(json.said)).toEqual(['P0404 error']);
  expect(await linted(files, { format: 'github' })).toEqual({
    exit: 2,
    said: `::error file=${POLICY},line=21,col=18,title=P0404::auth needs the validator \`ghost\`, which is not declared`,
  });
  const sarif = await linted(files, { format: 'sarif' });
  expect(sarif.exit).toBe(2);
  expect(JSON.parse(sarif.said).runs[0].results).toMatchObject([
    { ruleId: 'P0404', level: 'error' },
  ]);
});

test('a policy that cannot be read is told of in every format', async () => {
  const files = { ...FILES, [POLICY]: `${SOUND}gatez: []\n` };
  expect(codesIn((await linted(files, { format: 'json' })).said)).toEqual(['P0103 error']);
  expect((await linted(files, { format: 'github' })).exit).toBe(2);
});

test('warnings fail where that is asked for', async () => {
  const files = { ...FILES, [POLICY]: GUESSED };
  expect((await linted(files)).exit).toBe(0);
  expect((await linted(files, { strict: true })).exit).toBe(2);
});

test('what is only worth knowing never fails', async () => {
  const files = { ...FILES, 'AGENTS.md': 'Then git push.\n' };
  const { exit, said } = await linted(files, { strict: true, format: 'json' });
  expect(exit).toBe(0);
  expect(codesIn(said)).toEqual(['P0605 info']);
});

test('a pattern may match nothing where that is asked for', async () => {
  const files = { ...FILES, [POLICY]: GUESSED };
  expect(codesIn((await linted(files, { format: 'json' })).said)).toEqual(['P0201 warning']);
  const allowed = await linted(files, { format: 'json', allowEmpty: true, strict: true });
  expect([allowed.exit, codesIn(allowed.said)]).toEqual([0, []]);
  // A misspelt one is still told of.
  const other = { ...FILES, [POLICY]: SOUND.replace('"src/auth/"', '"src/Auth/"') };
  expect(codesIn((await linted(other, { format: 'json', allowEmpty: true })).said)).toEqual([
    'P0205 warning',
  ]);
});

test('who asks may be named, as people write it', async () => {
  const files = { ...FILES, [POLICY]: SOUND.replace('[local:pia, local:ben]', '[local:pia]') };
  expect((await linted(files)).exit).toBe(0);
  expect((await linted(files, { requester: 'pia' })).exit).toBe(2);
  expect((await linted(files, { requester: 'local:pia' })).exit).toBe(2);
  expect((await linted(files, { requester: 'github:pia' })).exit).toBe(0);
  await expect(linted(files, { requester: 'a b' })).rejects.toMatchObject({ code: 'usage' });
});

test('the organisation’s policies are judged with it', async () => {
  const folder = temporaryFolder();
  writeAll(folder, { 'org.yaml': SOUND.replace('layer: standalone', 'layer: org') });
  const files = { ...FILES, [POLICY]: minimal('', 'repo') };
  expect((await linted(files)).exit).toBe(2);
  expect(await linted(files, { orgPolicies: [`${folder}/org.yaml`] })).toMatchObject({ exit: 0 });
});

test('rule files are looked at as they are in the folder', async () => {
  const files = { ...FILES, 'web/AGENTS.md': 'Hi\u{200b}\n', '.cursor/rules/a.md': 'x' };
  const { exit, said } = await linted(files, { format: 'json' });
  expect(exit).toBe(2);
  expect(codesIn(said)).toEqual(['P0601 warning', 'P0604 error']);
});
