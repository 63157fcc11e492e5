import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRawDiff } from '../../../policies/facts.ts';
import {
  ingest,
  lineCounts,
  measureBlobs,
  mergeOnto,
  rawDiff,
  textDiff,
  treePaths,
  writeCommit,
} from '../../../sandboxes/source/quarantine.ts';
import { git } from '../../orchestrator/intake/repositories.ts';
import {
  type Bench,
  bench,
  moveBase,
  packOf,
  packOfObjects,
  rawObject,
  sealed,
  treeEntry,
  treeOf,
} from './bench.ts';

const MIB = 2 ** 20;
const LONG = Array.from({ length: 500 }, (_, line) => `line ${line}`).join('\n');

/** One repository for every test that only adds objects to it. */
const here = { folder: '', on: {} as Bench };
beforeAll(async () => {
  here.folder = mkdtempSync(join(tmpdir(), 'proofhouse-quarantine-'));
  here.on = await bench({ 'a.txt': 'a\n' }, here.folder);
});
afterAll(() => rmSync(here.folder, { recursive: true }));

async function entriesOf({ at, base }: Bench, tree: Parameters<typeof rawDiff>[2]) {
  const parsed = parseRawDiff(await rawDiff(at, base, tree));
  if ('refused' in parsed) throw new Error('the change was refused');
  return parsed.entries;
}

describe('what a workspace gives', () => {
  test('is taken in when every object is good, thin as it may be', async () => {
    const on = await bench({ 'a.txt': LONG, 'b.txt': 'b\n' });
    const tree = await sealed(on, { 'a.txt': `${LONG}\nmore\n` });
    expect(await treePaths(on.at, tree)).toEqual(['a.txt', 'b.txt']);
    const { texts } = await measureBlobs(on.at, await entriesOf(on, tree));
    expect(Object.values(texts)).toEqual([`${LONG}\nmore\n`, LONG]);
  });

  test('is taken in when nothing changed', async () => {
    const on = await bench({ 'a.txt': 'a\n' });
    expect(await entriesOf(on, await sealed(on, {}))).toEqual([]);
  });

  test.each<[string, (pack: string, good: string) => void]>([
    ['a pipe', (pack) => execFileSync('mkfifo', [pack])],
    ['a link to a good one', (pack, good) => symlinkSync(good, pack)],
    ['a folder', (pack) => mkdirSync(pack)],
    ['nothing at all', () => {}],
  ])('is refused where its pack is %s, and nobody waits for it', async (_, put) => {
    const on = await bench({ 'a.txt': 'a\n' });
    const tree = treeOf(on, { 'b.txt': 'b\n' });
    const good = packOf(on, tree);
    const pack = join(on.folder, 'other');
    put(pack, good);
    expect(await ingest(on.at, pack, tree, on.base)).toMatchObject({
      refused: [{ message: expect.stringContaining('pack') }],
    });
    expect(await ingest(on.at, good, tree, on.base)).toEqual({ tree });
  });

  test('takes the place of what an earlier try left', async () => {
    const on = await bench({ 'a.txt': 'a\n' });
    const first = await sealed(on, { 'a.txt': 'b\n' });
    const second = await sealed(on, { 'a.txt': 'c\n' });
    await expect(treePaths(on.at, first)).rejects.toMatchObject({ code: 'git_failed' });
    expect(await treePaths(on.at, second)).toEqual(['a.txt']);
  });
});

describe('what a workspace gives is refused', () => {
  async function refused(pack: string, tree: string, reason: string): Promise<void> {
    const taken = await ingest(here.on.at, pack, tree, here.on.base);
    expect(taken).toMatchObject({
      refused: [
        { validator: 'entries', code: 'change_refused', message: expect.stringContaining(reason) },
      ],
    });
  }

  test.each([
    ['.git', 'hasDotgit'],
    ['.GIT', 'hasDotgit'],
    ['git~1', 'hasDotgit'],
    ['.g\u200cit', 'hasDotgit'],
    ['..', 'hasDotdot'],
    ['.', 'hasDot'],
    ['', 'empty filename'],
  ])('with an entry named %j', async (name, reason) => {
    const blob = rawObject(here.on, 'blob', 'x');
    const tree = rawObject(here.on, 'tree', treeEntry('100644', name, blob));
    await refused(packOfObjects(here.on, [blob, tree]), tree, reason);
  });

  test('with an entry that has a path for a name', async () => {
    const blob = rawObject(here.on, 'blob', 'x');
    const tree = rawObject(here.on, 'tree', treeEntry('100644', 'a/../../b', blob));
    await refused(packOfObjects(here.on, [blob, tree]), tree, 'fullPathname');
  });

  test('with two entries of one name', async () => {
    const blob = rawObject(here.on, 'blob', 'x');
    const twins = Buffer.concat([treeEntry('100644', 'a', blob), treeEntry('100644', 'a', blob)]);
    const tree = rawObject(here.on, 'tree', twins);
    await refused(packOfObjects(here.on, [blob, tree]), tree, 'duplicateEntries');
  });

  test('with a .gitmodules that would run a command', async () => {
    const evil = '[submodule "x"]\n\tpath = x\n\turl = -u./payload\n';
    const blob = rawObject(here.on, 'blob', evil);
    const tree = rawObject(here.on, 'tree', treeEntry('100644', '.gitmodules', blob));
    await refused(packOfObjects(here.on, [blob, tree]), tree, 'gitmodules');
  });

  test('when an object that it refers to is missing', async () => {
    const tree = rawObject(here.on, 'tree', treeEntry('100644', 'a', 'f'.repeat(40)));
    await refused(packOfObjects(here.on, [tree]), tree, 'git refused its objects');
  });

  test.each(['', 'HEAD', 'a'.repeat(39), '../../x', `${'a'.repeat(40)} --x`])(
    'with the tree id %j',
    async (id) => {
      const tree = treeOf(here.on, { 'a.txt': 'b\n' });
      await refused(packOf(here.on, tree), id, 'the workspace gave no tree');
    },
  );

  test('with the id of a tree that is nowhere', async () => {
    const tree = treeOf(here.on, { 'a.txt': 'b\n' });
    await refused(packOf(here.on, tree), 'f'.repeat(40), 'git refused its objects');
  });

  test('with the id of a commit or a file where a tree is asked for', async () => {
    const tree = treeOf(here.on, { 'a.txt': 'b\n' });
    const blob = git(here.on.work, 'rev-parse', `${tree}:a.txt`).trim();
    await refused(packOf(here.on, tree), here.on.base, 'is no tree');
    await refused(packOf(here.on, tree), blob, 'unable to read tree');
  });

  test.each([
    ['is no pack', (pack: string) => writeFileSync(pack, 'PACK and nothing more')],
    ['is empty', (pack: string) => writeFileSync(pack, '')],
    ['is cut off', (pack: string) => truncateSync(pack, 40)],
  ])('when it %s', async (_, spoil) => {
    const tree = treeOf(here.on, { 'a.txt': LONG });
    const pack = packOf(here.on, tree);
    spoil(pack);
    await refused(pack, tree, 'git refused its objects');
  });

  test('above 64 MiB, before git reads a byte of it', async () => {
    const pack = join(here.on.folder, 'pack');
    writeFileSync(pack, '');
    // Sparse: it takes no room on the disk.
    truncateSync(pack, 64 * MIB + 1);
    await refused(pack, 'a'.repeat(40), `packs to ${64 * MIB + 1} bytes`);
    truncateSync(pack, 64 * MIB);
    await refused(pack, 'a'.repeat(40), 'git refused its objects');
  });

  test('when one file has more than 16 MiB, however small it packs', async () => {
    const blob = rawObject(here.on, 'blob', Buffer.alloc(16 * MIB + 1));
    const tree = rawObject(here.on, 'tree', treeEntry('100644', 'zeros', blob));
    const pack = packOfObjects(here.on, [blob, tree]);
    expect(statSync(pack).size).toBeLessThan(MIB);
    await refused(pack, tree, `${16 * MIB + 1} bytes`);
  });

  test('when it has more than 20,000 entries, however few objects it has', async () => {
    const blob = rawObject(here.on, 'blob', 'x');
    const folder = Buffer.concat(
      Array.from({ length: 101 }, (_, at) => treeEntry('100644', String(1000 + at), blob)),
    );
    const inner = rawObject(here.on, 'tree', folder);
    const outer = Buffer.concat(
      Array.from({ length: 200 }, (_, at) => treeEntry('40000', String(1000 + at), inner)),
    );
    const tree = rawObject(here.on, 'tree', outer);
    await refused(packOfObjects(here.on, [blob, inner, tree]), tree, '20201 entries');
  });
});

describe('the entries of a change', () => {
  test('show a rename as a delete and an add, so that both sides are judged', async () => {
    const on = await bench({ 'src/auth/login.ts': LONG });
    const tree = await sealed(on, { 'src/auth/login.ts': null, 'src/free.ts': LONG });
    const entries = await entriesOf(on, tree);
    expect(entries.map(({ path, operation }) => [operation, path])).toEqual([
      ['delete', 'src/auth/login.ts'],
      ['add', 'src/free.ts'],
    ]);
  });

  test('are found in names that a shell or a line would break on', async () => {
    const on = await bench({});
    const names = ['a\nb', 'c "d"', 'ö', 'tab\there'];
    const tree = await sealed(on, Object.fromEntries(names.map((name) => [name, 'x'])));
    expect(await treePaths(on.at, tree)).toEqual(names.toSorted());
  });
});

describe('lines', () => {
  test('are counted in text and in bytes, and over all files', async () => {
    const on = await bench({ 'a.txt': 'a\nb\n', 'b.txt': 'x\n' });
    const tree = await sealed(on, { 'a.txt': 'a\nc\nd\n', 'b.txt': null, 'c.txt': 'new\n' });
    expect(await lineCounts(on.at, on.base, tree)).toEqual({ addedLines: 3, removedLines: 2 });
  });

  test.each(['*.ts -diff\n', '* binary\n'])(
    'are counted whatever attributes say, as %j',
    async (attributes) => {
      const on = await bench({ '.gitattributes': attributes, 'a.ts': 'a\n' });
      const tree = await sealed(on, { '.gitattributes': `${attributes}\n`, 'a.ts': 'b\nc\n' });
      expect(await lineCounts(on.at, on.base, tree)).toEqual({ addedLines: 3, removedLines: 1 });
      expect(await textDiff(on.at, on.base, tree, 10_000)).toContain('\n+b\n+c\n');
    },
  );

  test('that one NUL hides from the count are shown all the same, and their file is named as binary', async () => {
    const on = await bench({ 'a.ts': 'a\n' });
    const tree = await sealed(on, { 'a.ts': 'b\0\nc\n' });
    expect(await lineCounts(on.at, on.base, tree)).toEqual({ addedLines: 0, removedLines: 0 });
    expect(await textDiff(on.at, on.base, tree, 10_000)).toContain('\n+c\n');
    expect((await measureBlobs(on.at, await entriesOf(on, tree))).binary).toHaveLength(1);
  });

  test('are shown up to so many bytes', async () => {
    const on = await bench({});
    const tree = await sealed(on, { 'a.txt': LONG });
    expect(Buffer.byteLength(await textDiff(on.at, on.base, tree, 100))).toBe(100);
  });
});

describe('the blobs of a change', () => {
  test('are measured once each, and what is no text is named', async () => {
    const on = await bench({});
    const files = { 'a.txt': 'text\n', 'b.txt': 'text\n', 'c.bin': 'a\0b', empty: '' };
    const tree = await sealed(on, files);
    const entries = await entriesOf(on, tree);
    const oid = (path: string) => entries.find((entry) => entry.path === path)?.newOid ?? '';
    expect(await measureBlobs(on.at, entries)).toEqual({
      blobBytes: { [oid('a.txt')]: 5, [oid('c.bin')]: 3, [oid('empty')]: 0 },
      binary: [oid('c.bin')],
      texts: { [oid('a.txt')]: 'text\n', [oid('empty')]: '' },
    });
  });

  test.each([
    ['a NUL among the first 8,000 bytes', `${'x'.repeat(7_999)}\0`, true],
    ['a NUL after them', `${'x'.repeat(8_000)}\0`, false],
    ['bytes that are no UTF-8', Buffer.from([0x61, 0xff, 0xfe]), true],
    ['half a character', Buffer.from([0xf0, 0x9f, 0x98]), true],
    ['characters of every length', 'aé€😀', false],
  ])('with %s', async (_, bytes, isBinary) => {
    const { on } = here;
    const blob = rawObject(on, 'blob', bytes);
    const tree = rawObject(on, 'tree', treeEntry('100644', 'x', blob));
    const taken = await ingest(on.at, packOfObjects(on, [blob, tree]), tree, on.base);
    if ('refused' in taken) throw new Error('the blob was refused');
    const { binary } = await measureBlobs(on.at, await entriesOf(on, taken.tree));
    expect(binary.length === 1).toBe(isBinary);
  });

  test('that were deleted have no size', async () => {
    const on = await bench({ 'a.txt': 'a\n' });
    const tree = await sealed(on, { 'a.txt': null });
    expect(await measureBlobs(on.at, await entriesOf(on, tree))).toEqual({
      blobBytes: {},
      binary: [],
      texts: { [git(on.work, 'rev-parse', `${on.base}:a.txt`).trim()]: 'a\n' },
    });
  });
});

const WHEN = '2026-03-01T10:00:00.000Z';

describe('the commit', () => {
  test('is the same for the same input, and another for another message or time', async () => {
    const on = await bench({ 'a.txt': 'a\n' });
    const tree = await sealed(on, { 'a.txt': 'b\n' });
    const commit = (message: string, when: string) =>
      writeCommit(on.at, on.base, tree, message, when);
    const first = await commit('Round it\n', WHEN);
    expect(await commit('Round it\n', WHEN)).toBe(first);
    expect(await commit('Round it up\n', WHEN)).not.toBe(first);
    expect(await commit('Round it\n', '2026-03-01T10:00:01.000Z')).not.toBe(first);
  });

  test('has the base for its one parent, our name, and the message as it is', async () => {
    const on = await bench({ 'a.txt': 'a\n' });
    const tree = await sealed(on, { 'a.txt': 'b\n' });
    const message = '# Not a comment\n\n-F /etc/passwd\n';
    const commit = await writeCommit(on.at, on.base, tree, message, WHEN);
    const held = git(on.at.folder, 'cat-file', 'commit', commit);
    const who = 'Proofhouse <proofhouse@localhost.invalid> 1772359200 +0000';
    expect(held).toBe(
      `tree ${tree}\nparent ${on.base}\nauthor ${who}\ncommitter ${who}\n\n${message}`,
    );
  });

  test('can be fetched from the quarantine with everything behind it', async () => {
    const on = await bench({ 'a.txt': LONG });
    const tree = await sealed(on, { 'a.txt': `${LONG}!` });
    const commit = await writeCommit(on.at, on.base, tree, 'm\n', WHEN);
    expect(git(on.at.folder, 'rev-list', '--objects', '--count', commit).trim()).not.toBe('0');
    git(on.work, 'fetch', '--quiet', on.at.folder, commit);
    expect(git(on.work, 'show', `${commit}:a.txt`)).toBe(`${LONG}!`);
  });
});

describe('a base that moved on', () => {
  async function rebased(
    base: Record<string, string>,
    mine: Record<string, string>,
    theirs: Record<string, string>,
  ) {
    const on = await bench(base);
    const tree = await sealed(on, mine);
    const onto = await moveBase(on, theirs);
    const ours = await writeCommit(on.at, on.base, tree, 'change', WHEN);
    return { on, merged: await mergeOnto(on.at, ours, onto), onto };
  }

  test('elsewhere gives a tree with both', async () => {
    const { on, merged, onto } = await rebased(
      { a: 'a\n', b: 'b\n' },
      { a: 'mine\n' },
      { b: 'theirs\n' },
    );
    if ('conflicts' in merged) throw new Error('there was a conflict');
    expect(git(on.at.mirror, 'rev-parse', `${onto}:b`).trim()).toHaveLength(40);
    const tree = git(on.at.folder, 'ls-tree', '-r', '--name-only', merged.tree);
    expect(tree).toBe('a\nb\n');
    const entries = await entriesOf({ ...on, base: onto }, merged.tree);
    expect(entries.map(({ path }) => path)).toEqual(['a']);
  });

  test('in the same lines is a conflict in those files', async () => {
    const { merged } = await rebased(
      { a: 'a\n', b: 'b\n', 'c d': 'c\n' },
      { a: 'mine\n', b: 'mine\n', 'c d': 'mine\n' },
      { a: 'theirs\n', 'c d': 'theirs\n' },
    );
    expect(merged).toEqual({ conflicts: ['a', 'c d'] });
  });

  test('to what the change already is leaves nothing of it', async () => {
    const { on, merged, onto } = await rebased({ a: 'a\n' }, { a: 'same\n' }, { a: 'same\n' });
    if ('conflicts' in merged) throw new Error('there was a conflict');
    expect(await entriesOf({ ...on, base: onto }, merged.tree)).toEqual([]);
  });
});
