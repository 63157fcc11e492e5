/** Facts of an engine and its machine, each with its state and what to do. */
import type { FactRow, FactState } from '../domain/doctor.ts';
import { type Hole, holesOf } from '../domain/known-bad.ts';
import {
  type EngineFacts,
  type HostFacts,
  hasSeccomp,
  labelModule,
  type MachineFacts,
  userNamespaces,
} from '../domain/machine.ts';
import { isAtLeast } from '../domain/versions.ts';

/** The oldest that has every field a sandbox is made with. */
const API_WANTED = '1.41';
/** `merge-tree --write-tree` came with this version. */
const GIT_WANTED = '2.38';
/** What kernels give a user; sandboxes have one each. */
const INOTIFY_INSTANCES_WANTED = 128;

export function machineRows({ engine, host }: MachineFacts): FactRow[] {
  return [
    ...engineRows(engine),
    ...isolationRows(engine),
    ...limitRows(engine),
    ...kernelRows(engine, host),
    ...knownBadRows({ engine, host }),
  ];
}

/** What is known of the controller's machine without an engine. */
export function hostRows({ git, node, quota, inotify }: HostFacts, inside: string): FactRow[] {
  const isNewGit = git !== null && isAtLeast(git, GIT_WANTED);
  return [
    row(
      'git',
      isNewGit ? 'good' : 'bad',
      git ?? 'not installed',
      `Install git ${GIT_WANTED} or newer.`,
    ),
    row('node', 'good', `${node} here, ${inside} in sandboxes`),
    row(
      'workspace quota',
      quota.isHard === true ? 'good' : quota.isHard === false ? 'weak' : 'unknown',
      `${quota.isHard === true ? 'hard' : 'soft'}: ${quota.why}`,
      'Run the controller as root on a machine with loop devices and mkfs.ext4.',
    ),
    inotify === null
      ? row('inotify', 'unknown', 'the limits could not be read', 'Look at fs.inotify in sysctl.')
      : row(
          'inotify',
          inotify.instances >= INOTIFY_INSTANCES_WANTED ? 'good' : 'weak',
          `${inotify.instances} instances and ${inotify.watches} watches for each user`,
          `Set fs.inotify.max_user_instances to ${INOTIFY_INSTANCES_WANTED} or more: file watchers of tests need them.`,
        ),
  ];
}

/** A row that is good has nothing to do. */
export function row(
  what: string,
  state: FactState,
  found: string,
  todo: string | null = null,
): FactRow {
  return { what, state, found, todo: state === 'good' ? null : todo };
}

function engineRows(engine: EngineFacts): FactRow[] {
  const { version, apiVersion, storage, fileSystem, endpoint } = engine;
  const isNew = isAtLeast(apiVersion, API_WANTED);
  return [
    row(
      'docker',
      isNew ? 'good' : 'bad',
      `${version}, API ${apiVersion}, ${engine.system}`,
      `Install an engine with API ${API_WANTED} or newer.`,
    ),
    row(
      'engine endpoint',
      endpoint === 'socket' ? 'good' : 'weak',
      endpoint,
      'Use an engine of this machine where you can: folders of this one are not seen by another.',
    ),
    row(
      'containerd',
      engine.containerd === null ? 'unknown' : 'good',
      engine.containerd ?? 'not named by the engine',
    ),
    row(
      'runc',
      engine.runc === null ? 'unknown' : 'good',
      engine.runc ?? 'not named by the engine',
    ),
    row(
      'storage',
      storage === 'overlay2' || storage === 'overlayfs' ? 'good' : 'weak',
      `${storage} on ${fileSystem ?? 'an unknown file system'}`,
      'Use the storage driver overlay2: others copy what they could share.',
    ),
    ...(engine.warnings.length === 0 ? [row('engine warnings', 'good', 'none')] : []),
    ...engine.warnings.map((text) =>
      row('engine warning', 'weak', text, 'See the manual of the engine for this warning.'),
    ),
  ];
}

function isolationRows(engine: EngineFacts): FactRow[] {
  const [lsm, users] = [labelModule(engine), userNamespaces(engine)];
  const hasOwnKernel = engine.runtimes.includes('runsc');
  return [
    row(
      'runtimes',
      hasOwnKernel ? 'good' : 'weak',
      `${engine.runtimes.join(', ')}; by default ${engine.defaultRuntime}`,
      'Install gVisor (runsc) for sandboxes with a kernel of their own.',
    ),
    row(
      'seccomp',
      hasSeccomp(engine) ? 'good' : 'bad',
      hasSeccomp(engine) ? 'on' : 'off',
      'Use an engine and a kernel with seccomp.',
    ),
    row(
      'AppArmor or SELinux',
      lsm === null ? 'weak' : 'good',
      lsm ?? 'the engine lists neither',
      'Turn one of them on.',
    ),
    row(
      'user namespaces',
      'weak',
      users === null
        ? 'off: root of a sandbox would be root outside; no process of one is root'
        : `${users}, which was not tried: folders belong to users as they are outside`,
      'For more between a sandbox and this kernel use gVisor: serve --runtime runsc.',
    ),
  ];
}

function limitRows({ cgroups, countsSwap }: EngineFacts): FactRow[] {
  return [
    row(
      'control groups',
      cgroups === '2' ? 'good' : 'weak',
      `version ${cgroups}`,
      'Boot with systemd.unified_cgroup_hierarchy=1.',
    ),
    row(
      'swap accounting',
      countsSwap === null ? 'unknown' : countsSwap ? 'good' : 'weak',
      countsSwap ? 'on' : 'off: a sandbox can fill the swap',
      'Boot with swapaccount=1, or turn swap off.',
    ),
  ];
}

function kernelRows({ kernel, endpoint }: EngineFacts, host: HostFacts): FactRow[] {
  const isSame = endpoint === 'socket' && kernel === host.kernel;
  const uring = isSame ? host.ioUringDisabled : null;
  return [
    row('kernel', 'good', isSame ? kernel : `${kernel} under the engine, ${host.kernel} here`),
    row(
      'io_uring',
      uring === 2 ? 'good' : uring === null ? 'unknown' : 'weak',
      uring === null ? 'could not be read' : `kernel.io_uring_disabled is ${uring}`,
      'Set the sysctl kernel.io_uring_disabled=2 on the machine of the engine.',
    ),
  ];
}

function knownBadRows(facts: MachineFacts): FactRow[] {
  const holes = holesOf(facts);
  if (holes.length === 0) return [row('known holes', 'good', 'none in these releases')];
  return holes.map(holeRow);
}

const HOLE_STATES = { open: 'bad', unclear: 'weak', held: 'weak', unknown: 'unknown' } as const;

function holeRow({ component, version, ids, what, heldBy, todo, state }: Hole): FactRow {
  const why = {
    open: what,
    unclear: `${what}; a distribution built it, and may have mended it: see its changelog`,
    held: `${what}; held: ${heldBy}`,
    unknown: `${what}; its version is not known`,
  }[state];
  return row(
    `known hole, ${component}`,
    HOLE_STATES[state],
    `${version}, ${ids.join(', ')}: ${why}`,
    todo,
  );
}
