import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Sha } from '../../../orchestrator/domain/ids.ts';
import { openLocalForge } from '../../../orchestrator/forge/local.ts';
import type { Forge, PullRequestDraft } from '../../../orchestrator/ports.ts';

/** Every step starts a git of its own. */
const SLOW = { timeout: 60_000 };
const given = { folder: '', source: '', from: '' };

const IDENTITY = ['-c', 'user.name=Rita', '-c', 'user.email=rita@example.com'];
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

function git(folder: string, ...argv: string[]): string {
  return execFileSync('git', ['-C', folder, ...IDENTITY, ...argv], { encoding: 'utf8' }).trim();
}

beforeEach(() => {
  given.folder = mkdtempSync(join(tmpdir(), 'proofhouse-forge-'));
  given.source = join(given.folder, 'My Shop');
  given.from = join(given.folder, 'quarantine.git');
  git(given.folder, 'init', '--quiet', '--initial-branch=main', given.source);
  git(given.source, 'commit', '--quiet', '--allow-empty', '-m', 'first');
});
afterEach(() => rmSync(given.folder, { recursive: true }));

const clock = (): Date => new Date('2026-03-01T10:00:00Z');
const openForge = (): Forge => openLocalForge(join(given.folder, 'forge'), clock);

/** A commit on top of the source's main that only the quarantine repository holds. */
function commitInQuarantine(message: string): Sha {
  execFileSync('git', ['init', '--quiet', '--bare', given.from]);
  git(given.from, 'fetch', '--quiet', given.source, 'main');
  const parent = git(given.source, 'rev-parse', 'main');
  return Sha.parse(git(given.from, 'commit-tree', '-p', parent, '-m', message, EMPTY_TREE));
}

function draft(commit: Sha, change: Partial<PullRequestDraft> = {}): PullRequestDraft {
  return {
    ...{ repository: given.source, base: 'main', head: 'proofhouse/r0000001', commit },
    ...{ from: given.from, title: 'A title', body: 'A body\n', ...change },
  };
}

const pulls = (forge: Forge): string => forge.remote(given.source).replace(/\.git$/, '.pulls');
const headOf = (forge: Forge): Promise<Sha | null> =>
  forge.tip(given.source, 'proofhouse/r0000001');

describe('branches', SLOW, () => {
  test('the tip of a branch follows the source', async () => {
    const forge = openForge();
    const first = await forge.tip(given.source, 'main');
    expect(first).toBe(git(given.source, 'rev-parse', 'main'));
    git(given.source, 'commit', '--quiet', '--amend', '--allow-empty', '-m', 'rewritten');
    const second = await forge.tip(given.source, 'main');
    expect(second).toBe(git(given.source, 'rev-parse', 'main'));
    expect(second).not.toBe(first);
  });

  test.each(['none', 'main~1', 'main^{tree}', 'mai*', '', '../HEAD', '--all', 'main\0x'])(
    '%j is no branch, so it has no tip',
    async (branch) => {
      git(given.source, 'commit', '--quiet', '--allow-empty', '-m', 'second');
      expect(await openForge().tip(given.source, branch)).toBeNull();
    },
  );

  test('a branch that the source deleted is gone, also when another takes its folder', async () => {
    const forge = openForge();
    git(given.source, 'branch', 'feature');
    expect(await forge.branches(given.source)).toEqual(['feature', 'main']);
    git(given.source, 'branch', '-m', 'feature', 'feature/one');
    expect(await forge.branches(given.source)).toEqual(['feature/one', 'main']);
  });

  test('our own branches are neither overwritten nor pruned by the source', async () => {
    const forge = openForge();
    const commit = commitInQuarantine('ours');
    await forge.ensurePullRequest(draft(commit));
    git(given.source, 'branch', 'proofhouse/r0000001');
    git(given.source, 'branch', 'proofhouse/r0000002');
    expect(await headOf(forge)).toBe(commit);
    expect(await forge.branches(given.source)).toEqual(['main', 'proofhouse/r0000001']);
  });

  test('a source branch called "proofhouse" is not in the way of ours', async () => {
    const forge = openForge();
    git(given.source, 'branch', 'proofhouse');
    const commit = commitInQuarantine('ours');
    await forge.ensurePullRequest(draft(commit));
    expect(await headOf(forge)).toBe(commit);
  });

  test('the default branch is the one that the source has checked out', async () => {
    const forge = openForge();
    expect(await forge.defaultBranch(given.source)).toBe('main');
    git(given.source, 'checkout', '--quiet', '-b', 'release/1.0');
    expect(await forge.defaultBranch(given.source)).toBe('release/1.0');
    git(given.source, 'checkout', '--quiet', '--detach');
    expect(await forge.defaultBranch(given.source)).toBeNull();
  });

  test('a folder that is no repository, or is not there, is refused', async () => {
    const plain = join(given.folder, 'plain');
    mkdirSync(plain);
    const forge = openForge();
    await expect(forge.tip(plain, 'main')).rejects.toMatchObject({ code: 'not_a_repository' });
    await expect(forge.tip(`${plain}/x`, 'main')).rejects.toMatchObject({
      code: 'not_a_repository',
    });
  });

  test('two folders of the same name have two remotes; a link to one has the same', async () => {
    const forge = openForge();
    const other = join(given.folder, 'other', 'My Shop');
    mkdirSync(other, { recursive: true });
    execFileSync('ln', ['-s', given.source, join(given.folder, 'link')]);
    expect(forge.remote(given.source)).toMatch(/\/forge\/my-shop-[0-9a-f]{8}\.git$/);
    expect(forge.remote(other)).not.toBe(forge.remote(given.source));
    expect(forge.remote(join(given.folder, 'link'))).toBe(forge.remote(given.source));
  });

  test.runIf(process.getuid?.() === 0)('a repository of another user is read', async () => {
    execFileSync('chown', ['-R', '12345:12345', given.source]);
    expect(await openForge().tip(given.source, 'main')).toMatch(/^[0-9a-f]{40}$/);
  });

  test('no hook runs, neither a planted one nor one of the member', async () => {
    const forge = openForge();
    const commit = commitInQuarantine('ours');
    await forge.tip(given.source, 'main');
    const marker = join(given.folder, 'ran');
    for (const bare of [forge.remote(given.source), join(given.source, '.git'), given.from]) {
      mkdirSync(join(bare, 'hooks'), { recursive: true });
      for (const hook of [
        'pre-receive',
        'update',
        'post-update',
        'pre-push',
        'reference-transaction',
      ]) {
        writeFileSync(join(bare, 'hooks', hook), `#!/bin/sh\ntouch '${marker}'\n`);
        chmodSync(join(bare, 'hooks', hook), 0o755);
      }
    }
    await forge.ensurePullRequest(draft(commit));
    expect(await headOf(forge)).toBe(commit);
    expect(readdirSync(given.folder)).not.toContain('ran');
  });

  test('an old harmless flaw in the history of the source is put up with', async () => {
    const blob = git(given.source, 'hash-object', '-w', '/dev/null');
    const entry = Buffer.concat([Buffer.from('0100644 a\0'), Buffer.from(blob, 'hex')]);
    writeFileSync(join(given.folder, 'tree'), entry);
    const literally = [
      'hash-object',
      '-t',
      'tree',
      '-w',
      '--literally',
      join(given.folder, 'tree'),
    ];
    const commit = git(given.source, 'commit-tree', '-m', 'old', git(given.source, ...literally));
    git(given.source, 'branch', 'old', commit);
    expect(await openForge().tip(given.source, 'old')).toBe(commit);
  });

  test('four processes that meet a new repository at once all get its tip', async () => {
    const script = `
      import { openLocalForge } from '${join(import.meta.dirname, '../../../orchestrator/forge/local.ts')}';
      const forge = openLocalForge('${join(given.folder, 'forge')}', () => new Date());
      process.stdout.write(String(await forge.tip('${given.source}', 'main')));`;
    const tips = Array.from({ length: 4 }, async () => {
      const argv = ['--input-type=module-typescript', '-e', script];
      const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
      const said: Buffer[] = [];
      child.stdout.on('data', (bytes: Buffer) => said.push(bytes));
      await once(child, 'close');
      return Buffer.concat(said).toString();
    });
    const main = git(given.source, 'rev-parse', 'main');
    expect(await Promise.all(tips)).toEqual([main, main, main, main]);
    expect(readdirSync(join(given.folder, 'forge'))).toHaveLength(1);
  });
});

describe('a pull request', SLOW, () => {
  test('is opened with the pushed commit and a record that says where it is', async () => {
    const forge = openForge();
    const commit = commitInQuarantine('ours');
    const opened = await forge.ensurePullRequest(draft(commit));
    expect(opened).toEqual({
      ...{ number: 1, title: 'A title', body: 'A body\n', base: 'main', commit, state: 'open' },
      ...{ head: 'proofhouse/r0000001', openedAt: '2026-03-01T10:00:00.000Z' },
      url: join(pulls(forge), '0001.json'),
    });
    expect(JSON.parse(readFileSync(opened.url, 'utf8'))).toMatchObject({ number: 1, commit });
    expect(await headOf(forge)).toBe(commit);
    expect(await forge.pullRequests(given.source)).toEqual([opened]);
  });

  test('is opened once: a second call changes nothing', async () => {
    const commit = commitInQuarantine('ours');
    const opened = await openForge().ensurePullRequest(draft(commit));
    const later = openLocalForge(
      join(given.folder, 'forge'),
      () => new Date('2027-01-01T00:00:00Z'),
    );
    expect(await later.ensurePullRequest(draft(commit))).toEqual(opened);
    expect(readdirSync(pulls(later))).toEqual(['0001.json']);
  });

  test('is opened once by ten callers at once, and ten heads get ten numbers', async () => {
    const commit = commitInQuarantine('ours');
    await openForge().tip(given.source, 'main');
    const same = Array.from({ length: 10 }, () => openForge().ensurePullRequest(draft(commit)));
    const numbers = (await Promise.allSettled(same)).flatMap((each) =>
      each.status === 'fulfilled' ? [each.value.number] : [],
    );
    expect(new Set(numbers)).toEqual(new Set([1]));
    const others = Array.from({ length: 10 }, (_, n) =>
      openForge().ensurePullRequest(draft(commit, { head: `proofhouse/r000001${n}` })),
    );
    const all = (await Promise.all(others)).map(({ number }) => number);
    expect(all.sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test('is opened when a crash came between the push and the record', async () => {
    const forge = openForge();
    const commit = commitInQuarantine('ours');
    await forge.ensurePullRequest(draft(commit));
    rmSync(join(pulls(forge), '0001.json'));
    writeFileSync(join(pulls(forge), 'half.new'), '{"number":');
    expect(await forge.ensurePullRequest(draft(commit))).toMatchObject({ number: 1, commit });
    const another = commitInQuarantine('after a moved base');
    rmSync(join(pulls(forge), '0001.json'));
    expect(await forge.ensurePullRequest(draft(another))).toMatchObject({
      number: 1,
      commit: another,
    });
  });

  test('takes a new commit and text under its old number', async () => {
    const forge = openForge();
    await forge.ensurePullRequest(draft(commitInQuarantine('one')));
    const commit = commitInQuarantine('two');
    const again = await forge.ensurePullRequest(draft(commit, { body: 'Other\n' }));
    expect(again).toMatchObject({ number: 1, commit, body: 'Other\n' });
    expect(await headOf(forge)).toBe(commit);
    expect(await forge.pullRequests(given.source)).toEqual([again]);
  });

  test('goes on after a crash between the second push and its record', async () => {
    const forge = openForge();
    await forge.ensurePullRequest(draft(commitInQuarantine('one')));
    const before = readFileSync(join(pulls(forge), '0001.json'), 'utf8');
    const two = commitInQuarantine('two');
    await forge.ensurePullRequest(draft(two));
    const crashed = { ...JSON.parse(before), pushing: two };
    writeFileSync(join(pulls(forge), '0001.json'), JSON.stringify(crashed));
    const three = commitInQuarantine('three');
    expect(await forge.ensurePullRequest(draft(three))).toMatchObject({ number: 1, commit: three });
  });

  test('never takes the place of a commit that someone else pushed', async () => {
    const forge = openForge();
    await forge.ensurePullRequest(draft(commitInQuarantine('one')));
    git(given.source, 'commit', '--quiet', '--allow-empty', '-m', 'by a reviewer');
    const theirs = git(given.source, 'rev-parse', 'main');
    git(forge.remote(given.source), 'fetch', '--quiet', given.source, 'main');
    git(forge.remote(given.source), 'update-ref', 'refs/heads/proofhouse/r0000001', theirs);
    const pushed = forge.ensurePullRequest(draft(commitInQuarantine('two')));
    await expect(pushed).rejects.toMatchObject({ code: 'git_failed' });
    expect(await headOf(forge)).toBe(theirs);
  });

  test('is not recorded when its commit did not arrive', async () => {
    const forge = openForge();
    commitInQuarantine('ours');
    const missing = forge.ensurePullRequest(draft(Sha.parse('f'.repeat(40))));
    await expect(missing).rejects.toMatchObject({ code: 'git_failed' });
    expect(await forge.pullRequests(given.source)).toEqual([]);
  });

  test('needs a base branch that exists', async () => {
    const pushed = openForge().ensurePullRequest(draft(commitInQuarantine('x'), { base: 'none' }));
    await expect(pushed).rejects.toMatchObject({ code: 'base_not_found' });
  });

  test.each(['main', 'proofhouse/', 'proofhouse/../main', 'proofhouse/a b', 'refs/heads/x'])(
    'is not opened from %j, which is no branch of ours',
    async (head) => {
      const pushed = openForge().ensurePullRequest(draft(commitInQuarantine('x'), { head }));
      await expect(pushed).rejects.toMatchObject({ code: 'internal' });
    },
  );

  test('with an unreadable record is a fault, not a second pull request', async () => {
    const forge = openForge();
    const commit = commitInQuarantine('ours');
    await forge.ensurePullRequest(draft(commit));
    writeFileSync(join(pulls(forge), '0001.json'), '{}');
    const again = forge.ensurePullRequest(draft(commit));
    await expect(again).rejects.toMatchObject({ code: 'store_failed' });
  });

  test('with a corrupt object is not taken in', async () => {
    const forge = openForge();
    commitInQuarantine('ours');
    const bad = join(given.folder, 'bad');
    writeFileSync(bad, `tree ${EMPTY_TREE}\nauthor x\ncommitter x\n\nno parent, no date\n`);
    const literally = ['hash-object', '-t', 'commit', '-w', '--literally', bad];
    const commit = Sha.parse(git(given.from, ...literally));
    const pushed = forge.ensurePullRequest(draft(commit));
    await expect(pushed).rejects.toMatchObject({ code: 'git_failed' });
  });
});
