/** A tree of new code and old tests, put together without a work tree. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isOfTheExam } from '../../../policies/detect/exam.ts';
import { composeTree } from '../../../sandboxes/source/compose-tree.ts';
import { runIn, treePaths } from '../../../sandboxes/source/quarantine.ts';
import { bench, sealed } from './bench.ts';

const BASE = {
  'src/a.mjs': 'old code\n',
  'test/a.test.mjs': 'old test\n',
  'test/deep/b.test.mjs': 'another\n',
  'vitest.config.ts': 'old settings\n',
  'package.json': '{}\n',
};

async function composed(change: Record<string, string | null>) {
  const on = await bench(BASE);
  const tree = await sealed(on, change);
  const run = runIn(on.at);
  const taken = { base: on.base, tree, taken: isOfTheExam, folder: on.at.folder };
  const both = await composeTree(run, taken);
  const read = async (file: string) => {
    const { stdout } = await run(['cat-file', 'blob', `${both}:${file}`]);
    return stdout.toString();
  };
  return { on, tree, both, read, paths: await treePaths(on.at, both) };
}

describe('base tests over new code', () => {
  test('the code is new and the tests are old, whatever the change made of them', async () => {
    const change = {
      'src/a.mjs': 'new code\n',
      'test/a.test.mjs': 'passes\n',
      'vitest.config.ts': 'none\n',
    };
    const { read } = await composed(change);
    expect(await read('src/a.mjs')).toBe('new code\n');
    expect(await read('test/a.test.mjs')).toBe('old test\n');
    expect(await read('vitest.config.ts')).toBe('old settings\n');
  });

  test('tests that the change adds are left out, and those that it deletes are back', async () => {
    const change = {
      'test/new.test.mjs': 'new\n',
      'src/b.spec.ts': 'new\n',
      'test/a.test.mjs': null,
    };
    const { paths } = await composed(change);
    expect(paths).toEqual(Object.keys(BASE).sort());
  });

  test('a file in place of the folder of tests makes room for it', async () => {
    const gone = { 'test/a.test.mjs': null, 'test/deep/b.test.mjs': null };
    const { paths } = await composed({ ...gone, test: 'a file\n' });
    expect(paths).toEqual(Object.keys(BASE).sort());
  });

  test('what says more than how tests run stays as the change has it', async () => {
    const { read } = await composed({ 'package.json': '{"type":"module"}\n' });
    expect(await read('package.json')).toBe('{"type":"module"}\n');
  });

  test('the same comes to the same tree, and no index is left behind', async () => {
    const { on, tree, both } = await composed({ 'src/a.mjs': 'new\n' });
    const taken = { base: on.base, tree, taken: isOfTheExam, folder: on.at.folder };
    expect(await composeTree(runIn(on.at), taken)).toBe(both);
    expect(readdirSync(on.at.folder).filter((name) => name.startsWith('index'))).toEqual([]);
  });
});
