/** Which lockfiles of the base commit say what may be fetched. */
import { expect, test } from 'vitest';
import { RunId, Sha } from '../../../orchestrator/domain/ids.ts';
import { packagesOf } from '../../../orchestrator/stages/packages.ts';
import type { StageTools } from '../../../orchestrator/stages/tools.ts';
import { strict } from '../strict.ts';

const PLACE = {
  ...{ run: RunId.parse('r0000001'), attempt: 1, repository: '/r' },
  base: Sha.parse('a'.repeat(40)),
};
const lock = (name: string): string =>
  JSON.stringify({
    lockfileVersion: 3,
    packages: {
      '': {},
      [`node_modules/${name}`]: {
        version: '1.0.0',
        integrity: `sha512-${'A'.repeat(86)}==`,
      },
    },
  });

function tools(files: Readonly<Record<string, string>>) {
  const read = async (_: string, __: Sha, path: string) => {
    const text = files[path];
    return text === undefined ? null : Buffer.from(text);
  };
  return { source: strict<StageTools['source']>('source', { read }) };
}

test('the files that key the layer, and no other', async () => {
  const files = { 'a/package-lock.json': lock('one'), 'package-lock.json': lock('two') };
  expect((await packagesOf(tools(files), PLACE, ['a/package-lock.json'])).names).toEqual(['one']);
});

test('those at the root where anything may decide, as under a devcontainer.json', async () => {
  const files = { 'package-lock.json': lock('two'), 'yarn.lock': '' };
  expect((await packagesOf(tools(files), PLACE, null)).names).toEqual(['two']);
  expect(await packagesOf(tools({}), PLACE, null)).toEqual({ names: [], tarballs: [] });
});
