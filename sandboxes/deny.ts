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
import { wrongMemory } from './deny-tmpfs.ts';

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
const ENVIRONMENT =
  /^(?:HOME=\/home\/agent|(?:BASE|TREE)=(?:[0-9a-f]{40}|[0-9a-f]{64})|(?:ENTRIES|BLOB_BYTES|BYTES)_MAX=\d{1,15})$/;
/** Of a service, which comes with a password or two. */
const SERVICE_ENVIRONMENT = /^(?:HOME=\/tmp|[A-Z][A-Z0-9_]{0,60}=[^\0]*)$/;
/** May share the network of another sandbox of its run, which has none either. */
const JOINING: readonly unknown[] = ['browser', 'service'];
/** These may join a service, whose network is as empty as their own. */
const SERVED: readonly unknown[] = ['agent', 'validator', 'app'];
const SERVICE = /^container:proofhouse-r[0-9a-z]{7}-\d{1,4}-[a-z0-9-]+-service-[a-z0-9]+$/;
const RUNTIMES: readonly unknown[] = ['runc', 'runsc'];

/** Every reason why this body must not reach an engine; empty when there is none. */
export function denied(body: Loose, roots: readonly string[]): readonly string[] {
  const host = isRecord(body['HostConfig']) ? body['HostConfig'] : {};
  const joins = host['NetworkMode'] !== 'none';
  const role = labelOf(body, 'proofhouse.role');
  return [
    ...broken(body, bodyRules(role, joins), ''),
    ...broken(host, hostRules(host, role), 'HostConfig.'),
    ...wrongIdentity(body, host),
    ...wrongMemory(host['Tmpfs'], { user: body['User'], isService: role === 'service' }),
    ...wrongMounts(host['Mounts'], {
      ...{ roots, role, run: labelOf(body, 'proofhouse.run') },
      instance: labelOf(body, 'proofhouse'),
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
  Entrypoint: (value) => listOf(matches(/^[\w/][\w./-]*$/), 1)(value) && lengthOf(value) === 1,
  Cmd: listOf((word) => typeof word === 'string' && !word.includes('\0')),
  WorkingDir: matches(WORKING_DIR),
  Env: isEnvironment(ENVIRONMENT),
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

function bodyRules(role: unknown, joins: boolean): Rules {
  return {
    ...BODY,
    // A sandbox that joins another's network shares its name too.
    ...(joins ? {} : { Hostname: is('sandbox'), Domainname: is('') }),
    ...(role === 'service' ? { Env: isEnvironment(SERVICE_ENVIRONMENT) } : {}),
    ...(STREAMING.includes(role) ? STREAMED : {}),
  };
}

/** Nothing that an agent wrote runs in these, so their streams may lead to the controller, and to no log. */
const STREAMING: readonly unknown[] = ['carrier', 'relay'];
const STREAMED: Rules = {
  AttachStdin: is(true),
  AttachStdout: is(true),
  AttachStderr: is(true),
  OpenStdin: is(true),
  StdinOnce: is(true),
};

function isEnvironment(one: RegExp): Holds {
  return (value) => listOf(matches(one))(value) && isDistinct(value);
}

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
  ShmSize: whole(2 ** 20, GIB / 2),
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

function hostRules(host: Loose, role: unknown): Rules {
  return {
    ...HOST,
    ...(host['NetworkMode'] === 'none' ? { Dns: is(['127.0.0.1']), DnsSearch: is(['.']) } : {}),
    ...(STREAMING.includes(role) ? { LogConfig: is({ Type: 'none', Config: {} }) } : {}),
    ...('Runtime' in host ? { Runtime: (value) => RUNTIMES.includes(value) } : {}),
    Memory: whole(2 ** 20, 1024 * GIB),
    // More than the memory is swap, which no limit of memory counts.
    MemorySwap: is(host['Memory']),
    Ulimits: (value) =>
      listOf(isUlimit)(value) &&
      same((value as Loose[]).map(({ Name }) => Name).sort(), Object.keys(ULIMITS).sort()),
    Tmpfs: isRecord,
  };
}

function isUlimit(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const holds = ULIMITS[String(value['Name'])] ?? (() => false);
  const rules = { Name: () => true, Soft: holds, Hard: is(value['Soft']) };
  return broken(value, rules, '').length === 0;
}

/** What holds between fields: whose it is, and who it joins. */
function wrongIdentity(body: Loose, host: Loose): string[] {
  const [run, attempt] = /-(r[0-9a-z]{7})-(\d{1,4})-/.exec(String(body['name']))?.slice(1) ?? [];
  const isDoctor = String(body['name']).startsWith('proofhouse-doctor-');
  const joins = host['NetworkMode'] !== 'none';
  return [
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
