import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../orchestrator/domain/canonical.ts';
import type { Entry } from '../../orchestrator/domain/change.ts';
import type { Finding } from '../../orchestrator/domain/check.ts';
import {
  caseTwins,
  entriesDigest,
  parseHistory,
  parseRawDiff,
  scopeDigest,
  symlinkProblem,
} from '../../policies/facts.ts';
import { entry } from './sample.ts';

/** One file of a tree: mode, bytes of its path, and content. */
type File = readonly [mode: string, path: string | Buffer, content: string];

const LOGIN: File = ['100644', 'src/auth/login.ts', 'login'];

describe('entries of real trees', () => {
  let repository = '';
  beforeAll(() => {
    repository = mkdtempSync(join(tmpdir(), 'facts-'));
    git(['init', '--quiet', '--bare', '.']);
  });
  afterAll(() => rmSync(repository, { recursive: true }));

  test('a rename is a delete on one side and an add on the other', () => {
    const entries = changed([LOGIN], [['100644', 'lib/l.ts', 'login']]);
    expect(entries.map(({ operation, path }) => [operation, path])).toEqual([
      ['add', 'lib/l.ts'],
      ['delete', 'src/auth/login.ts'],
    ]);
  });

  test('a deleted file is an entry of its own', () => {
    expect(changed([LOGIN, ['100644', 'a', 'a']], [['100644', 'a', 'a']])).toMatchObject([
      { path: 'src/auth/login.ts', operation: 'delete', newMode: '000000' },
    ]);
  });

  test('a folder that became a symlink shows the folder and all that was in it', () => {
    expect(changed([LOGIN], [['120000', 'src/auth', '../lib']])).toMatchObject([
      { path: 'src/auth', operation: 'add', newMode: '120000' },
      { path: 'src/auth/login.ts', operation: 'delete' },
    ]);
  });

  test('a file that became a symlink changed its type', () => {
    expect(changed([LOGIN], [['120000', 'src/auth/login.ts', 'x']])[0]?.operation).toBe('type');
  });

  test('chmod alone is a change of mode, and with new content a change of both', () => {
    const [mode] = changed([LOGIN], [['100755', 'src/auth/login.ts', 'login']]);
    expect(mode).toMatchObject({ operation: 'mode', oldMode: '100644', newMode: '100755' });
    const [both] = changed([LOGIN], [['100755', 'src/auth/login.ts', 'other']]);
    expect(both).toMatchObject({ operation: 'modify', oldMode: '100644', newMode: '100755' });
  });

  test('letters of any script, blanks and dots within a name are ordinary', () => {
    const paths = ['docs/été à.md', 'a b.ts', '.env', 'app/(auth)/[id]/p.tsx', 'データ'];
    const files = paths.map((path): File => ['100644', path, path]);
    expect(
      changed([], files)
        .map(({ path }) => path)
        .sort(),
    ).toEqual([...paths].sort());
  });

  test('a submodule is refused, coming or going', () => {
    const gitlink: File = ['160000', 'vendor/x', ''];
    expect(refused([], [gitlink])).toEqual([
      '"vendor/x" is a submodule, whose content nobody here can see.',
    ]);
    expect(refused([gitlink], [])).toHaveLength(1);
  });

  test('two names that differ in invalid UTF-8 only are both refused and told apart', () => {
    const names = [0xfe, 0xff].map((byte) => Buffer.from([97, byte, 98]));
    expect(
      refused(
        [],
        names.map((name): File => ['100644', name, 'x']),
      ),
    ).toEqual(['"a\\xfeb" is not valid UTF-8.', '"a\\xffb" is not valid UTF-8.']);
  });

  test.each([
    ['src/auth/a\nb.ts', 'holds a control character'],
    ['a\tb', 'holds a control character'],
    ['a\u007fb', 'holds a control character'],
    ['a\u202etxt.ts', 'holds a character that changes the reading direction'],
    ['a\u2066b', 'holds a character that changes the reading direction'],
    ['a\u200bb', 'holds a character that cannot be seen'],
    ['\ufeffa', 'holds a character that cannot be seen'],
    ['a\u{e0041}', 'holds a character that cannot be seen'],
    ['src\\auth', 'holds a backslash'],
    ['a:b', 'holds a colon'],
    ['e\u0301', 'is not in Unicode form NFC'],
    ['src/auth./a', 'ends in a dot or a blank'],
    ['src/auth /a', 'ends in a dot or a blank'],
    ['src/auth\u00a0/a', 'ends in a dot or a blank'],
    ['src/auth\u2003/a', 'ends in a dot or a blank'],
    ['src/auth\u2800/a', 'holds a character that cannot be seen'],
    ['aux.ts', 'reserves for a device'],
    ['x/CON', 'reserves for a device'],
    ['lpt¹', 'reserves for a device'],
    ['.gitmodules', 'is a submodule file'],
    ['x/.GitModules', 'is a submodule file'],
    ['GITMOD~1', 'is a submodule file'],
    ['git~1/config', 'names a git folder'],
    ['x/GIT~2', 'names a git folder'],
    [`${'a'.repeat(256)}`, 'longer than 255 bytes'],
    [`${'d/'.repeat(64)}f`, 'more than 64 folders deep'],
    [`${`${'a'.repeat(200)}/`.repeat(6)}f`, 'longer than 1024 bytes'],
  ])('the name %j is refused', (path, reason) => {
    expect(refused([], [['100644', path, 'x'], LOGIN])).toEqual([expect.stringContaining(reason)]);
  });

  test('one bad name refuses the whole change', () => {
    expect(parseRawDiff(diff([], [LOGIN, ['100644', 'a\nb', 'x']]))).toHaveProperty('refused');
  });

  test('thousands of bad names are told in few findings', () => {
    const files = Array.from({ length: 80 }, (_, at): File => ['100644', `a${at}\nb`, 'x']);
    expect(refused([], files)).toHaveLength(51);
    expect(refused([], files).at(-1)).toBe('30 more entries are refused.');
  });

  test('a digest names modes, objects and paths, whatever the order', () => {
    const entries = changed(
      [LOGIN],
      [
        ['100755', 'src/auth/login.ts', 'x'],
        ['100644', 'a', 'a'],
      ],
    );
    const text = entries.map(
      (e) => `${e.oldMode} ${e.newMode} ${e.oldOid} ${e.newOid}\0${e.path}\0`,
    );
    expect(entriesDigest([...entries].reverse())).toBe(sha256('proofhouse.change.v1\0', ...text));
    expect(scopeDigest(entries, ['a'])).toBe(entriesDigest(entries.slice(0, 1)));
  });

  test('a digest sorts by the bytes of paths, not by code units', () => {
    const [wide, private_] = [entry('😀'), entry('\uffee')];
    expect(entriesDigest([wide, private_])).toBe(entriesDigest([private_, wide]));
    const line = ({ path, oldMode, newMode, oldOid, newOid }: Entry) =>
      `${oldMode} ${newMode} ${oldOid} ${newOid}\0${path}\0`;
    const expected = sha256('proofhouse.change.v1\0', line(private_), line(wide));
    expect(entriesDigest([wide, private_])).toBe(expected);
  });

  function changed(before: readonly File[], after: readonly File[]): Entry[] {
    const parsed = parseRawDiff(diff(before, after));
    if ('refused' in parsed) throw new Error(messages(parsed.refused).join('\n'));
    return parsed.entries;
  }

  function refused(before: readonly File[], after: readonly File[]): string[] {
    const parsed = parseRawDiff(diff(before, after));
    return 'refused' in parsed ? messages(parsed.refused) : [];
  }

  function diff(before: readonly File[], after: readonly File[]): Buffer {
    const options = ['-r', '-z', '--raw', '--no-renames', '--no-abbrev', '--full-index'];
    return git(['diff-tree', ...options, tree(before), tree(after)]);
  }

  const blobs = new Map<string, string>();

  function blob(content: string): string {
    const oid = blobs.get(content) ?? text(git(['hash-object', '-w', '--stdin'], content));
    blobs.set(content, oid);
    return oid;
  }

  /** Written through the index, which takes names that no checkout would make. */
  function tree(files: readonly File[]): string {
    if (files.length === 0) return text(git(['hash-object', '-t', 'tree', '-w', '/dev/null']));
    const lines = files.map(([mode, path, content]) => {
      const oid = mode === '160000' ? '1'.repeat(40) : blob(content);
      return Buffer.concat([Buffer.from(`${mode} ${oid}\t`), Buffer.from(path), Buffer.from([0])]);
    });
    rmSync(join(repository, 'index'), { force: true });
    git(
      ['-c', 'core.protectNTFS=false', 'update-index', '-z', '--index-info'],
      Buffer.concat(lines),
    );
    return text(git(['write-tree', '--missing-ok']));
  }

  function git(args: readonly string[], input: string | Buffer = ''): Buffer {
    const env = {
      PATH: process.env['PATH'],
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
    };
    return execFileSync('git', args, {
      cwd: repository,
      input,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }
});

describe('bytes that git does not print', () => {
  const header = `:100644 100644 ${'1'.repeat(40)} ${'2'.repeat(40)}`;

  test.each([
    ['a name cut off', `${header} M\0src/a`],
    ['a rename, which was switched off', `${header} R100\0a\0b\0`],
    ['an unmerged entry', `${header} U\0a\0`],
    ['shortened object ids', ':100644 100644 1111111 2222222 M\0a\0'],
    ['anything else', 'hello\0a\0'],
    ['an added file that was there before', `${header} A\0a\0`],
    ['a changed file that was not there', `${header.replace(':100644', ':000000')} M\0a\0`],
    [
      'another kind of file under the letter for new text',
      `${header.replace(' 100644', ' 120000')} M\0a\0`,
    ],
    ['a file that nothing happened to', `${header.replace('2'.repeat(40), '1'.repeat(40))} M\0a\0`],
  ])('%s is broken machinery', (_, bytes) => {
    expect(() => parseRawDiff(Buffer.from(bytes))).toThrow(
      expect.objectContaining({ code: 'git_failed' }),
    );
  });

  // git itself will not write these into a tree, but a hand-made pack can hold them.
  test.each([
    ['', 'has an empty part'],
    ['a//b', 'has an empty part'],
    ['/a', 'has an empty part'],
    ['a/../b', 'has the part ".."'],
    ['./a', 'has the part "."'],
    ['.git/config', 'names a git folder'],
    ['x/.GIT', 'names a git folder'],
    ['.git./hooks', 'names a git folder'],
    ['.g\u200cit/config', 'cannot be seen'],
  ])('the path %j is refused', (path, reason) => {
    const parsed = parseRawDiff(Buffer.from(`${header} M\0${path}\0`));
    expect('refused' in parsed && messages(parsed.refused)).toEqual([
      expect.stringContaining(reason),
    ]);
  });

  test('a file mode that git no longer writes is refused', () => {
    const odd = header.replace(':100644 100644', ':100644 100664');
    expect(parseRawDiff(Buffer.from(`${odd} M\0a\0`))).toHaveProperty('refused');
  });

  test('a name that is there twice is refused, for nobody knows which of the two counts', () => {
    const twice = `${header} M\0a\0`.repeat(2);
    const parsed = parseRawDiff(Buffer.from(twice));
    expect('refused' in parsed && messages(parsed.refused)).toEqual(['"a" is in the tree twice.']);
  });

  test('a history keeps what a bad name held, spells the name out, and leaves submodules away', () => {
    const link = header.replace(' 100644', ' 160000');
    const rows = [`${header} M\0a\nb\0`, `${link} T\0sub\0`, `${header} M\0a\nb\0`];
    const bytes = Buffer.concat([
      Buffer.from(rows.join('')),
      Buffer.from(`${header} M\0`),
      Buffer.from([0xff, 0]),
    ]);
    const paths = parseHistory(bytes).map(({ path }) => path);
    expect(paths).toEqual(['a\nb', 'a\nb', '\\xff']);
    expect(() => parseHistory(bytes.subarray(0, -1))).toThrow('cut off');
  });

  test('no bytes are no entries', () => {
    expect(parseRawDiff(new Uint8Array())).toEqual({ entries: [] });
  });
});

describe('twins', () => {
  test.each([
    [['src/auth/login.ts', 'src/auth/Login.ts']],
    [['a/straße', 'a/STRASSE']],
    [['caf\u00e9', 'cafe\u0301']],
    [['src/auth/a.ts', 'src/AUTH/b.ts']],
    [['\u212a', 'k']],
  ])('%j are one name somewhere', (paths) => {
    expect(caseTwins(paths)).toHaveLength(1);
    expect(caseTwins(paths)[0]?.code).toBe('change_refused');
  });

  test('names that only look alike in part are no twins', () => {
    expect(caseTwins(['src/auth/a.ts', 'src/auth/b.ts', 'src/auth2/a.ts'])).toEqual([]);
  });

  test('twins that were there before are not the fault of a change elsewhere', () => {
    const tree = ['net/xt_MARK.h', 'net/xt_mark.h', 'src/a.ts'];
    expect(caseTwins(tree, ['src/a.ts'])).toEqual([]);
    expect(caseTwins(tree, ['net/xt_mark.h'])).toHaveLength(1);
  });
});

describe('symlinks', () => {
  test.each([
    ['src/a', '/etc/passwd', 'absolute'],
    ['src/a', '../../etc', 'out of the tree'],
    ['a', '..', 'out of the tree'],
    ['a', '', 'nowhere'],
    ['a', '.git/config', 'git folder'],
    ['src/a', '../.GIT', 'git folder'],
    ['src/a', '../.proofhouse/policy.yaml', '.proofhouse'],
    ['a', '.ProofHouse', '.proofhouse'],
    // A folder on the way may be a symlink, from where `..` leads elsewhere.
    ['a', 'src/../lib', 'down and up again'],
    ['a', 'b\\c', 'backslash'],
    ['a', 'b\u202ec', 'direction'],
    ['a', 'b//c', 'empty part'],
    ['a', null, 'nobody could read'],
  ])('%s to %j is refused', (path, target, reason) => {
    expect(symlinkProblem(path, target)).toMatchObject({
      validator: 'entries',
      code: 'change_refused',
      message: expect.stringContaining(reason),
      where: path,
    });
  });

  test.each([
    ['src/a', 'b.ts'],
    ['src/a', '../lib/b.ts'],
    ['src/deep/a', '../../lib/'],
    ['a', './b'],
  ])('%s to %s stays', (path, target) => {
    expect(symlinkProblem(path, target)).toBeNull();
  });

  test.each([
    'b'.repeat(1_025),
    '. '.repeat(2 ** 19),
    '../'.repeat(2 ** 18),
    '\u200b'.repeat(2 ** 18),
  ])('a target that is too long is refused at once, however it is made', (target) => {
    const start = performance.now();
    expect(symlinkProblem('a', target)?.message).toContain('over 1024 bytes');
    expect(performance.now() - start).toBeLessThan(100);
  });
});

function messages(findings: readonly Finding[]): string[] {
  return findings.map(({ message }) => message);
}

function text(bytes: Buffer): string {
  return bytes.toString('utf8').trim();
}
