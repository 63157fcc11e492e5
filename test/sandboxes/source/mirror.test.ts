import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RunId, type Sha } from '../../../orchestrator/domain/ids.ts';
import { folders } from '../../../sandboxes/source/folders.ts';
import { git as ownGit } from '../../../sandboxes/source/git.ts';
import { listPaths, protocolOf, readFile, updateMirror } from '../../../sandboxes/source/mirror.ts';
import { openSource } from '../../../sandboxes/source/source.ts';
import {
  commitAll,
  git,
  repositoryWith,
  temporaryFolder,
  writeAll,
} from '../../orchestrator/intake/repositories.ts';
import { bench, head, sealed } from './bench.ts';

async function mirrored(files: Record<string, string>) {
  const work = repositoryWith(files);
  const mirror = join(temporaryFolder(), 'deep', 'mirror.git');
  await updateMirror(mirror, work);
  return { work, mirror, base: head(work) };
}

function commit(work: string, files: Record<string, string>): Sha {
  writeAll(work, files);
  commitAll(work);
  return head(work);
}

describe('a mirror', () => {
  test('follows its branches, also when they are rewritten or removed', async () => {
    const { work, mirror } = await mirrored({ a: 'a' });
    git(work, 'branch', 'next');
    await updateMirror(mirror, work);
    git(work, 'branch', '-D', 'next');
    git(work, 'checkout', '--quiet', '--orphan', 'fresh');
    git(work, 'branch', '-D', 'main');
    const base = commit(work, { b: 'b' });
    git(work, 'branch', '-M', 'main');
    await updateMirror(mirror, work);
    expect(git(mirror, 'for-each-ref', '--format=%(refname) %(objectname)')).toBe(
      `refs/heads/main ${base}\n`,
    );
  });

  test('is bare and has our settings and no hook, whatever it held before', async () => {
    const { work, mirror } = await mirrored({ a: 'a' });
    writeFileSync(join(mirror, 'config'), '[core]\n\tfsmonitor = touch /tmp/pwned\n');
    await updateMirror(mirror, work);
    const config = readFileSync(join(mirror, 'config'), 'utf8');
    expect(config).not.toContain('fsmonitor');
    expect(git(mirror, 'config', 'core.hooksPath').trim()).toBe('/dev/null');
    expect(git(mirror, 'config', 'transfer.fsckObjects').trim()).toBe('true');
    expect(git(mirror, 'rev-parse', '--is-bare-repository').trim()).toBe('true');
    expect(existsSync(join(mirror, 'hooks'))).toBe(false);
  });

  test('may go the one way that its remote needs, and no other', async () => {
    const { work, mirror } = await mirrored({ a: 'a' });
    const allowed = git(mirror, 'config', '--get-regexp', '^protocol[.]');
    expect(allowed).toBe('protocol.allow never\nprotocol.file.allow always\n');
    expect(protocolOf('https://example.com/a.git')).toBe('https');
    for (const other of ['ext::sh -c id', 'fd::3', 'git://example.com/a', 'example.com:a', '-u']) {
      expect(protocolOf(other)).toBeNull();
    }
    // What the settings of a repository allow wins over every command line.
    const weak = join(temporaryFolder(), 'weak.git');
    git(work, 'init', '--bare', '--quiet', weak);
    const marker = join(temporaryFolder(), 'marker');
    const command = `ext::touch ${marker}`;
    const fetched = (folder: string) =>
      ownGit(folder, ['fetch', '--', command], { allow: [1, 128] });
    await ownGit(weak, ['config', 'protocol.ext.allow', 'always']);
    await fetched(weak);
    expect(existsSync(marker)).toBe(true);
    rmSync(marker);
    await fetched(mirror);
    expect(existsSync(marker)).toBe(false);
  });

  test('has branches, and no tag or request that somebody pushed beside them', async () => {
    const { work, mirror } = await mirrored({ a: 'a' });
    git(work, 'checkout', '--quiet', '-b', 'elsewhere');
    const hidden = commit(work, { answer: 'x' });
    git(work, 'update-ref', 'refs/pull/1/head', hidden);
    git(work, 'tag', 'answer', hidden);
    git(work, 'checkout', '--quiet', 'main');
    git(work, 'branch', '-D', 'elsewhere');
    await updateMirror(mirror, work);
    const refs = git(mirror, 'for-each-ref', '--format=%(refname)');
    expect(refs).toBe('refs/heads/main\n');
    const objects = git(mirror, 'cat-file', '--batch-all-objects', '--batch-check');
    expect(objects).not.toContain(hidden);
  });

  test('that several fetch at once is up to date for all of them', async () => {
    const { work, mirror } = await mirrored({ a: 'a' });
    const base = commit(work, { a: 'b' });
    await Promise.all([1, 2, 3].map(() => updateMirror(mirror, work)));
    expect(git(mirror, 'rev-parse', 'main').trim()).toBe(base);
  });

  test.each([
    ['is not there', () => join(temporaryFolder(), 'nowhere')],
    ['is no repository', () => temporaryFolder()],
    ['is a command', () => 'ext::sh -c "touch /tmp/pwned"'],
    ['is an option', () => '--upload-pack=touch /tmp/pwned'],
  ])('of what %s is a fault, and runs nothing', async (_, remote) => {
    const mirror = join(temporaryFolder(), 'mirror.git');
    await expect(updateMirror(mirror, remote())).rejects.toMatchObject({ code: 'git_failed' });
    expect(existsSync('/tmp/pwned')).toBe(false);
  });
});

describe('a file at a commit', () => {
  test('is read as bytes, at any depth, and is null when it is not there', async () => {
    const { mirror, base } = await mirrored({ 'deep/er/a.txt': 'ä\n', b: '' });
    expect(Buffer.from((await readFile(mirror, base, 'deep/er/a.txt')) ?? []).toString()).toBe(
      'ä\n',
    );
    expect(await readFile(mirror, base, 'b')).toHaveLength(0);
    expect(await readFile(mirror, base, 'c')).toBeNull();
    expect(await readFile(mirror, base, '../../etc/passwd').catch(() => null)).toBeNull();
  });

  test('is what it was at that commit, whatever came after', async () => {
    const { work, mirror, base } = await mirrored({ a: 'old' });
    commit(work, { a: 'new' });
    await updateMirror(mirror, work);
    expect(Buffer.from((await readFile(mirror, base, 'a')) ?? []).toString()).toBe('old');
  });

  test('is nothing when it is a folder or a symlink', async () => {
    const { work, mirror } = await mirrored({ 'folder/a': 'a' });
    mkdirSync(join(work, '.proofhouse'));
    symlinkSync('/etc/passwd', join(work, '.proofhouse', 'policy.yaml'));
    commitAll(work);
    await updateMirror(mirror, work);
    expect(await readFile(mirror, head(work), '.proofhouse/policy.yaml')).toBeNull();
    expect(await readFile(mirror, head(work), 'folder')).toBeNull();
  });

  test('above 8 MiB is a fault', async () => {
    const { mirror, base } = await mirrored({ big: 'x'.repeat(8 * 2 ** 20 + 1) });
    await expect(readFile(mirror, base, 'big')).rejects.toMatchObject({ code: 'git_failed' });
  });

  test('is one of the paths that are listed', async () => {
    const { mirror, base } = await mirrored({ 'ö\n"x"': '', 'a/b': '' });
    expect(await listPaths(mirror, base)).toEqual(['a/b', 'ö\n"x"']);
  });
});

describe('git on the host', () => {
  test('gives bytes, an allowed exit code, and a fault with its own words', async () => {
    const { mirror, base } = await mirrored({ a: 'a' });
    expect((await ownGit(mirror, ['rev-parse', 'main'])).stdout.toString().trim()).toBe(base);
    const none = ['rev-parse', '--verify', '--quiet', 'nope'];
    expect((await ownGit(mirror, none, { allow: [1] })).code).toBe(1);
    await expect(ownGit(mirror, ['cat-file', 'blob', 'nope'])).rejects.toMatchObject({
      code: 'git_failed',
      message: expect.stringContaining('nope'),
    });
  });

  test('is stopped when it says more than it may', async () => {
    const { mirror, base } = await mirrored({ a: 'x'.repeat(1_000) });
    const long = ownGit(mirror, ['cat-file', 'blob', `${base}:a`], { maxBytes: 999 });
    await expect(long).rejects.toThrow('more than 999 bytes');
  });

  test('is told nothing by the environment that it was started from', async () => {
    const { mirror } = await mirrored({ a: 'a' });
    const { stdout } = await ownGit(mirror, ['config', '--show-origin', '--list']);
    const origins = stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0]);
    expect(new Set(origins)).toEqual(new Set([`file:${mirror}/config`]));
  });
});

describe('the source', () => {
  test('rebases a change and commits it, from run, attempt and repository alone', async () => {
    const run = RunId.parse('r0000001');
    const on = await bench({ 'a.txt': 'a\n', 'b.txt': 'b\n' });
    const places = folders(on.folder);
    const place = { run, attempt: 2, repository: on.work, base: on.base };
    const source = openSource(places);
    await source.update(on.work, on.work);
    const at = { folder: places.quarantine(run, 2), mirror: places.mirror(on.work) };
    const tree = await sealed({ ...on, at }, { 'a.txt': 'mine\n' });
    expect(await source.measure(place, tree, [])).toEqual({
      addedLines: 1,
      removedLines: 1,
      blobBytes: {},
      binary: [],
      texts: {},
      roots: ['a.txt', 'b.txt'],
    });
    git(on.work, 'reset', '--quiet', '--hard', on.base);
    const onto = commit(on.work, { 'b.txt': 'theirs\n' });
    await source.update(on.work, on.work);
    const merged = await source.rebase(place, tree, onto);
    if ('conflicts' in merged) throw new Error('there was a conflict');
    const moved = { ...place, base: onto };
    expect(await source.treePaths(moved, merged.tree)).toEqual(['a.txt', 'b.txt']);
    const at_ = '2026-03-01T10:00:00.000Z';
    const first = await source.commit(moved, merged.tree, 'm\n', at_);
    expect(first).toEqual(await source.commit(moved, merged.tree, 'm\n', at_));
    expect(first.from).toBe(at.folder);
  });

  test('brings one mirror up to date for several runs at once', async () => {
    const on = await bench({ a: 'a' });
    const source = openSource(folders(on.folder));
    await Promise.all([1, 2, 3].map(() => source.update(on.work, on.work)));
    expect(await source.paths(on.work, on.base)).toEqual(['a']);
  });
});
