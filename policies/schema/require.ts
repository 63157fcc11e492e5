/** What the machine must have under a run. Every layer is held against it apart, so more is never less. */
import { z } from 'zod';
import { key } from './words.ts';

const VERSION = 'expected a version in quotes, as in "23.0"';
const Version = z
  .string(VERSION)
  .regex(/^(0|[1-9][0-9]{0,5})(\.(0|[1-9][0-9]{0,5})){1,3}$/, VERSION);
const AtLeast = (what: string) => key(Version.optional(), `${what}, at least.`, 'the newer');
const Must = (what: string) => key(z.boolean().default(false), what, 'true wins');

export const Require = z
  .strictObject({
    engine: AtLeast('Version of the Docker engine'),
    runc: AtLeast('Version of runc'),
    kernel: AtLeast("Version of the engine's kernel"),
    git: AtLeast("Version of the controller's git"),
    runtime: key(
      z.literal('runsc').optional(),
      'What sandboxes run under: runsc has a kernel of its own.',
      'the one named',
    ),
    cgroups: key(z.literal(2).optional(), 'Version of control groups.', 'the one named'),
    hard_quota: Must('Whether the kernel limits how much a workspace holds.'),
    user_namespace: Must(
      'Whether root of a sandbox is nobody outside. No run was tried on such an engine.',
    ),
    lsm: Must('Whether AppArmor or SELinux is on.'),
    swap_accounting: Must('Whether swap counts against a limit of memory.'),
    io_uring_disabled: Must('Whether the kernel refuses io_uring to everybody.'),
    no_known_bad: Must(
      'Whether no release is known to have a hole that reaches a sandbox. What nobody can tell does not hold.',
    ),
  })
  .prefault({})
  .transform(({ hard_quota, user_namespace, swap_accounting, io_uring_disabled, ...rest }) => {
    const { no_known_bad: noKnownBad, engine, runc, kernel, git, runtime, cgroups, lsm } = rest;
    return {
      engine: engine ?? null,
      runc: runc ?? null,
      kernel: kernel ?? null,
      git: git ?? null,
      runtime: runtime ?? null,
      cgroups: cgroups ?? null,
      hardQuota: hard_quota,
      userNamespace: user_namespace,
      lsm,
      swapAccounting: swap_accounting,
      ioUringDisabled: io_uring_disabled,
      noKnownBad,
    };
  });
export type RequireRule = z.output<typeof Require>;
