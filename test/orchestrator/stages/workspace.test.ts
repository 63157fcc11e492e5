/** Which of the base commit's files says how a workspace is set up. */
import { describe, expect, test } from 'vitest';
import { readWorkspace } from '../../../orchestrator/stages/workspace.ts';

const [FOLDER, ROOT] = ['.devcontainer/devcontainer.json', '.devcontainer.json'];
const YAML = '.proofhouse/workspace.yaml';
const HEAD = 'apiVersion: proofhouse/v1\nkind: Workspace\n';
const OURS = `sha256:${'a'.repeat(64)}`;

const reading = (files: Readonly<Record<string, string>>) =>
  readWorkspace(
    { ownImage: async (name) => (name === 'team/node:1' ? OURS : null) },
    async (path) => files[path] ?? null,
  );
const SETS_UP = '{ "postCreateCommand": "make" }';
const MAKE = { run: [['/bin/sh', '-c', 'make']], keyedBy: null, image: 'base' };

test.each([
  ['.proofhouse/workspace.yaml is absent', { [FOLDER]: SETS_UP }],
  ['it says so', { [YAML]: `${HEAD}devcontainer: true\n`, [FOLDER]: SETS_UP }],
  ['it is at the root', { [ROOT]: SETS_UP }],
])('devcontainer.json counts where %s', async (_, files) => {
  expect(await reading(files)).toMatchObject({ setUp: MAKE, ignored: [] });
});

test('a workspace file that does not name it is all there is', async () => {
  const files = { [YAML]: HEAD, [FOLDER]: '{ "initializeCommand": "x", "onCreateCommand": "y" }' };
  expect(await reading(files)).toMatchObject({ setUp: null, ignored: [] });
});

test('of two files the one in the folder is read, and people are told of the other', async () => {
  const { setUp, ignored } = await reading({ [FOLDER]: SETS_UP, [ROOT]: '{ "image": 3' });
  expect(setUp).toEqual(MAKE);
  expect(ignored).toMatchObject([{ where: ROOT, message: `${FOLDER} is read instead` }]);
});

describe('an image', () => {
  test('that is on the engine and made from ours is what sets up', async () => {
    const text = '{ "image": "team/node:1", "onCreateCommand": ["x"] }';
    const { setUp, ignored } = await reading({ [ROOT]: text });
    expect(setUp).toEqual({ run: [['x']], keyedBy: null, image: OURS });
    expect(ignored).toEqual([]);
  });

  test('of a stranger is not, and people are told', async () => {
    const text = '{ "image": "evil/node:1", "onCreateCommand": ["x"] }';
    const { setUp, ignored } = await reading({ [ROOT]: text });
    expect(setUp?.image).toBe('base');
    expect(ignored[0]?.message).toMatch(/^the image evil\/node:1 is not on the engine/);
  });
});

test('without any of them nothing is set up', async () => {
  expect(await reading({})).toMatchObject({ setUp: null, ignored: [] });
});
