/**
 * The only place that builds a container: a typed request in, the engine's JSON out.
 *
 * What holds for every sandbox: no network but loopback (an app's browser joins the app's), no
 * capability, no new privileges, a read-only root, a numeric user that is nobody on the host, bounded
 * memory, processes, files and log, and mounts from folders and volumes that the controller made.
 * `deny.ts` checks the result again without knowing how it was made.
 */
import type { RunId } from '../orchestrator/domain/ids.ts';

export type Role =
  | 'checkout'
  | 'dependencies'
  | 'agent'
  | 'exporter'
  | 'validator'
  | 'app'
  | 'browser'
  | 'service';

export type Mount = {
  readonly kind: 'folder' | 'volume';
  /** Absolute path of a folder, or the name of a volume; both made by the controller. */
  readonly source: string;
  readonly target: string;
  readonly writable: boolean;
};

export type SandboxSpec = {
  /** The same name is the same sandbox: after a crash it is found again and followed. */
  readonly name: string;
  readonly run: RunId;
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
/** Largest single file that a sandbox may write. */
const FILE_BYTES_MAX = 2 * 1024 * MIB;

/** The body of `POST /containers/create`, engine API 1.41. */
export function containerBody(spec: SandboxSpec, owner: { uid: number; instance: string }) {
  const user = `${owner.uid}:${owner.uid}`;
  return {
    Image: spec.image,
    User: user,
    Entrypoint: [spec.argv[0] ?? ''],
    Cmd: spec.argv.slice(1),
    WorkingDir: spec.workingDir,
    Env: Object.entries(spec.env).map(([key, value]) => `${key}=${value}`),
    // A sandbox that joins another's network shares its name too.
    ...(spec.joins === null ? { Hostname: 'sandbox', Domainname: '' } : {}),
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    OpenStdin: false,
    Tty: false,
    Healthcheck: { Test: ['NONE'] },
    Volumes: {},
    ExposedPorts: {},
    StopSignal: 'SIGKILL',
    Labels: {
      proofhouse: owner.instance,
      'proofhouse.run': spec.run,
      'proofhouse.role': spec.role,
      'proofhouse.wall-ms': String(spec.limits.wallMs),
    },
    HostConfig: hostConfig(spec, user),
  };
}

function hostConfig(spec: SandboxSpec, user: string) {
  const [uid, gid] = user.split(':');
  const owned = `uid=${uid},gid=${gid}`;
  return {
    NetworkMode: spec.joins === null ? 'none' : `container:${spec.joins}`,
    // Without this the host's resolver address shows inside, even with no network to reach it.
    ...(spec.joins === null ? { Dns: ['127.0.0.1'], DnsSearch: ['.'] } : {}),
    ReadonlyRootfs: true,
    Privileged: false,
    CapAdd: [],
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges:true'],
    IpcMode: 'private',
    CgroupnsMode: 'private',
    GroupAdd: [],
    Init: true,
    PidsLimit: spec.limits.pids,
    Memory: spec.limits.memoryBytes,
    MemorySwap: spec.limits.memoryBytes,
    OomScoreAdj: 800,
    NanoCpus: Math.round(spec.limits.cpus * 1e9),
    ShmSize: 64 * MIB,
    Ulimits: [
      { Name: 'nofile', Soft: 8192, Hard: 8192 },
      { Name: 'core', Soft: 0, Hard: 0 },
      { Name: 'fsize', Soft: FILE_BYTES_MAX, Hard: FILE_BYTES_MAX },
    ],
    Tmpfs: {
      '/tmp': 'rw,nosuid,nodev,exec,size=512m,nr_inodes=100k,mode=1777',
      '/home/agent': `rw,nosuid,nodev,exec,size=512m,nr_inodes=100k,mode=700,${owned}`,
      ...(!spec.data
        ? {}
        : {
            [spec.data.target]:
              `rw,nosuid,nodev,noexec,size=${spec.data.bytes},nr_inodes=100k,mode=700,${owned}`,
          }),
    },
    Mounts: spec.mounts.map(mountBody),
    // Bounded, and read again from its start by a controller that comes back after a crash.
    LogConfig: { Type: 'json-file', Config: { 'max-size': '32m', 'max-file': '1' } },
    RestartPolicy: { Name: 'no' },
    AutoRemove: false,
  };
}

function mountBody({ kind, source, target, writable }: Mount) {
  return kind === 'volume'
    ? {
        Type: 'volume' as const,
        Source: source,
        Target: target,
        ReadOnly: !writable,
        VolumeOptions: { NoCopy: true },
      }
    : {
        Type: 'bind' as const,
        Source: source,
        Target: target,
        ReadOnly: !writable,
        BindOptions: { Propagation: 'rprivate' as const, NonRecursive: true },
      };
}
