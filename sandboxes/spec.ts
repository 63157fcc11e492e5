/**
 * The only place that builds a container: a typed request in, the engine's JSON out.
 *
 * What holds for every sandbox: no network but loopback (an app's browser joins the app's), no
 * capability, no new privileges, a read-only root, a numeric user that is nobody on the host, bounded
 * memory, processes, files and log, and mounts from folders and volumes that the controller made.
 * `deny.ts` checks the result again without knowing how it was made.
 */
import { digestOf } from '../orchestrator/domain/canonical.ts';
import type { RunId } from '../orchestrator/domain/ids.ts';
import { labels } from './engine-names.ts';
import { seccompText } from './seccomp.ts';

/** What differs from role to role; all else is the same for every sandbox. */
type Room = {
  /** Scratch space in memory, and whether what lies in it may be run. */
  readonly tmpMib: number;
  readonly homeMib: number;
  readonly runsScratch: boolean;
  readonly sharedMib: number;
  readonly openFiles: number;
  /** Largest single file that it may write. */
  readonly fileMib: number;
  readonly logMib: number;
  /** Weight where processors are short: what somebody waits for comes before what works on its own. */
  readonly share: number;
};

/** Code of a repository is built and run in scratch space by many a tool: `go test` is one of them. */
const PROGRAMS = { tmpMib: 512, homeMib: 512, runsScratch: true, openFiles: 8192, fileMib: 2048 };
/** Only our own scripts, git and what is baked in are run here. */
const OURS = { tmpMib: 512, homeMib: 64, runsScratch: false, openFiles: 8192, fileMib: 2048 };

const ROOMS = {
  checkout: { ...OURS, sharedMib: 16, logMib: 8, share: 512 },
  dependencies: { ...PROGRAMS, sharedMib: 64, logMib: 32, share: 512 },
  agent: { ...PROGRAMS, sharedMib: 64, logMib: 32, share: 512 },
  exporter: { ...OURS, sharedMib: 16, logMib: 8, share: 1024 },
  validator: { ...PROGRAMS, sharedMib: 64, logMib: 32, share: 1024 },
  app: { ...PROGRAMS, sharedMib: 64, logMib: 32, share: 1024 },
  service: { ...PROGRAMS, sharedMib: 64, logMib: 8, share: 1024 },
  browser: { ...OURS, homeMib: 512, sharedMib: 256, logMib: 32, share: 1024 },
  // Where the engine does not see our folders: fills and empties volumes, and carries a socket's bytes.
  carrier: { ...OURS, sharedMib: 16, logMib: 0, share: 1024 },
  relay: { ...OURS, tmpMib: 16, sharedMib: 16, logMib: 0, share: 1024 },
} as const satisfies Record<string, Room>;

export type Role = keyof typeof ROOMS;
export const ROLES = Object.keys(ROOMS) as readonly Role[];

/** Whether its standard streams are a connection to the controller, which nothing logs. */
export const isStreamed = (role: Role): boolean => role === 'carrier' || role === 'relay';

/** What a sandbox runs under: the host's kernel, or one of its own. Left out, the engine's default. */
export const RUNTIMES = ['runc', 'runsc'] as const;
export type Runtime = (typeof RUNTIMES)[number];

export type Mount = {
  readonly kind: 'folder' | 'volume';
  /** Absolute path of a folder, or the name of a volume; both made by the controller. */
  readonly source: string;
  readonly target: string;
  readonly writable: boolean;
  /** A volume that is still empty is given the rights that the image has at this place. */
  readonly takesRights?: boolean;
};

export type SandboxSpec = {
  /** The same name is the same sandbox: after a crash it is found again and followed. */
  readonly name: string;
  readonly run: RunId;
  /** The user inside; left out, the one of what belongs to no repository. */
  readonly uid?: number;
  readonly role: Role;
  /** Image id, never a tag: a tag may come to mean something else. */
  readonly image: string;
  readonly mounts: readonly Mount[];
  readonly env: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  readonly workingDir: string;
  /** Full name of the sandbox whose loopback this one shares; a browser and its app. */
  readonly joins: string | null;
  /** A folder in memory besides the usual ones; a service keeps its data there. */
  readonly data?: { readonly target: string; readonly bytes: number } | null;
  readonly limits: SandboxLimits;
};

export type SandboxLimits = {
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly pids: number;
  readonly wallMs: number;
};

const MIB = 2 ** 20;
const LOCKED_BYTES_MAX = 64 * 1024;

export type Owner = {
  readonly uid: number;
  readonly instance: string;
  readonly runtime: Runtime | null;
};

/** The body of `POST /containers/create`, engine API 1.41. */
export function containerBody(spec: SandboxSpec, owner: Owner) {
  const uid = spec.uid ?? owner.uid;
  const user = `${uid}:${uid}`;
  const streamed = isStreamed(spec.role);
  const asked = {
    Image: spec.image,
    User: user,
    Entrypoint: [spec.argv[0] ?? ''],
    Cmd: spec.argv.slice(1),
    WorkingDir: spec.workingDir,
    Env: Object.entries(spec.env).map(([key, value]) => `${key}=${value}`),
    // A sandbox that joins another's network shares its name too.
    ...(spec.joins === null ? { Hostname: 'sandbox', Domainname: '' } : {}),
    AttachStdin: streamed,
    AttachStdout: streamed,
    AttachStderr: streamed,
    OpenStdin: streamed,
    // When its controller goes its input ends, and so it ends too.
    ...(streamed ? { StdinOnce: true } : {}),
    Tty: false,
    Healthcheck: { Test: ['NONE'] },
    Volumes: {},
    ExposedPorts: {},
    StopSignal: 'SIGKILL',
    StopTimeout: 1,
    HostConfig: hostConfig(spec, { ...owner, uid }),
  };
  const { name, run, role } = spec;
  return {
    ...asked,
    Labels: {
      ...labels({ ...owner, name, run, role, spec: digestOf('sandbox', asked) }),
      'proofhouse.wall-ms': String(spec.limits.wallMs),
    },
  };
}

function hostConfig(spec: SandboxSpec, { uid, runtime }: Owner) {
  const room: Room = ROOMS[spec.role];
  const bytes = spec.limits.memoryBytes;
  return {
    NetworkMode: spec.joins === null ? 'none' : `container:${spec.joins}`,
    // Without this the host's resolver address shows inside, even with no network to reach it.
    ...(spec.joins === null ? { Dns: ['127.0.0.1'], DnsSearch: ['.'] } : {}),
    ReadonlyRootfs: true,
    Privileged: false,
    CapAdd: [],
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges:true', `seccomp=${seccompText()}`],
    IpcMode: 'private',
    CgroupnsMode: 'private',
    GroupAdd: [],
    Init: true,
    PidsLimit: spec.limits.pids,
    Memory: bytes,
    MemorySwap: bytes,
    OomScoreAdj: 800,
    NanoCpus: Math.round(spec.limits.cpus * 1e9),
    CpuShares: room.share,
    ShmSize: room.sharedMib * MIB,
    Ulimits: [
      ulimit('nofile', room.openFiles),
      ulimit('fsize', room.fileMib * MIB),
      ulimit('core', 0),
      ulimit('memlock', LOCKED_BYTES_MAX),
      ulimit('msgqueue', 0),
    ],
    Tmpfs: {
      '/tmp': `${scratch(room, room.tmpMib)},mode=1777`,
      '/home/agent': `${scratch(room, room.homeMib)},mode=700,uid=${uid},gid=${uid}`,
      ...(spec.data ? dataFolder(spec.data, uid) : {}),
    },
    Mounts: spec.mounts.map(mountBody),
    // Bounded, and read again from its start by a controller that comes back after a crash.
    LogConfig: isStreamed(spec.role)
      ? { Type: 'none', Config: {} }
      : { Type: 'json-file', Config: { 'max-size': `${room.logMib}m`, 'max-file': '1' } },
    RestartPolicy: { Name: 'no' },
    AutoRemove: false,
    ...(runtime === null ? {} : { Runtime: runtime }),
  };
}

const ulimit = (Name: string, most: number) => ({ Name, Soft: most, Hard: most });

const scratch = ({ runsScratch }: Room, mib: number): string =>
  `rw,nosuid,nodev,${runsScratch ? 'exec' : 'noexec'},size=${mib}m,nr_inodes=100k`;

function dataFolder({ target, bytes }: NonNullable<SandboxSpec['data']>, uid: number) {
  const bounds = `rw,nosuid,nodev,noexec,size=${bytes},nr_inodes=100k`;
  return { [target]: `${bounds},mode=700,uid=${uid},gid=${uid}` };
}

function mountBody({ kind, source, target, writable, takesRights = false }: Mount) {
  return kind === 'volume'
    ? {
        Type: 'volume' as const,
        Source: source,
        Target: target,
        ReadOnly: !writable,
        VolumeOptions: { NoCopy: !takesRights },
      }
    : {
        Type: 'bind' as const,
        Source: source,
        Target: target,
        ReadOnly: !writable,
        BindOptions: { Propagation: 'rprivate' as const, NonRecursive: true },
      };
}
