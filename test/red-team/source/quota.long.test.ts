/** RES-02: an agent that fills its workspace. Mounting needs root; who is not root is only watched. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { unmountAll } from '../../../orchestrator/compose.ts';
import { mounts } from '../../../sandboxes/mounts.ts';
import { openQuotas, quotaFacts, WORKSPACE_SIZE } from '../../../sandboxes/quota.ts';
import { folders } from '../../../sandboxes/source/folders.ts';
import { attemptsOn, sh } from '../../scenarios/sandbox/attempt.ts';
import { outcomeOf, shellAgent } from '../../scenarios/steps.ts';
import { leftOver, queue, scratch, settle, testFactory } from '../../scenarios/support.ts';
import { tinyRepository } from '../../scenarios/tiny.ts';
import { SOURCE_ROWS } from './rows.ts';

const isRoot = process.getuid?.() === 0;
const MIB = 2 ** 20;
const mountsBelow = async (home: string): Promise<string[]> =>
  (await mounts()).filter(({ at }) => at.startsWith(`${home}/`)).map(({ at }) => at);
/** Files below this folder that some loop device still holds. */
const loops = (home: string): string[] =>
  readdirSync('/sys/block')
    .map((name) => `/sys/block/${name}/loop/backing_file`)
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'))
    .filter((file) => file.includes(home));

describe.skipIf(!isRoot)('a workspace that is filled (needs root, to mount one)', () => {
  it.each([
    {
      row: SOURCE_ROWS.fullOfBytes,
      // Files of 512 MiB, because one alone may have no more than 2 GiB.
      script:
        'for n in 1 2 3 4 5 6; do fallocate -l 512M fill-$n; done; echo the rest > after; true',
      grown: (before: number, after: number) => before - after > 64 * MIB,
    },
    {
      row: SOURCE_ROWS.fullOfFiles,
      script: `mkdir fill; cd fill; seq 1 ${WORKSPACE_SIZE.inodes + 1000} | xargs touch; true`,
      grown: (before: number, after: number) => before - after > 256 * MIB,
    },
  ])('$row.id: $row.attack', async ({ row, script, grown }) => {
    // The same agent with its folder on the disk of the host: nothing stops it.
    const weak = scratch('weak');
    execFileSync('sh', ['-c', script.replaceAll('512M', '600M')], { cwd: weak, stdio: 'ignore' });
    const wrote = Number(
      execFileSync('du', ['-s', '--block-size=1', weak]).toString().split('\t')[0],
    );
    const files = Number(execFileSync('sh', ['-c', 'find . | wc -l'], { cwd: weak }).toString());
    expect(wrote > WORKSPACE_SIZE.bytes || files > WORKSPACE_SIZE.inodes).toBe(true);
    execFileSync('rm', ['-rf', weak]);

    const factory = await testFactory(`full-${row.id.toLowerCase()}`);
    const repository = tinyRepository(path.join(factory.home, 'tiny'), shellAgent(script));
    const task = await queue(factory, repository, 'Fill it');
    const before = free(factory.home);
    expect(outcomeOf(await settle(factory, task.id))).toMatchObject({
      kind: 'gave_up',
      code: 'workspace_full',
      findings: [{ message: expect.stringMatching(/takes \d+ MiB and \d+ files/) }],
    });
    const events = (await factory.store.read(task.id)).map(({ event }) => event);
    expect(events.at(-1)).toMatchObject({ type: 'limit_reached', limit: 'workspace' });
    expect(events.find(({ type }) => type === 'workspace_ready')).toMatchObject({
      prepared: { quota: { kind: 'ext4', ...WORKSPACE_SIZE } },
    });
    expect(grown(before, free(factory.home))).toBe(false);
    expect(leftOver(task.id)).toEqual([]);
    expect([...(await mountsBelow(factory.home)), ...loops(factory.home)]).toEqual([]);
  });
});

const free = (folder: string): number => {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
};

describe.skipIf(!isRoot)('a workspace that is mounted (needs root)', () => {
  it('comes out as it is when it is full to the brim, and may be opened again', async () => {
    const factory = await testFactory('brim');
    const repository = tinyRepository(path.join(factory.home, 'tiny'), { '.gitignore': 'fill*\n' });
    const attempts = await attemptsOn(factory, repository);
    const place = await attempts.open();
    const { end } = await attempts.work(
      place,
      sh(
        'echo new > new.txt; for n in 1 2 3 4 5; do fallocate -l 512M fill-$n; head -c 512M /dev/zero > fill-$n; done; true',
      ),
    );
    expect(end).toMatchObject({ full: expect.stringContaining('there is no room left') });
    expect(await attempts.seal(place)).toMatchObject({ touched: ['add new.txt'] });
    await factory.tools.workspaces.open(place, null, null, new AbortController().signal);
    expect((await attempts.work(place, sh('ls'))).lines).not.toContain('new.txt');
    expect(await attempts.discard()).toEqual([]);
    expect([...(await mountsBelow(factory.home)), ...loops(factory.home)]).toEqual([]);
  });

  it('of a run that nobody knows is found by its path and goes, with its loop device', async () => {
    const factory = await testFactory('crashed');
    const runs = folders(factory.home);
    const quotas = openQuotas(factory.home);
    const folder = path.join(runs.runs, 'r0000001', '1', 'workspace');
    expect(await quotas.open(folder, WORKSPACE_SIZE, 20_000)).toMatchObject({ kind: 'ext4' });
    expect(await mountsBelow(factory.home)).toEqual([folder]);
    expect(loops(factory.home)).toHaveLength(1);
    await factory.reap();
    expect([...(await mountsBelow(factory.home)), ...loops(factory.home)]).toEqual([]);
    expect(existsSync(`${folder}.ext4`)).toBe(false);
  });

  it('is mounted again where only its image is left, as after the machine started anew', async () => {
    const home = scratch('anew');
    onTestFinished(() => unmountAll(home));
    const quotas = openQuotas(home);
    const folder = path.join(home, 'runs', 'r0000001', '1', 'workspace');
    await quotas.open(folder, { bytes: 16 * MIB, inodes: 100 }, 20_000);
    mkdirSync(path.join(folder, 'upper'));
    execFileSync('sh', ['-c', 'echo kept > upper/file; sync'], { cwd: folder });
    await unmountAll(home);
    expect(existsSync(path.join(folder, 'upper'))).toBe(false);
    await quotas.again(folder);
    await quotas.again(folder);
    expect(readFileSync(path.join(folder, 'upper', 'file'), 'utf8')).toBe('kept\n');
    await quotas.close(folder);
    expect(await mountsBelow(home)).toEqual([]);
  });

  it('is all that is unmounted: what others mounted there, and the data directory, stay', async () => {
    const home = scratch('own-mount');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'none', home]);
    onTestFinished(() => void execFileSync('umount', [home]));
    const folder = path.join(home, 'runs', 'r0000001', '1', 'workspace');
    await openQuotas(home).open(folder, { bytes: 16 * MIB, inodes: 100 }, 20_000);
    expect(await mountsBelow(home)).toContain(folder);
    await unmountAll(home);
    expect((await mounts()).filter(({ at }) => at.startsWith(home))).toHaveLength(1);
  });

  it('is tried by many at once without one in the way of another, and what a dead one left goes', async () => {
    const home = scratch('at-once');
    const dead = path.join(home, 'quota-probe-999999999-00000000-0000-4000-8000-000000000000');
    mkdirSync(dead);
    const all = await Promise.all(Array.from({ length: 4 }, () => quotaFacts(home)));
    expect(all.map(({ kind }) => kind)).toEqual(['ext4', 'ext4', 'ext4', 'ext4']);
    expect(execFileSync('ls', ['-A', home], { encoding: 'utf8' })).toBe('');
  });

  it('is told by doing it, and nothing of the trial stays', async () => {
    const home = scratch('facts');
    expect(await quotaFacts(home)).toMatchObject({ kind: 'ext4', isHard: true });
    expect(execFileSync('ls', ['-A', home], { encoding: 'utf8' })).toBe('');
  });
});
