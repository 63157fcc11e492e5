/**
 * What layers require of the machine, held against what was found. Each layer is asked apart, so a layer
 * only adds; what nobody could find out does not hold.
 */
import { holesOf } from '../orchestrator/domain/known-bad.ts';
import { labelModule, type MachineFacts, userNamespaces } from '../orchestrator/domain/machine.ts';
import { compareVersions, isAtLeast, versionIn } from '../orchestrator/domain/versions.ts';
import { sorted } from './join.ts';
import type { LoadedPolicy } from './parse.ts';
import type { RequireRule } from './schema.ts';

export type Unmet = {
  /** As in `engine 23.0 or newer`. */
  readonly what: string;
  /** As in `.proofhouse/policy.yaml:44:5`. */
  readonly where: string;
  readonly found: string;
  readonly todo: string;
};

type Key = keyof RequireRule;
const VERSIONS = ['engine', 'runc', 'kernel', 'git'] as const;
/** Keys as a policy writes them. */
const WRITTEN: Readonly<Record<Key, string>> = {
  engine: 'engine',
  runc: 'runc',
  kernel: 'kernel',
  git: 'git',
  runtime: 'runtime',
  cgroups: 'cgroups',
  hardQuota: 'hard_quota',
  userNamespace: 'user_namespace',
  lsm: 'lsm',
  swapAccounting: 'swap_accounting',
  ioUringDisabled: 'io_uring_disabled',
  noKnownBad: 'no_known_bad',
};
const KEYS = Object.keys(WRITTEN) as Key[];

/** Every requirement of every layer that does not hold, layer by layer. */
export function unmet(layers: readonly LoadedPolicy[], facts: MachineFacts): Unmet[] {
  return layers.flatMap((loaded) =>
    KEYS.flatMap((key) => {
      const wanted = loaded.policy.require[key];
      if (!isAsked(wanted)) return [];
      const found = shortOf(key, String(wanted), facts);
      if (found === null) return [];
      const where = loaded.where(['require', WRITTEN[key]]);
      return [{ what: words(key, String(wanted)), where, found, todo: MENDED_BY[key] }];
    }),
  );
}

/** What all layers require together, in words; of a version only the newest. */
export function requiredBy(layers: readonly LoadedPolicy[]): string[] {
  const rules = layers.map(({ policy }) => policy.require);
  return sorted(
    KEYS.flatMap((key) => {
      const asked = rules.map((rule) => rule[key]).filter(isAsked);
      const top = asked.map(String).reduce<string | null>(newer, null);
      return top === null ? [] : [words(key, top)];
    }),
  );
}

function isAsked(wanted: RequireRule[Key]): wanted is Exclude<RequireRule[Key], null | false> {
  return wanted !== null && wanted !== false;
}

function newer(a: string | null, b: string): string {
  const [one, other] = [versionIn(a ?? ''), versionIn(b)];
  return a !== null && one && other && compareVersions(one, other) >= 0 ? a : b;
}

function words(key: Key, wanted: string): string {
  if (VERSIONS.some((name) => name === key)) return `${key} ${wanted} or newer`;
  const said: Partial<Record<Key, string>> = {
    runtime: `sandboxes under ${wanted}`,
    cgroups: `control groups of version ${wanted}`,
    hardQuota: 'a hard quota for workspaces',
    userNamespace: 'user namespaces (userns-remap or a rootless engine)',
    lsm: 'AppArmor or SELinux',
    swapAccounting: 'swap that counts as memory',
    ioUringDisabled: 'io_uring turned off',
    noKnownBad: 'no release with a known hole',
  };
  return said[key] ?? key;
}

/** What was found instead; null when the requirement holds. */
function shortOf(key: Key, wanted: string, facts: MachineFacts): string | null {
  const { engine, host } = facts;
  switch (key) {
    case 'engine':
      return older(engine.version, wanted);
    case 'runc':
      return older(engine.runc, wanted);
    case 'kernel':
      return older(engine.kernel, wanted);
    case 'git':
      return older(host.git, wanted);
    case 'runtime':
      return engine.defaultRuntime === wanted
        ? null
        : `sandboxes run under ${engine.defaultRuntime}`;
    case 'cgroups':
      return engine.cgroups === wanted ? null : `version ${engine.cgroups}`;
    case 'hardQuota':
      return host.quota.isHard === true ? null : host.quota.why;
    case 'userNamespace':
      return userNamespaces(engine) === null ? 'neither is on' : null;
    case 'lsm':
      return labelModule(engine) === null ? 'the engine lists neither' : null;
    case 'swapAccounting':
      return engine.countsSwap === true ? null : 'the engine does not count swap';
    case 'ioUringDisabled':
      return uring(facts);
    case 'noKnownBad':
      return holes(facts);
  }
}

function older(found: string | null, wanted: string): string | null {
  if (found === null) return 'its version is unknown';
  return isAtLeast(found, wanted) ? null : found;
}

/** The switch was read here, and says nothing of the kernel of another machine. */
function uring({ engine, host }: MachineFacts): string | null {
  if (engine.endpoint !== 'socket' || engine.kernel !== host.kernel) {
    return "the engine's kernel is another than the controller's and could not be asked";
  }
  return host.ioUringDisabled === 2
    ? null
    : `io_uring_disabled is ${host.ioUringDisabled ?? 'unknown'}`;
}

function holes(facts: MachineFacts): string | null {
  const reaching = holesOf(facts).filter(({ state }) => state !== 'held');
  if (reaching.length === 0) return null;
  return reaching
    .map(({ component, version, ids, state }) => {
      const rest = state === 'unclear' ? ', unless the distribution mended it' : '';
      return `${component} ${version} (${ids.join(', ')}${rest})`;
    })
    .join('; ');
}

const MENDED_BY: Readonly<Record<Key, string>> = {
  engine: 'Install a newer Docker engine.',
  runc: 'Install a newer runc.',
  kernel: 'Start a newer kernel on the machine of the engine.',
  git: 'Install a newer git where the controller runs.',
  runtime: 'Install gVisor, enter runsc in the engine, and run `serve --runtime runsc`.',
  cgroups: 'Boot with systemd.unified_cgroup_hierarchy=1.',
  hardQuota: 'Run the controller as root on a machine with loop devices and mkfs.ext4.',
  userNamespace:
    'Take it out of the policy: no run was tried with userns-remap or a rootless engine. gVisor is `runtime: runsc`.',
  lsm: 'Turn on AppArmor or SELinux on the machine of the engine.',
  swapAccounting: 'Boot with swapaccount=1, or turn swap off and use control groups of version 2.',
  ioUringDisabled: 'Set the sysctl kernel.io_uring_disabled=2.',
  noKnownBad: 'Install the releases that `proofhouse doctor` names.',
};
