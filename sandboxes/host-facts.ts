/** What the controller's own machine says: kernel switches, limits, git, and whether it may make a quota. */
import { access, constants, open, readFile } from 'node:fs/promises';
import { release } from 'node:os';
import type { HostFacts, QuotaFacts } from '../orchestrator/domain/machine.ts';
import { git } from './source/git.ts';

/** Whether this controller can give a workspace a limit that the kernel holds. Must not throw. */
export type QuotaProbe = () => Promise<QuotaFacts>;

export async function hostFacts(quota: QuotaProbe = loopQuota): Promise<HostFacts> {
  const [uring, instances, watches] = await Promise.all([
    numberIn('/proc/sys/kernel/io_uring_disabled'),
    numberIn('/proc/sys/fs/inotify/max_user_instances'),
    numberIn('/proc/sys/fs/inotify/max_user_watches'),
  ]);
  return {
    kernel: release(),
    ioUringDisabled: uring,
    inotify: instances === null || watches === null ? null : { instances, watches },
    git: await gitVersion(),
    node: process.versions.node,
    quota: await quota(),
  };
}

async function numberIn(file: string): Promise<number | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return /^\d{1,15}\n?$/.test(text) ? Number(text) : null;
}

async function gitVersion(): Promise<string | null> {
  // Of all of git this part reads no repository.
  const said = await git('/nonexistent', ['version']).catch(() => null);
  return /^git version (\S{1,80})/.exec(said?.stdout.toString('utf8') ?? '')?.[1] ?? null;
}

const MAKERS = ['/sbin/mkfs.ext4', '/usr/sbin/mkfs.ext4', '/usr/bin/mkfs.ext4'];

/** A file system in a file, mounted over a loop device, has as many bytes and files as it was made with. */
async function loopQuota(): Promise<QuotaFacts> {
  const lacks = [
    ...((await mayMount()) ? [] : ['the controller may not mount']),
    ...((await opens('/dev/loop-control')) ? [] : ['no loop device can be had']),
    ...((await firstOf(MAKERS)) ? [] : ['mkfs.ext4 is not installed']),
  ];
  return lacks.length === 0
    ? { isHard: true, why: 'a file system of its own for each workspace, over a loop device' }
    : { isHard: false, why: lacks.join(', ') };
}

const SYS_ADMIN = 1n << 21n;

async function mayMount(): Promise<boolean> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const effective = /^CapEff:\t([0-9a-f]{1,16})$/m.exec(status)?.[1] ?? '0';
  return (BigInt(`0x${effective}`) & SYS_ADMIN) !== 0n;
}

async function opens(device: string): Promise<boolean> {
  const handle = await open(device, 'r').catch(() => null);
  await handle?.close();
  return handle !== null;
}

async function firstOf(programs: readonly string[]): Promise<boolean> {
  const found = await Promise.all(
    programs.map((program) =>
      access(program, constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
