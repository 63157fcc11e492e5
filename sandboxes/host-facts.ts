/** What the controller's own machine says: kernel switches, limits, git, and whether it may make a quota. */
import { readFile } from 'node:fs/promises';
import { release } from 'node:os';
import type { HostFacts, QuotaFacts } from '../orchestrator/domain/machine.ts';
import { git } from './source/git.ts';

/** Whether this controller can give a workspace a limit that the kernel holds. Must not throw. */
export type QuotaProbe = () => Promise<QuotaFacts>;

export async function hostFacts(quota: QuotaProbe): Promise<HostFacts> {
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
