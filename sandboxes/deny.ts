/**
 * A second look at a container before the engine sees it, made without the builder's knowledge.
 *
 * It knows the escape fields of the engine's API and the keys that a sandbox of ours may have. An
 * unknown key is refused: what nobody thought about is not let through.
 */

const KEYS = new Set(
  `Image User Entrypoint Cmd WorkingDir Env Hostname Domainname AttachStdin AttachStdout AttachStderr
   OpenStdin Tty Healthcheck Volumes ExposedPorts StopSignal Labels HostConfig name`.split(/\s+/),
);
const HOST_KEYS = new Set(
  `NetworkMode Dns DnsSearch ReadonlyRootfs Privileged CapAdd CapDrop SecurityOpt IpcMode CgroupnsMode
   GroupAdd Init PidsLimit Memory MemorySwap OomScoreAdj NanoCpus ShmSize Ulimits Tmpfs Mounts LogConfig
   RestartPolicy AutoRemove`.split(/\s+/),
);
const MOUNT_KEYS = new Set('Type Source Target ReadOnly BindOptions VolumeOptions'.split(' '));
const TARGETS = /^\/(?:workspace|snapshot|layer|mirror|quarantine|out|run\/proofhouse)$/;
const VOLUME = /^proofhouse-[a-z0-9-]+$/;

type Loose = Readonly<Record<string, unknown>>;

/** Every reason why this body must not reach an engine; empty when there is none. */
export function denied(body: Loose, roots: readonly string[]): readonly string[] {
  const host = (body['HostConfig'] ?? {}) as Loose;
  return [
    ...unknown(body, KEYS, ''),
    ...unknown(host, HOST_KEYS, 'HostConfig.'),
    ...wrongIdentity(body),
    ...wrongHost(host),
    ...mounts(host['Mounts'], roots),
  ];
}

function unknown(object: Loose, known: ReadonlySet<string>, prefix: string): string[] {
  return Object.keys(object)
    .filter((key) => !known.has(key))
    .map((key) => `${prefix}${key} is not a field that a sandbox may have`);
}

function wrongIdentity(body: Loose): string[] {
  const uid = Number(/^(\d+):\1$/.exec(String(body['User']))?.[1] ?? 0);
  return [
    ...unless(uid > 0, 'User is not a numeric user other than root'),
    ...unless(/^sha256:[0-9a-f]{64}$/.test(String(body['Image'])), 'Image is not an image id'),
    ...unless(isEmpty(body['Volumes']), 'Volumes is not empty'),
    ...unless(isEmpty(body['ExposedPorts']), 'ExposedPorts is not empty'),
    ...unless(body['Tty'] === false && body['OpenStdin'] === false, 'a terminal or input is open'),
  ];
}

function wrongHost(host: Loose): string[] {
  const network = String(host['NetworkMode']);
  return [
    ...unless(
      /^(?:none|container:proofhouse-[a-z0-9-]+)$/.test(network),
      `NetworkMode is ${network}`,
    ),
    ...unless(host['Privileged'] === false, 'Privileged is not false'),
    ...unless(host['ReadonlyRootfs'] === true, 'the root file system is writable'),
    ...unless(isEmpty(host['CapAdd']), 'CapAdd is not empty'),
    ...unless(same(host['CapDrop'], ['ALL']), 'CapDrop is not ALL'),
    ...unless(
      same(host['SecurityOpt'], ['no-new-privileges:true']),
      'SecurityOpt is not what it must be',
    ),
    ...unless(host['IpcMode'] === 'private', 'IpcMode is not private'),
    ...unless(host['CgroupnsMode'] === 'private', 'CgroupnsMode is not private'),
    ...unless(isEmpty(host['GroupAdd']), 'GroupAdd is not empty'),
    ...unless(isPositive(host['PidsLimit']), 'PidsLimit is not set'),
    ...unless(
      isPositive(host['Memory']) && host['Memory'] === host['MemorySwap'],
      'memory has no limit',
    ),
    ...unless(isPositive(host['NanoCpus']), 'NanoCpus is not set'),
    ...unless(same(host['RestartPolicy'], { Name: 'no' }), 'the sandbox would restart'),
    ...tmpfs(host['Tmpfs']),
    ...unless(isLocalLog(host['LogConfig']), 'LogConfig is not a bounded file of the engine'),
  ];
}

const MEMORY_FOLDERS = /^\/(?:tmp|home\/agent|(?:data|srv|var\/lib)(?:\/[a-z0-9][a-z0-9._-]*)+)$/;

/** A folder in memory in another place would hide what an image has there, `/etc` or `/opt`. */
function tmpfs(value: unknown): string[] {
  return Object.entries((value ?? {}) as Loose).flatMap(([target, options]) => {
    const words = String(options).split(',');
    const isBounded = words.some((word) => /^size=[1-9]\d*[km]?$/.test(word));
    return [
      ...unless(MEMORY_FOLDERS.test(target), `${target} is no place for a folder in memory`),
      ...unless(
        isBounded && words.includes('nosuid') && words.includes('nodev'),
        `the folder in memory at ${target} has no size, or lets devices or owners in`,
      ),
    ];
  });
}

function mounts(value: unknown, roots: readonly string[]): string[] {
  if (!Array.isArray(value)) return ['Mounts is not a list'];
  return value.flatMap((mount: Loose) => {
    const source = String(mount['Source']);
    const target = String(mount['Target']);
    const ours =
      mount['Type'] === 'volume'
        ? VOLUME.test(source)
        : mount['Type'] === 'bind' &&
          !source.split('/').includes('..') &&
          roots.some((root) => source.startsWith(`${root}/`));
    return [
      ...unknown(mount, MOUNT_KEYS, 'Mounts.'),
      // A volume's options can name a driver, and the local driver binds any folder of the host.
      ...unless(isPlain(mount), `${source} is mounted with options that no sandbox needs`),
      ...unless(ours, `${source} was not made by the controller`),
      ...unless(TARGETS.test(target), `${target} is not a place where a sandbox may have a mount`),
      ...unless(mount['ReadOnly'] === true || !target.startsWith('/run'), `${target} is writable`),
    ];
  });
}

/** Other drivers send what a sandbox prints to an address in their options. */
function isLocalLog(value: unknown): boolean {
  const { Type: type, Config: config } = (value ?? {}) as Loose;
  const { 'max-size': size, 'max-file': files } = (config ?? {}) as Loose;
  return type === 'json-file' && /^\d+m$/.test(String(size)) && files === '1';
}

function isPlain(mount: Loose): boolean {
  return mount['Type'] === 'volume'
    ? same(mount['VolumeOptions'], { NoCopy: true }) && mount['BindOptions'] === undefined
    : same(mount['BindOptions'], { Propagation: 'rprivate', NonRecursive: true }) &&
        mount['VolumeOptions'] === undefined;
}

const unless = (holds: boolean, reason: string): string[] => (holds ? [] : [reason]);
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const isPositive = (value: unknown): boolean => typeof value === 'number' && value > 0;
const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || Object.keys(value as object).length === 0;
