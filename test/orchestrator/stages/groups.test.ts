import { expect, test } from 'vitest';
import { factsOf } from '../../../orchestrator/stages/facts.ts';
import { groupFiles, groupSnapshot } from '../../../orchestrator/stages/groups.ts';
import { load, minimal } from '../../policies/sample.ts';
import { RUN, TASK } from '../fixtures.ts';
import { BASE, POLICY, POLICY_PATH, repository, sourceOf, TREE } from './tools.ts';

/** A base commit that has these files. */
function read(files: Record<string, string>) {
  return async (path: string) => files[path] ?? null;
}

const people = (text: string) => groupSnapshot(read({ 'people/dba': text }), ['people/dba']);

test('a file of people is a group under its own name', async () => {
  const files = { 'people/dba': 'local:mo\nlocal:kim\n', SECURITY: 'github:lee' };
  expect(await groupSnapshot(read(files), ['people/dba', 'SECURITY', 'people/dba'])).toEqual({
    'file:people/dba': ['local:mo', 'local:kim'],
    'file:SECURITY': ['github:lee'],
  });
});

test('blanks, comments, empty lines and letter case say nothing, and nobody counts twice', async () => {
  const text = '# on call\r\n\r\n  Local:Mo  # until May\r\nlocal:mo\n\tlocal:kim\n';
  expect(await people(text)).toEqual({ 'file:people/dba': ['local:mo', 'local:kim'] });
});

test('an empty file is a group of nobody', async () => {
  expect(await people('# nobody yet\n')).toEqual({ 'file:people/dba': [] });
});

test.each([
  ['mo', 'people/dba:2: "mo" is nobody; a person is written provider:login'],
  ['local:mo local:kim', 'people/dba:2: "local:mo local:kim" is nobody'],
  ['@acme/dba', 'people/dba:2: "@acme/dba" is nobody'],
  ['local:mo\u202e', 'people/dba:2: "local:mo·" is nobody'],
  [`local:${'x'.repeat(2 ** 20)}!`, 'people/dba:2: "local:xxx'],
])('a line that names no person closes the whole policy', async (line, message) => {
  await expect(people(`local:kim\n${line}\n`)).rejects.toMatchObject({
    code: 'policy_invalid',
    message: expect.stringContaining(message),
  });
});

test('a file that is not there closes the whole policy', async () => {
  await expect(groupSnapshot(read({}), ['people/dba'])).rejects.toMatchObject({
    code: 'policy_invalid',
    message: 'the policy names people/dba for a group, and the base commit has no such file',
  });
});

test('a group of more than a thousand is no group', async () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, at) => `local:p${at}`).join('\n');
  expect((await people(many(1_000)))['file:people/dba']).toHaveLength(1_000);
  await expect(people(many(1_001))).rejects.toThrow(
    'people/dba:1001: a group has at most 1000 people',
  );
});

test('the files are those that the policies name, and no others', () => {
  const policy = minimal(`groups:
  platform: { members: [local:pia] }
  security: { github_team: acme/security }
  dba: { file: people/dba }
`);
  expect(groupFiles([load(policy), load(policy)])).toEqual(['people/dba', 'people/dba']);
});

test('the facts of a sealed tree have the people of the base commit, whatever the tree says', async () => {
  const held = { [POLICY_PATH]: POLICY, 'people/dba': 'local:mo\n' };
  const source = sourceOf(repository({ files: { [BASE]: held } }));
  const layers = [load(minimal('groups: { dba: { file: people/dba } }\n'))];
  const place = { run: RUN, attempt: 1, repository: TASK.repository, base: BASE };
  const read = await factsOf(source, place, TREE, { base: 'main', layers });
  expect('facts' in read && read.facts).toMatchObject({
    groups: { 'file:people/dba': ['local:mo'] },
    target: 'refs/heads/main',
    history: [],
    madeBy: 'coder',
  });
});
