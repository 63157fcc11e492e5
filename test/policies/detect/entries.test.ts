import { describe, expect, test } from 'vitest';
import type { Detector } from '../../../policies/detect/detector.ts';
import * as entries from '../../../policies/detect/entries.ts';
import { compileGlob } from '../../../policies/glob.ts';
import { added, deleted, fileChange, firingsOf, keysOf, UNREADABLE } from './file-change.ts';

const plain = (keys: readonly string[]) =>
  keys.map((key) => key.replace(/:(?!removed)[0-9a-z]{12}$/, ''));
const covers = ({ paths }: Detector<Record<string, never>>, path: string) =>
  paths.some((glob) => compileGlob(glob, { self: true })(path));

const POINTER = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n';

describe('binary.added', () => {
  test.each([
    ['added', null, UNREADABLE, {}, ['binary']],
    ['modified', UNREADABLE, UNREADABLE, {}, ['binary']],
    ['text that became binary', 'a', UNREADABLE, {}, ['binary']],
    ['a symlink that became binary', 'a', UNREADABLE, { before: '120000' }, ['binary']],
    ['binary that became text', UNREADABLE, 'a', {}, []],
    ['deleted', UNREADABLE, null, {}, []],
    ['text', null, 'a', {}, []],
    ['a submodule', null, UNREADABLE, { after: '160000' }, []],
  ])('%s', (_, before, after, modes, keys) => {
    expect(plain(keysOf(entries.binaryAdded, 'logo.png', before, after, modes))).toEqual(keys);
  });

  test('another mode of the same content is no new content, other content is another finding', () => {
    const side = (digit: string) => ({ unreadable: true, oid: digit.repeat(40) }) as const;
    const modes = { after: '100755' };
    expect(keysOf(entries.binaryAdded, 'a.bin', side('1'), side('1'), modes)).toEqual([]);
    expect(keysOf(entries.binaryAdded, 'a.bin', null, side('1'))).toEqual(['binary:111111111111']);
    expect(keysOf(entries.binaryAdded, 'a.bin', null, side('2'))).toEqual(['binary:222222222222']);
  });
});

describe('lfs.pointer-changed', () => {
  test.each([
    ['added', null, POINTER, ['lfs']],
    ['another object', POINTER, POINTER.replace('4d7a', '4d7b'), ['lfs']],
    ['content that became a pointer', UNREADABLE, POINTER, ['lfs']],
    ['a pointer that became content', POINTER, 'a', ['lfs']],
    ['removed', POINTER, null, ['lfs:removed']],
    ['a text about pointers', null, `See ${POINTER}`, []],
    ['text', 'a', 'b', []],
  ])('%s', (_, before, after, keys) => {
    expect(plain(keysOf(entries.lfsPointerChanged, 'model.bin', before, after))).toEqual(keys);
  });
});

describe('submodule.changed', () => {
  const link = (digit: string) => ({ unreadable: true, oid: digit.repeat(40) }) as const;
  const both = { before: '160000', after: '160000' };
  test.each([
    ['added', null, link('1'), both, ['submodule:111111111111']],
    ['moved to another commit', link('1'), link('2'), both, ['submodule:222222222222']],
    ['removed', link('1'), null, both, ['submodule:removed']],
    ['a folder that became one', 'a', link('1'), { after: '160000' }, ['submodule:111111111111']],
    ['one that became a file', link('1'), 'a', { before: '160000' }, ['submodule:removed']],
    ['a file', 'a', 'b', {}, []],
  ])('%s', (_, before, after, modes, keys) => {
    expect(keysOf(entries.submoduleChanged, 'vendor/lib', before, after, modes)).toEqual(keys);
  });

  test('.gitmodules at any depth and in any case', () => {
    for (const path of ['.gitmodules', 'a/.gitmodules', '.GitModules']) {
      expect(plain(keysOf(entries.submoduleChanged, path, 'a', 'b'))).toEqual(['changed']);
    }
    expect(keysOf(entries.submoduleChanged, 'a.gitmodules', 'a', 'b')).toEqual([]);
  });
});

describe('symlink.added', () => {
  const both = { before: '120000', after: '120000' };
  test.each([
    ['added', null, 'b', both, 1],
    ['a file that became one', 'b', 'b', { after: '120000' }, 1],
    ['another target', 'b', 'c', both, 1],
    ['removed', 'b', null, both, 0],
    ['one that became a file', 'b', 'b', { before: '120000' }, 0],
    ['a file', 'b', 'c', {}, 0],
  ])('%s', (_, before, after, modes, count) => {
    expect(keysOf(entries.symlinkAdded, 'src/a', before, after, modes)).toHaveLength(count);
  });

  test.each([
    ['../b', 'src/a is a symlink to "../b"'],
    ['../../etc', 'src/a is a symlink to "../../etc", a place outside the repository'],
    ['x/../../../y', 'src/a is a symlink to "x/../../../y", a place outside the repository'],
    ['/etc/passwd', 'src/a is a symlink to "/etc/passwd", a place outside the repository'],
    ['C:\\x', 'src/a is a symlink to "C:\\u{005c}x", a place outside the repository'],
    ['../.GIT/hooks', 'src/a is a symlink to "../.GIT/hooks", inside a git folder'],
    ['b\u202E\n', 'src/a is a symlink to "b\\u{202e}\\u{000a}"'],
  ])('the message shows where %j leads, in one line', (target, message) => {
    const [firing] = firingsOf(entries.symlinkAdded, [added('src/a', target, '120000')]);
    expect(firing?.message).toBe(message);
  });

  test('a target that is not text', () => {
    expect(keysOf(entries.symlinkAdded, 'a', null, UNREADABLE, both)).toEqual(['unreadable']);
  });
});

describe('mode.executable', () => {
  test.each([
    ['chmod +x', 'a', 'a', { after: '100755' }, ['executable']],
    ['added so', null, 'a', { after: '100755' }, ['executable']],
    [
      'a symlink that became a program',
      'a',
      'a',
      { before: '120000', after: '100755' },
      ['executable'],
    ],
    ['edited', 'a', 'b', { before: '100755', after: '100755' }, []],
    ['chmod -x', 'a', 'a', { before: '100755' }, []],
    ['removed', 'a', null, { before: '100755' }, []],
  ])('%s', (_, before, after, modes, keys) => {
    expect(keysOf(entries.modeExecutable, 'run.sh', before, after, modes)).toEqual(keys);
  });
});

describe('dot-directory.added', () => {
  const fires = (files: Parameters<typeof firingsOf>[1], roots = ['.github', 'src']) =>
    firingsOf(entries.dotDirectoryAdded, files, roots).map(({ path }) => path);

  test('one firing for each new folder, at its first file', () => {
    const files = [
      added('.devcontainer/b', 'x'),
      added('.devcontainer/a', 'x'),
      added('.vs/a', 'x'),
    ];
    expect(fires(files)).toEqual(['.devcontainer/a', '.vs/a']);
  });

  test('a symlink or a submodule is a folder too', () => {
    expect(fires([added('.cfg', 'src', '120000')])).toEqual(['.cfg']);
    expect(fires([added('.cfg', UNREADABLE, '160000')])).toEqual(['.cfg']);
  });

  test.each([
    ['a folder that is there', added('.github/new.yml', 'x')],
    ['a file', added('.npmrc', 'x')],
    ['deeper down', added('src/.hidden/a', 'x')],
    ['a file that was there', fileChange('.other/a', 'x', 'y')],
    ['a file that is gone', deleted('.other/a', 'x')],
  ])('not: %s', (_, file) => {
    expect(fires([file])).toEqual([]);
  });

  test('another case of a known name is another folder', () => {
    expect(fires([added('.GitHub/a', 'x')])).toEqual(['.GitHub/a']);
  });
});

describe('files that steer git or agents', () => {
  test.each([
    ['.gitattributes', true],
    ['src/.gitattributes', true],
    ['.lfsconfig', true],
    ['.mailmap', true],
    ['.githooks/pre-commit', true],
    ['web/.husky/pre-push', true],
    ['.git-blame-ignore-revs', false],
    ['.gitignore', false],
    ['docs/gitattributes.md', false],
  ])('git-control.changed reads %s: %s', (path, expected) => {
    expect(covers(entries.gitControlChanged, path)).toBe(expected);
  });

  test.each([
    ['AGENTS.md', true],
    ['packages/a/AGENTS.md', true],
    ['AGENTS.override.md', true],
    ['CLAUDE.local.md', true],
    ['.cursor/rules/a.mdc', true],
    ['.cursorrules', true],
    ['.claude/settings.json', true],
    ['.codex/config.toml', true],
    ['.aider.conf.yml', true],
    ['.mcp.json', true],
    ['.vscode/mcp.json', true],
    ['.github/copilot-instructions.md', true],
    ['.github/instructions/a.md', true],
    ['api.instructions.md', true],
    ['skills/review/SKILL.md', true],
    ['.vscode/settings.json', false],
    ['README.md', false],
    ['docs/agents.md', false],
    ['src/skills/list.ts', false],
  ])('agent-instructions.changed reads %s: %s', (path, expected) => {
    expect(covers(entries.agentInstructionsChanged, path)).toBe(expected);
  });

  test.each([entries.gitControlChanged, entries.agentInstructionsChanged])(
    'whatever is done to one of them fires ($summary)',
    (detector) => {
      expect(plain(keysOf(detector, 'f', null, 'a'))).toEqual(['changed']);
      expect(plain(keysOf(detector, 'f', 'a', 'b'))).toEqual(['changed']);
      expect(plain(keysOf(detector, 'f', 'a', 'a', { after: '120000' }))).toEqual(['changed']);
      expect(plain(keysOf(detector, 'f', 'a', UNREADABLE))).toEqual(['changed']);
      expect(keysOf(detector, 'f', 'a', null)).toEqual(['removed']);
    },
  );
});
