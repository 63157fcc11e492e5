import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  exactly,
  foldersAt,
  type IgnoreFile,
  ignoredAt,
  ignoreList,
  untrackedIn,
} from '../../../sandboxes/source/ignore.ts';
import { git, temporaryFolder, writeAll } from '../../orchestrator/intake/repositories.ts';
import { bench } from './bench.ts';

/** Everything here that a pattern could take or leave. */
const TREE = [
  ...['a.log', 'keep.log', 'build/x', 'src/build', 'src/build.d/x', 'src/a.log', 'src/keep.log'],
  ...['src/deep/a.log', 'src/deep/build/x', 'src/deep/er/only', 'odd [1]/a.log', 'odd [1]/b'],
  ...['odd 1/a.log', '!bang', '#hash', 'tail ', 'é/ö', 'star*/x', 'starry/x', 'sub/x/y/z'],
];

/** What git itself leaves out, with the files in their folders. */
function byGit(folder: string): string {
  return git(folder, 'ls-files', '-z', '--others', '--exclude-standard');
}

function byList(folder: string, list: string): string {
  const file = join(temporaryFolder(), 'exclude');
  writeFileSync(file, list, 'latin1');
  return git(folder, 'ls-files', '-z', '--others', `--exclude-from=${file}`);
}

function named(text: string): string[] {
  return text
    .split('\0')
    .filter((name) => name !== '' && !name.endsWith('.gitignore'))
    .sort();
}

describe('one list for the whole tree leaves out what git leaves out', () => {
  test.each<[string, Record<string, string>]>([
    ['a name anywhere', { '': '*.log\n' }],
    ['a name below a folder only', { src: '*.log\n' }],
    ['a name taken back further down', { '': '*.log\n', src: '!keep.log\n' }],
    ['a name taken back further up, which is too early', { '': '!keep.log\n', src: '*.log\n' }],
    ['folders, and no file of that name', { '': 'build/\n' }],
    ['a place from the root', { '': '/build\n' }],
    ['a place from its own folder', { src: '/build\n/deep/er\n' }],
    ['a path in the middle', { '': 'deep/er\nsrc/deep/er\n', src: 'deep/build\n' }],
    ['two stars', { '': 'src/**/a.log\n**/er\nsub/**\n' }],
    ['one star that is everything', { src: '*\n!deep\n' }],
    ['a folder of odd letters', { 'odd [1]': 'a.log\n', 'star*': 'x\n', é: 'ö\n' }],
    ['marks at the start', { '': '\\!bang\n\\#hash\n# comment\n\n' }],
    ['blanks at the end', { '': 'tail\\ \na.log  \n' }],
    ['lines of Windows, and a mark at the start', { '': '\ufeff*.log\r\nbuild/\r\n' }],
  ])('%s', (_, ignores) => {
    const folder = temporaryFolder();
    git(folder, 'init', '--quiet');
    const files = Object.entries(ignores).map(([at, text]): [string, string] => [
      at === '' ? '.gitignore' : `${at}/.gitignore`,
      text,
    ]);
    writeAll(folder, Object.fromEntries([...TREE.map((name) => [name, '']), ...files]));
    const given: IgnoreFile[] = Object.entries(ignores).map(([at, text]) => ({
      folder: Buffer.from(at).toString('latin1'),
      text: Buffer.from(text).toString('latin1'),
    }));
    const wanted = named(byGit(folder));
    expect(wanted.length).toBeLessThan(TREE.length);
    expect(named(byList(folder, ignoreList(given)))).toEqual(wanted);
  });
});

test('the list is of the commit that is asked for, in every folder, whatever its bytes', async () => {
  const { at, base, work } = await bench({
    '.gitignore': 'kept\n',
    'a/b/.gitignore': '/x\n',
    'é/.gitignore': 'ö\n',
    'a/not.gitignore': 'nothing\n',
  });
  rmSync(join(work, '.gitignore'));
  execFileSync('git', ['-C', work, 'add', '--all']);
  expect(Buffer.from(await ignoredAt(at.mirror, base), 'latin1').toString()).toBe(
    '/**/kept\n/é/**/ö\n/a/b/x\n',
  );
});

test('what dependency commands made beside tracked files is named folder by folder', async () => {
  const { at, base } = await bench({ 'packages/a/index.js': 'one', 'odd [1]/x': 'two' });
  const layer = temporaryFolder();
  writeAll(layer, {
    'node_modules/x/index.js': 'x',
    'packages/a/node_modules/y/index.js': 'y',
    'packages/b/made.js': 'b',
    'odd [1]/é': 'z',
  });
  const names = await untrackedIn(layer, await foldersAt(at.mirror, base));
  expect(names.map((name) => Buffer.from(name, 'latin1').toString()).sort()).toEqual([
    'node_modules',
    'odd [1]/é',
    'packages/a/node_modules',
    'packages/b',
  ]);
});

test("the files of folders come after the root's, whatever they are called", () => {
  const files = [
    { folder: '.config', text: '!keep.env\n' },
    { folder: '', text: '*.env\n' },
  ];
  expect(ignoreList(files)).toBe('/**/*.env\n!/.config/**/keep.env\n');
});

test('a name that was made is left out, whatever is in it, and its neighbours are not', () => {
  const folder = temporaryFolder();
  git(folder, 'init', '--quiet');
  const made = ['two\nlines', 'star*', '[x]', '!bang', ' blank ', '#hash', 'q?'];
  const others = ['two', 'lines', 'stars', 'x', 'bang', 'hash', 'qs'];
  writeAll(folder, Object.fromEntries([...made, ...others].map((name) => [name, 'x'])));
  const list = made.map((name) => `${exactly(name)}\n`).join('');
  expect(named(byList(folder, list))).toEqual([...others].sort());
});
