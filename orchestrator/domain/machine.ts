/**
 * What sandboxes stand on: engine, kernel, runtimes, limits. These are the facts that a policy may
 * require, and they are stored with each run that was prepared on them; so nothing is here that
 * changes from minute to minute, as free space does.
 *
 * Null is "nobody could tell", and never counts as good.
 */
import { z } from 'zod';

export const Endpoint = z.enum(['socket', 'tls', 'ssh', 'tcp']);
export type Endpoint = z.infer<typeof Endpoint>;

export const EngineFacts = z.strictObject({
  version: z.string(),
  apiVersion: z.string(),
  containerd: z.string().nullable(),
  runc: z.string().nullable(),
  /** Storage driver, as in `overlay2`. */
  storage: z.string(),
  /** What its folder is on, as in `extfs`. */
  fileSystem: z.string().nullable(),
  runtimes: z.array(z.string()),
  defaultRuntime: z.string(),
  /** As the engine lists them: `name=seccomp,profile=default`. */
  security: z.array(z.string()),
  cgroups: z.string(),
  /** Whether swap is counted against a limit of memory. */
  countsSwap: z.boolean().nullable(),
  warnings: z.array(z.string()),
  kernel: z.string(),
  system: z.string(),
  folder: z.string(),
  endpoint: Endpoint,
});
export type EngineFacts = z.infer<typeof EngineFacts>;

export const QuotaFacts = z.strictObject({
  /** Whether a workspace can be given a limit of bytes and files that the kernel holds. */
  isHard: z.boolean().nullable(),
  /** One sentence: how, or what it lacks. */
  why: z.string(),
});
export type QuotaFacts = z.infer<typeof QuotaFacts>;

export const HostFacts = z.strictObject({
  kernel: z.string(),
  /** 0: everybody may, 1: a group may, 2: nobody may. */
  ioUringDisabled: z.int().nullable(),
  inotify: z.strictObject({ instances: z.int(), watches: z.int() }).nullable(),
  git: z.string().nullable(),
  node: z.string(),
  quota: QuotaFacts,
});
export type HostFacts = z.infer<typeof HostFacts>;

export const MachineFacts = z.strictObject({ engine: EngineFacts, host: HostFacts });
export type MachineFacts = z.infer<typeof MachineFacts>;

/** `userns` when root of a sandbox is nobody outside, `rootless` when the engine itself is nobody. */
export function userNamespaces({ security }: Pick<EngineFacts, 'security'>): string | null {
  return ['userns', 'rootless'].find((name) => hasOption(security, name)) ?? null;
}

export function labelModule({ security }: Pick<EngineFacts, 'security'>): string | null {
  return ['apparmor', 'selinux'].find((name) => hasOption(security, name)) ?? null;
}

export function hasSeccomp({ security }: Pick<EngineFacts, 'security'>): boolean {
  return hasOption(security, 'seccomp');
}

/** Newer engines write `name=seccomp,profile=builtin`, older ones `seccomp`. */
function hasOption(security: readonly string[], name: string): boolean {
  return security.some((one) => one.split(',').some((part) => part.replace(/^name=/, '') === name));
}
