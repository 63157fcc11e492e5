import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Sha } from '../../../orchestrator/domain/ids.ts';
import type {
  LandedChange,
  LocalRepository,
  RawChange,
} from '../../../orchestrator/ports/source.ts';
import { parseHistory, parseRawDiff } from '../../../policies/facts.ts';
import { openLocal } from '../../../sandboxes/source/local-change.ts';
import {
  commitAll,
  git,
  repositoryWith,
  temporaryFolder,
  writeAll,
} from '../../orchestrator/intake/repositories.ts';
import { head } from './bench.ts';

const WHO = ['-c', 'user.name=Pia', '-c', 'user.email=pia@example.com'];

async function opened(folder: string): Promise<LocalRepository> {
  const local = await openLocal(folder);
  onTestFinished(() => local.close());
  return local;
}

/** Commits these files, or with none of them whatever is there. */
function commit(folder: string, files: Record<string, string>): Sha {
  writeAll(folder, files);
  commitAll(folder);
  return head(folder);
}

function merge(folder: string, branch: string, message = 'Merge it'): Sha {
  git(folder, ...WHO, 'merge', '--quiet', '--no-ff', '-m', message, branch);
  return head(folder);
}

function touched({ raw }: RawChange): string[] {
  const parsed = parseRawDiff(raw);
  if ('refused' in parsed) throw new Error('the change is refused');
  return parsed.entries.map(({ operation, path }) => `${operation} ${path}`);
}

async function listed(
  local: LocalRepository,
  last = 100,
  since: Date | null = null,
): Promise<LandedChange[]> {
  const all: LandedChange[] = [];
  for await (const change of local.landed(await local.resolve('HEAD'), last, since))
    all.push(change);
  return all;
}

describe('a commit of a local repository', () => {
  test('is found by branch, tag, remote branch, ancestor and short id', async () => {
    const folder = repositoryWith({ a: 'a' });
    const first = head(folder);
    const second = commit(folder, { a: 'b' });
    git(folder, 'branch', 'loose');
    git(folder, 'update-ref', 'refs/remotes/origin/main', first);
    git(folder, 'symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
    git(folder, ...WHO, 'tag', '-a', '-m', 'One', 'v1', first);
    git(folder, 'pack-refs', '--all');
    const third = commit(folder, { a: 'c' });
    const local = await opened(folder);
    const names = {
      HEAD: third,
      main: third,
      loose: second,
      v1: first,
      'HEAD~2': first,
      [first.slice(0, 8)]: first,
      'origin/main': first,
    };
    for (const [name, sha] of Object.entries(names))
      expect(await local.resolve(name), name).toBe(sha);
  });

  test.each([
    'nope',
    '',
    '--all',
    '-h',
    'HEAD^{tree}:a',
    'HEAD:a',
    'main..HEAD',
    '../../x',
    'main\n',
    'main\0',
    '@{-1}',
    'main@{upstream}',
  ])('is none under the name %j', async (name) => {
    const local = await opened(repositoryWith({ a: 'a' }));
    await expect(local.resolve(name)).rejects.toMatchObject({ code: 'usage' });
  });

  test('is found from a folder below, from a linked work tree, and in a bare repository', async () => {
    const folder = repositoryWith({ 'deep/er/a': 'a' });
    const first = head(folder);
    expect(await (await opened(join(folder, 'deep/er'))).resolve('HEAD')).toBe(first);
    const linked = join(temporaryFolder(), 'linked "one": two');
    git(folder, 'worktree', 'add', '--quiet', '-b', 'side', linked);
    const second = commit(linked, { b: 'b' });
    const local = await opened(linked);
    expect(await local.resolve('HEAD')).toBe(second);
    expect(await local.resolve('main')).toBe(first);
    const bare = join(temporaryFolder(), 'a.git');
    git(folder, 'clone', '--quiet', '--bare', folder, bare);
    expect(await (await opened(bare)).resolve('main')).toBe(first);
  });

  test('is found whatever the folder is called', async () => {
    const folder = join(temporaryFolder(), 'a:b "c" \\d\n#e');
    mkdirSync(folder);
    git(folder, 'init', '--quiet', '--initial-branch=main');
    const first = commit(folder, { a: 'a' });
    const local = await opened(folder);
    expect(await local.resolve('HEAD')).toBe(first);
    expect(Buffer.from((await local.read(first, 'a')) ?? []).toString()).toBe('a');
    const landing = await local.landing(first, first);
    expect('raw' in landing && touched(landing)).toEqual([]);
  });

  test('is none where there is no repository, and nothing is left of the attempt', async () => {
    await expect(openLocal(temporaryFolder())).rejects.toMatchObject({ code: 'not_a_repository' });
  });

  test('is read with its files and paths, and nothing is left afterwards', async () => {
    const folder = repositoryWith({ 'a/b': 'text', ö: '' });
    // A folder for temporary things of its own: others open repositories meanwhile.
    vi.stubEnv('TMPDIR', temporaryFolder());
    onTestFinished(() => void vi.unstubAllEnvs());
    const before = leftovers();
    const local = await openLocal(folder);
    const commit_ = await local.resolve('HEAD');
    expect(await local.paths(commit_)).toEqual(['a/b', 'ö']);
    expect(await local.read(commit_, 'nope')).toBeNull();
    await local.close();
    await local.close();
    expect(leftovers()).toEqual(before);
  });
});

describe('a change of a local repository', () => {
  test('is what a branch did since it parted, not what the base did meanwhile', async () => {
    const folder = repositoryWith({ a: 'a\n', b: 'b\n' });
    const parted = head(folder);
    git(folder, 'checkout', '--quiet', '-b', 'side');
    const side = commit(folder, { a: 'mine\nand more\n' });
    git(folder, 'checkout', '--quiet', 'main');
    const tip = commit(folder, { b: 'theirs\n' });
    const local = await opened(folder);
    const change = await local.change(tip, side);
    expect(touched(change)).toEqual(['modify a']);
    expect(change).toMatchObject({
      base: parted,
      tree: git(folder, 'rev-parse', 'side^{tree}').trim(),
    });
    expect(change.measured).toMatchObject({ addedLines: 2, removedLines: 1, roots: ['a', 'b'] });
    expect(Object.values(change.measured.texts)).toEqual(['mine\nand more\n', 'a\n']);
  });

  test('would land as a merge leaves it, or in conflict', async () => {
    const folder = repositoryWith({ a: 'a\n', b: 'b\n' });
    git(folder, 'checkout', '--quiet', '-b', 'side');
    const side = commit(folder, { a: 'mine\n' });
    git(folder, 'checkout', '--quiet', 'main');
    const tip = commit(folder, { b: 'theirs\n', c: 'c\n' });
    const clash = commit(folder, { a: 'theirs\n' });
    const local = await opened(folder);
    const landing = await local.landing(tip, side);
    if ('conflicts' in landing) throw new Error('there was a conflict');
    expect(touched(landing)).toEqual(['modify a']);
    expect(landing.base).toBe(tip);
    expect(landing.measured.roots).toEqual(['a', 'b', 'c']);
    expect(await local.paths(landing.tree)).toEqual(['a', 'b', 'c']);
    expect(await local.landing(clash, side)).toEqual({ conflicts: ['a'] });
  });

  test('of nothing in common is no change', async () => {
    const folder = repositoryWith({ a: 'a' });
    const first = head(folder);
    git(folder, 'checkout', '--quiet', '--orphan', 'other');
    const other = commit(folder, { a: 'b' });
    const local = await opened(folder);
    await expect(local.change(first, other)).rejects.toMatchObject({ code: 'usage' });
  });

  test('has the entries of every commit in between, side branches too', async () => {
    const folder = repositoryWith({ a: 'a\n' });
    const base = head(folder);
    git(folder, 'checkout', '--quiet', '-b', 'side');
    commit(folder, { 'key.pem': 'secret\n' });
    git(folder, 'rm', '--quiet', 'key.pem');
    commit(folder, {});
    git(folder, 'checkout', '--quiet', '-b', 'change', base);
    commit(folder, { b: 'b\n' });
    const end = merge(folder, 'side');
    const local = await opened(folder);
    const change = await local.change(base, end);
    expect(touched(change)).toEqual(['add b']);
    const paths = parseHistory(change.history).map(({ operation, path }) => `${operation} ${path}`);
    expect(paths.toSorted()).toEqual(['add b', 'add key.pem', 'delete key.pem']);
    expect(Object.values(change.measured.texts)).toContain('secret\n');
  });

  test('has of a merge only what neither parent had', async () => {
    const folder = repositoryWith({ a: 'a\n' });
    git(folder, 'checkout', '--quiet', '-b', 'change');
    commit(folder, { b: 'b\n' });
    git(folder, 'checkout', '--quiet', 'main');
    const base = commit(folder, { c: 'of the base\n', d: 'of the base\n' });
    git(folder, 'checkout', '--quiet', 'change');
    git(folder, ...WHO, 'merge', '--quiet', '--no-ff', '--no-commit', 'main');
    const end = commit(folder, { evil: 'only in the merge\n' });
    const { history } = await (await opened(folder)).change(base, end);
    expect(
      parseHistory(history)
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual(['b', 'evil']);
  });
});

describe('what landed', () => {
  test('is every merge and every commit on the first-parent line, each against its first parent', async () => {
    const folder = repositoryWith({ a: 'a\n' });
    const first = head(folder);
    git(folder, 'checkout', '--quiet', '-b', 'side');
    commit(folder, { b: 'b\n' });
    commit(folder, { c: 'c\n' });
    git(folder, 'checkout', '--quiet', 'main');
    const plain = commit(folder, { a: 'b\nc\n' });
    const merged = merge(folder, 'side', ':100644 1\t2\tthree');
    git(folder, ...WHO, 'commit', '--quiet', '--allow-empty', '-m', 'Nothing');
    git(folder, 'mv', 'a', 'z');
    const moved = commit(folder, {});
    const local = await opened(folder);
    const changes = await listed(local);
    expect(changes.map((change) => [change.commit, change.title, touched(change)])).toEqual([
      [moved, 'First', ['delete a', 'add z']],
      [merged, ':100644 1\t2\tthree', ['add b', 'add c']],
      [plain, 'First', ['modify a']],
    ]);
    expect(changes.map(({ base }) => base).slice(1)).toEqual([plain, first]);
    expect(changes[1]?.tree).toBe(git(folder, 'rev-parse', `${merged}^{tree}`).trim());
    expect(changes[1]?.measured).toMatchObject({ addedLines: 2, removedLines: 0, roots: ['a'] });
    expect(changes[2]?.measured).toMatchObject({ addedLines: 2, removedLines: 1 });
    expect(Object.values(changes[2]?.measured.texts ?? {})).toEqual(['b\nc\n', 'a\n']);
    expect((await listed(local, 3)).map(({ commit: one }) => one)).toEqual([moved, merged]);
  });

  test('can be asked for since a day', async () => {
    const folder = repositoryWith({ a: 'a' });
    for (const [day, text] of [
      ['01', 'b'],
      ['20', 'c'],
    ] as const) {
      writeAll(folder, { a: text });
      const date = `2026-03-${day}T12:00:00Z`;
      git(folder, 'add', '--all');
      // The committer's date is what counts, and only the environment sets it.
      git(
        folder,
        ...WHO,
        '-c',
        'alias.at=!GIT_COMMITTER_DATE="$1" git commit --quiet -m "$1" #',
        'at',
        date,
      );
    }
    const changes = await listed(await opened(folder), 10, new Date('2026-03-10T00:00:00Z'));
    expect(changes.map(({ when, title }) => [when, title])).toEqual([
      ['2026-03-20T12:00:00.000Z', '2026-03-20T12:00:00Z'],
    ]);
  });

  test('of a clone that is cut off is what it has', async () => {
    const folder = repositoryWith({ a: 'a' });
    for (const text of ['b', 'c', 'd']) commit(folder, { a: text });
    const clone = join(temporaryFolder(), 'clone');
    git(folder, 'clone', '--quiet', '--depth=2', `file://${folder}`, clone);
    const changes = await listed(await opened(clone));
    expect(changes.map(touched)).toEqual([['modify a']]);
  });
});

describe('what a repository says of itself', () => {
  /** Everything that git starts because a repository says so, and where each leaves its name. */
  function trapped(folder: string): string {
    const trap = join(folder, '.git', 'trap');
    const sprung = join(folder, '.git', 'sprung');
    writeFileSync(trap, `#!/bin/sh\necho "$0 $*" >> '${sprung}'\n`);
    chmodSync(trap, 0o755);
    const settings = {
      'core.fsmonitor': trap,
      'core.sshCommand': trap,
      'core.pager': trap,
      'core.hooksPath': join(folder, '.git', 'traps'),
      'core.alternateRefsCommand': trap,
      'core.gitProxy': trap,
      'core.attributesFile': join(folder, '.git', 'traps', 'attributes'),
      'diff.external': trap,
      'diff.trap.textconv': trap,
      'diff.trap.command': trap,
      'filter.trap.smudge': trap,
      'filter.trap.clean': trap,
      'merge.trap.driver': `${trap} %O %A %B`,
      'pager.log': trap,
      'credential.helper': trap,
      'gpg.program': trap,
      'log.showSignature': 'true',
      'alias.log': `!${trap}`,
      'alias.cat-file': `!${trap}`,
      'uploadpack.packObjectsHook': trap,
      'extensions.partialClone': 'origin',
      'remote.origin.url': `ext::${trap}`,
      'remote.origin.promisor': 'true',
      'protocol.ext.allow': 'always',
    };
    const config = Object.entries(settings).map(([key, value]) => {
      const [section = '', ...rest] = key.split('.');
      const name = rest.pop();
      const sub = rest.length > 0 ? ` "${rest.join('.')}"` : '';
      return `[${section}${sub}]\n\t${name} = "${value}"\n`;
    });
    mkdirSync(join(folder, '.git', 'traps'));
    writeFileSync(
      join(folder, '.git', 'traps', 'attributes'),
      '* diff=trap merge=trap filter=trap\n',
    );
    for (const hook of ['reference-transaction', 'post-checkout', 'post-index-change']) {
      writeFileSync(join(folder, '.git', 'traps', hook), `#!/bin/sh\nexec '${trap}' ${hook}\n`, {
        mode: 0o755,
      });
    }
    mkdirSync(join(folder, '.git', 'info'), { recursive: true });
    writeFileSync(
      join(folder, '.git', 'info', 'attributes'),
      '* diff=trap merge=trap filter=trap\n',
    );
    writeFileSync(join(folder, '.git', 'config'), config.join(''), { flag: 'a' });
    return sprung;
  }

  test('runs nothing, though it would in the hands of git itself', async () => {
    const folder = repositoryWith({
      a: 'a\n',
      b: 'b\n',
      '.gitattributes': '* diff=trap merge=trap\n',
    });
    const base = head(folder);
    git(folder, 'checkout', '--quiet', '-b', 'side');
    const side = commit(folder, { a: 'b\n', c: 'c\n' });
    git(folder, 'checkout', '--quiet', 'main');
    const tip = commit(folder, { a: 'a\nmore\n', b: 'c\n' });
    const merged = head(folder);
    const sprung = trapped(folder);
    // Objects that are not there make git ask the remote for them.
    const local = await opened(folder);
    await local.change(base, side);
    await local.landing(tip, side);
    await listed(local);
    await local.paths(merged);
    await local.read(merged, 'a');
    await expect(local.resolve('f'.repeat(40))).rejects.toMatchObject({ code: 'usage' });
    expect(existsSync(sprung)).toBe(false);
    git(folder, 'diff', base, side);
    expect(existsSync(sprung)).toBe(true);
  });

  test('hides no lines, whatever its attributes and configuration are', async () => {
    const folder = repositoryWith({ '.gitattributes': '*.ts -diff\n', 'a.ts': 'a\n' });
    const base = head(folder);
    writeFileSync(join(folder, '.git', 'info', 'attributes'), '* binary\n');
    const end = commit(folder, { 'a.ts': 'b\nc\n' });
    expect(git(folder, 'diff', '--numstat', base, end)).toBe('-\t-\ta.ts\n');
    const { measured } = await (await opened(folder)).change(base, end);
    expect(measured).toMatchObject({ addedLines: 2, removedLines: 1, binary: [] });
  });

  test('puts no object in the place of another', async () => {
    const folder = repositoryWith({ a: 'a\n' });
    const base = head(folder);
    const end = commit(folder, { a: 'evil\n' });
    git(folder, 'replace', end, base);
    expect(git(folder, 'diff', base, end)).toBe('');
    expect(touched(await (await opened(folder)).change(base, end))).toEqual(['modify a']);
  });

  test('is not believed about the trees of its commits', async () => {
    const folder = repositoryWith({ a: 'a\n' });
    const base = head(folder);
    const end = commit(folder, { a: 'evil\n' });
    git(folder, 'commit-graph', 'write', '--reachable');
    const graph = join(folder, '.git/objects/info/commit-graph');
    const bytes = swapped(
      graph,
      git(folder, 'rev-parse', `${end}^{tree}`),
      git(folder, 'rev-parse', `${base}^{tree}`),
    );
    chmodSync(graph, 0o644);
    writeFileSync(graph, bytes);
    expect(git(folder, 'log', '-1', '--format=%T', end)).toBe(
      git(folder, 'rev-parse', `${base}^{tree}`),
    );
    const local = await opened(folder);
    expect(touched(await local.change(base, end))).toEqual(['modify a']);
    expect((await listed(local)).map(touched)).toEqual([['modify a']]);
  });

  test('is read from files only: a pipe for a HEAD keeps nobody waiting', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, '.git', 'objects'), { recursive: true });
    execFileSync('mkfifo', [join(folder, '.git', 'HEAD')]);
    await expect(openLocal(folder)).rejects.toMatchObject({ code: 'not_a_repository' });
  });
});

/** A file's bytes with one object id in the place of another. */
function swapped(file: string, from: string, to: string): Buffer {
  const bytes = readFileSync(file);
  const at = bytes.indexOf(Buffer.from(from.trim(), 'hex'));
  Buffer.from(to.trim(), 'hex').copy(bytes, at);
  return bytes;
}

function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('proofhouse-local-'));
}

test('texts of many files are read at once: no links, no binaries, and only so many bytes', async () => {
  const folder = repositoryWith({ 'a.ts': 'aaaa', 'b/é.ts': 'bbbb', 'c.ts': 'cccc' });
  execFileSync('ln', ['-s', 'a.ts', join(folder, 'link.ts')]);
  writeFileSync(join(folder, 'binary.ts'), Buffer.from([0, 1]));
  const at = commit(folder, {});
  const local = await opened(folder);
  const wanted = ['a.ts', 'b/é.ts', 'link.ts', 'binary.ts', 'gone.ts'];
  expect([...(await local.texts(at, wanted, 100))]).toEqual([
    ['a.ts', 'aaaa'],
    ['b/é.ts', 'bbbb'],
  ]);
  expect([...(await local.texts(at, ['a.ts', 'c.ts'], 7))]).toEqual([['a.ts', 'aaaa']]);
});
