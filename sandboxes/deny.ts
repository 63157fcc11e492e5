/**
 * A second look at a container before the engine sees it, made without the builder's knowledge.
 *
 * Every field that a sandbox of ours has is named here with the rule that it must keep; a field that is
 * not named is refused, at every level, because what nobody thought about is not let through. Names
 * are matched letter by letter: the engine itself reads `privileged` as `Privileged`.
 *
 * What runs inside is no concern of this check: it is the attacker's anyway.
 */
import { wrongMounts } from './deny-mounts.ts';
import { wrongSeccomp } from './deny-seccomp.ts';

type Loose = Readonly<Record<string, unknown>>;
type Holds = (value: unknown) => boolean;
type Rules = Readonly<Record<string, Holds>>;

/** Fields of the engine's API that lead out, and where they lead. Refused like any other that is not ours. */
const LEADS_OUT: Readonly<Record<string, string>> = {
  Binds: 'folders of the host',
  CgroupParent: 'limits of its own choice',
  DeviceCgroupRules: 'devices of the host',
  DeviceRequests: 'devices of the host',
  Devices: 'devices of the host',
  ExtraHosts: 'names that lead to the host',
  Links: 'the network of others',
  MaskedPaths: "the kernel's files, without the engine's masks",
  NetworkingConfig: 'a network',
  OomKillDisable: 'memory that nobody takes back',
  PidMode: 'processes of others',
  PortBindings: 'ports of the host',
  PublishAllPorts: 'ports of the host',
  ReadonlyPaths: "the kernel's settings, to be written",
  StorageOpt: 'storage of its own choice',
  Sysctls: 'settings of the kernel',
  UTSMode: "the host's name",
  UsernsMode: "the host's users",
  VolumeDriver: 'volumes of any kind',
  VolumesFrom: 'volumes of others',
};

const GIB = 2 ** 30;
const NAME = /^proofhouse-(?:doctor-[0-9a-f]{32}|r[0-9a-z]{7}-\d{1,4}-[a-z0-9-]{1,80})$/;
const NEIGHBOUR = /^container:proofhouse-r[0-9a-z]{7}-\d{1,4}-[a-z0-9-]{1,80}$/;
const WORKING_DIR = /^\/(?:workspace|snapshot|layer|out)?$/;
/** Readable by whoever runs inside, and by everybody who may ask the engine. */
const ENVIRONMENT = /^(?:HOME=\/home\/agent|(?:BASE|TREE)=(?:[0-9a-f]{40}|[0-9a-f]{64}))$/;
const SCRATCH = /^rw,nosuid,nodev,(?:no)?exec,size=(\d{1,4})m,nr_inodes=\d{1,3}k,mode=/;
const SCRATCH_MIB_MAX = 2048;
/** May share the network of another sandbox, which has none either. */
const JOINING: readonly unknown[] = ['browser', 'service'];
/** These may join a service, whose network is as empty as their own. */
const SERVED: readonly unknown[] = ['agent', 'validator', 'app'];
const SERVICE = /^container:proofhouse-r[0-9a-z]{7}-\d{1,4}-[a-z0-9-]+-service-[a-z0-9]+$/;
/** Where a service may have its data; anywhere else it would hide what its image has there. */
const DATA = /^\/(?:data|srv|var\/lib)(?:\/[a-z0-9][a-z0-9._-]*){1,4}$/;
const RUNTIMES: readonly unknown[] = ['runc', 'runsc'];

/** Every reason why this body must not reach an engine; empty when there is none. */
export function denied(body: Loose, roots: readonly string[]): readonly string[] {
  const host = isRecord(body['HostConfig']) ? body['HostConfig'] : {};
  const joins = host['NetworkMode'] !== 'none';
  return [
    ...broken(
      body,
      {
        ...BODY,
        ...(joins ? {} : NAMED),
        ...(isService(body) ? SERVICES : {}),
        ...(isStreamed(body) ? STREAMED : {}),
      },
      '',
    ),
    ...broken(
      host,
      {
        ...hostRules(host, joins),
        ...(isService(body) ? { Tmpfs: isServiceTmp(body) } : {}),
        ...(isStreamed(body) ? { LogConfig: is({ Type: 'none', Config: {} }) } : {}),
      },
      'HostConfig.',
    ),
    ...wrongIdentity(body, host),
    ...wrongMounts(host['Mounts'], {
      roots,
      run: labelOf(body, 'proofhouse.run'),
      instance: labelOf(body, 'proofhouse'),
      role: labelOf(body, 'proofhouse.role'),
    }),
    ...wrongSeccomp(host['SecurityOpt']),
  ];
}

/** Exactly these keys, each with a value that its rule takes. */
function broken(object: Loose, rules: Rules, prefix: string): string[] {
  const unknown = Object.keys(object).filter((key) => !Object.hasOwn(rules, key));
  const wrong = Object.entries(rules).filter(([key, holds]) => !holds(object[key]));
  return [
    ...unknown.map((key) => {
      const to = Object.hasOwn(LEADS_OUT, key) ? `: it gives ${LEADS_OUT[key]}` : '';
      return `${prefix}${key} is not a field that a sandbox may have${to}`;
    }),
    ...wrong.map(([key]) => `${prefix}${key} is ${shown(object[key])}, which no sandbox may have`),
  ];
}

const is =
  (only: unknown): Holds =>
  (value) =>
    same(value, only);
const matches =
  (pattern: RegExp): Holds =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const whole =
  (least: number, most: number): Holds =>
  (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
const listOf =
  (item: Holds, least = 0): Holds =>
  (value) =>
    Array.isArray(value) && value.length >= least && value.every(item);

const BODY: Rules = {
  name: matches(NAME),
  Image: matches(/^sha256:[0-9a-f]{64}$/),
  User: matches(/^([1-9]\d{0,8}):\1$/),
  Entrypoint: (value) => listOf(matches(/^\/[\w./-]+$/), 1)(value) && lengthOf(value) === 1,
  Cmd: listOf((word) => typeof word === 'string' && !word.includes('\0')),
  WorkingDir: matches(WORKING_DIR),
  Env: (value) => listOf(matches(ENVIRONMENT))(value) && isDistinct(value),
  AttachStdin: is(false),
  AttachStdout: is(false),
  AttachStderr: is(false),
  OpenStdin: is(false),
  Tty: is(false),
  Healthcheck: is({ Test: ['NONE'] }),
  Volumes: is({}),
  ExposedPorts: is({}),
  StopSignal: is('SIGKILL'),
  StopTimeout: is(1),
  Labels: (value) => isRecord(value) && broken(value, LABELS, '').length === 0,
  HostConfig: isRecord,
};

/**
 * What a service differs in: its image is not one with our launcher, so its command and the settings that
 * the base commit gives it stand here. None of them is a secret.
 */
const SERVICES: Rules = {
  Entrypoint: (value) => listOf(matches(/^\/?[\w][\w./-]*$/), 1)(value) && lengthOf(value) === 1,
  Env: (value) =>
    listOf(matches(/^[A-Z][A-Z0-9_]{0,60}=[^\0]{0,4096}$/s))(value) && isDistinct(value),
};

/** Nothing that an agent wrote runs in these, so their streams may lead to the controller. */
const STREAMED: Rules = {
  AttachStdin: is(true),
  AttachStdout: is(true),
  AttachStderr: is(true),
  OpenStdin: is(true),
  StdinOnce: is(true),
};

const isStreamed = (body: Loose): boolean =>
  ['carrier', 'relay'].some((role) => role === labelOf(body, 'proofhouse.role'));

const isService = (body: Loose): boolean => labelOf(body, 'proofhouse.role') === 'service';

/** The usual folders, and at most one for its data that is its own. */
function isServiceTmp(body: Loose): Holds {
  const [uid] = String(body['User']).split(':');
  return (value) => {
    if (!isRecord(value)) return false;
    const more = Object.entries(value).filter(([at]) => at !== '/tmp' && at !== '/home/agent');
    return (
      Object.keys(value).length === more.length + 2 &&
      more.length <= 1 &&
      more.every(([at, options]) => {
        return DATA.test(at) && String(options).endsWith(`,mode=700,uid=${uid},gid=${uid}`);
      }) &&
      isTmp(value)
    );
  };
}

/** A sandbox that joins another's network shares its name too. */
const NAMED: Rules = { Hostname: is('sandbox'), Domainname: is('') };

const LABELS: Rules = {
  proofhouse: matches(/^[0-9a-f]{12}$/),
  'proofhouse.run': matches(/^r[0-9a-z]{7}$/),
  'proofhouse.attempt': matches(/^\d{1,4}$/),
  'proofhouse.role': matches(
    /^(?:checkout|dependencies|agent|exporter|validator|app|browser|service|carrier|relay)$/,
  ),
  'proofhouse.spec': matches(/^sha256:[0-9a-f]{64}$/),
  'proofhouse.wall-ms': matches(/^[1-9]\d{0,8}$/),
};

const HOST: Rules = {
  NetworkMode: (value) => value === 'none' || matches(NEIGHBOUR)(value),
  ReadonlyRootfs: is(true),
  Privileged: is(false),
  CapAdd: is([]),
  CapDrop: is(['ALL']),
  SecurityOpt: (value) => Array.isArray(value) && value.length === 2,
  IpcMode: is('private'),
  CgroupnsMode: is('private'),
  GroupAdd: is([]),
  Init: is(true),
  PidsLimit: whole(1, 4096),
  OomScoreAdj: whole(500, 1000),
  NanoCpus: whole(1e7, 64e9),
  CpuShares: whole(2, 1024),
  ShmSize: whole(2 ** 20, GIB),
  Mounts: Array.isArray,
  // Other drivers send what a sandbox prints to an address in their options.
  LogConfig: (value) =>
    isRecord(value) &&
    broken(value, { Type: is('json-file'), Config: isSmallLog }, '').length === 0,
  RestartPolicy: is({ Name: 'no' }),
  AutoRemove: is(false),
};

function isSmallLog(value: unknown): boolean {
  const rules = { 'max-size': matches(/^[1-9]\d?m$/), 'max-file': is('1') };
  return isRecord(value) && broken(value, rules, '').length === 0;
}

const ULIMITS: Readonly<Record<string, Holds>> = {
  nofile: whole(64, 65_536),
  fsize: whole(1, 16 * GIB),
  core: is(0),
  memlock: whole(0, 2 ** 20),
  msgqueue: is(0),
};

function hostRules(host: Loose, joins: boolean): Rules {
  return {
    ...HOST,
    ...(joins ? {} : { Dns: is(['127.0.0.1']), DnsSearch: is(['.']) }),
    ...('Runtime' in host ? { Runtime: (value) => RUNTIMES.includes(value) } : {}),
    Memory: whole(2 ** 20, 1024 * GIB),
    // More than the memory is swap, which no limit of memory counts.
    MemorySwap: is(host['Memory']),
    Ulimits: (value) =>
      listOf(isUlimit)(value) &&
      same((value as Loose[]).map(({ Name }) => Name).sort(), Object.keys(ULIMITS).sort()),
    Tmpfs: (value) =>
      isRecord(value) && same(Object.keys(value).sort(), ['/home/agent', '/tmp']) && isTmp(value),
  };
}

function isUlimit(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const holds = ULIMITS[String(value['Name'])] ?? (() => false);
  const rules = { Name: () => true, Soft: holds, Hard: is(value['Soft']) };
  return broken(value, rules, '').length === 0;
}

function isTmp(value: Loose): boolean {
  const sizes = Object.values(value).map((options) => {
    return Number(SCRATCH.exec(String(options))?.[1] ?? Number.NaN);
  });
  return sizes.every((mib) => mib >= 1 && mib <= SCRATCH_MIB_MAX);
}

/** What holds between fields: whose it is, and who it joins. */
function wrongIdentity(body: Loose, host: Loose): string[] {
  const [uid] = String(body['User']).split(':');
  const { '/tmp': tmp, '/home/agent': home } = isRecord(host['Tmpfs']) ? host['Tmpfs'] : {};
  const [run, attempt] = /-(r[0-9a-z]{7})-(\d{1,4})-/.exec(String(body['name']))?.slice(1) ?? [];
  const isDoctor = String(body['name']).startsWith('proofhouse-doctor-');
  const joins = host['NetworkMode'] !== 'none';
  return [
    ...unless(String(tmp).endsWith(',mode=1777'), 'HostConfig.Tmpfs gives /tmp other rights'),
    ...unless(
      String(home).endsWith(`,mode=700,uid=${uid},gid=${uid}`),
      'HostConfig.Tmpfs gives its home to another user',
    ),
    ...unless(
      isDoctor ||
        (labelOf(body, 'proofhouse.run') === run &&
          labelOf(body, 'proofhouse.attempt') === attempt),
      'its Labels and its name are of two runs',
    ),
    ...unless(
      !joins ||
        JOINING.includes(labelOf(body, 'proofhouse.role')) ||
        (SERVED.includes(labelOf(body, 'proofhouse.role')) &&
          SERVICE.test(String(host['NetworkMode']))),
      'HostConfig.NetworkMode joins another, and this role may not',
    ),
    ...unless(
      !joins || String(host['NetworkMode']).startsWith(`container:proofhouse-${run}-`),
      'HostConfig.NetworkMode joins a sandbox of another run',
    ),
  ];
}

function labelOf(body: Loose, key: string): unknown {
  return isRecord(body['Labels']) ? body['Labels'][key] : undefined;
}

const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 80) ?? 'not set';
const unless = (holds: boolean, reason: string): string[] => (holds ? [] : [reason]);
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const lengthOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0);
const isDistinct = (value: unknown): boolean => {
  const names = (value as string[]).map((one) => one.split('=')[0]);
  return new Set(names).size === names.length;
};
function isRecord(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
