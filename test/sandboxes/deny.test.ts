/** A sandbox as we build it is let through; one with any one thing changed for the worse is not. */
import { describe, expect, test } from 'vitest';
import { denied } from '../../sandboxes/deny.ts';
import { containerBody, type SandboxSpec } from '../../sandboxes/spec.ts';
import { HISTORY, MIRROR, OWNER, ROOTS, SPEC } from './sample.ts';

type Loose = Record<string, unknown>;

const good = (): Loose => ({ name: SPEC.name, ...containerBody(SPEC, OWNER) });
const host = (over: Loose): Loose => ({
  ...good(),
  HostConfig: { ...containerBody(SPEC, OWNER).HostConfig, ...over },
});
const without = (key: string): Loose => {
  const { [key]: _, ...rest } = containerBody(SPEC, OWNER).HostConfig as Loose;
  return { ...good(), HostConfig: rest };
};
const folder = (over: Loose): Loose => ({
  Type: 'bind',
  Source: HISTORY,
  Target: '/mirror',
  ReadOnly: true,
  BindOptions: { Propagation: 'rprivate', NonRecursive: true },
  ...over,
});
const volume = (over: Loose): Loose => ({
  Type: 'volume',
  Source: 'proofhouse-r0000001-1-workspace',
  Target: '/workspace',
  ReadOnly: false,
  VolumeOptions: { NoCopy: true },
  ...over,
});
const mounted = (...mounts: Loose[]): Loose => host({ Mounts: mounts });

const DRIVER = { Name: 'local', Options: { type: 'none', o: 'bind', device: '/' } };

/** What is changed, the body, and what the reason must speak of. */
const MUTATIONS: readonly (readonly [string, Loose, string])[] = [
  ['a folder in memory over programs', host({ Tmpfs: { '/usr': 'nosuid,nodev,size=1m' } }), '/usr'],
  [
    'a folder in memory without a size',
    host({ Tmpfs: { '/tmp': 'rw,nosuid,nodev,mode=1777' } }),
    '/tmp has no size',
  ],
  [
    'devices in a folder in memory',
    host({ Tmpfs: { '/tmp': 'rw,nosuid,dev,exec,size=1m,nr_inodes=1k,mode=1777' } }),
    '/tmp has no size, lets devices',
  ],
  ['the host file system', host({ Binds: ['/:/host'] }), 'Binds'],
  ['privileged', host({ Privileged: true }), 'Privileged'],
  ['privileged by another spelling', host({ privileged: true }), 'privileged'],
  ['privileged left out', without('Privileged'), 'Privileged'],
  ['a capability', host({ CapAdd: ['SYS_ADMIN'] }), 'CapAdd'],
  ['every capability kept', host({ CapDrop: [] }), 'CapDrop'],
  ['some capabilities kept', host({ CapDrop: ['NET_RAW'] }), 'CapDrop'],
  ["the host's network", host({ NetworkMode: 'host' }), 'NetworkMode'],
  ['a bridge', host({ NetworkMode: 'bridge' }), 'NetworkMode'],
  ['the default network', host({ NetworkMode: 'default' }), 'NetworkMode'],
  ['no word on the network', without('NetworkMode'), 'NetworkMode'],
  ["a stranger's network", host({ NetworkMode: 'container:postgres' }), 'NetworkMode'],
  ['a network of a similar name', host({ NetworkMode: 'none\nhost' }), 'NetworkMode'],
  ['a network by its settings', { ...good(), NetworkingConfig: {} }, 'NetworkingConfig'],
  ['more hosts', host({ ExtraHosts: ['host.docker.internal:host-gateway'] }), 'ExtraHosts'],
  ['ports', host({ PortBindings: {} }), 'PortBindings'],
  ['every port', host({ PublishAllPorts: true }), 'PublishAllPorts'],
  ['exposed ports', { ...good(), ExposedPorts: { '80/tcp': {} } }, 'ExposedPorts'],
  ["the host's processes", host({ PidMode: 'host' }), 'PidMode'],
  ["the host's memory", host({ IpcMode: 'host' }), 'IpcMode'],
  ['shared memory', host({ IpcMode: 'shareable' }), 'IpcMode'],
  ["the host's name", host({ UTSMode: 'host' }), 'UTSMode'],
  ["the host's users", host({ UsernsMode: 'host' }), 'UsernsMode'],
  ["the host's cgroups", host({ CgroupnsMode: 'host' }), 'CgroupnsMode'],
  ['a cgroup of its choice', host({ CgroupParent: '/' }), 'CgroupParent'],
  ['a device', host({ Devices: [{ PathOnHost: '/dev/sda' }] }), 'Devices'],
  ['a graphics card', host({ DeviceRequests: [{ Count: -1 }] }), 'DeviceRequests'],
  ['device rules', host({ DeviceCgroupRules: ['a *:* rwm'] }), 'DeviceCgroupRules'],
  ['kernel settings', host({ Sysctls: { 'net.ipv4.ip_forward': '1' } }), 'Sysctls'],
  ['another runtime', host({ Runtime: 'runc-weak' }), 'Runtime'],
  ["another's volumes", host({ VolumesFrom: ['postgres'] }), 'VolumesFrom'],
  ['a link', host({ Links: ['postgres'] }), 'Links'],
  ['nothing masked', host({ MaskedPaths: [] }), 'MaskedPaths'],
  ['nothing read-only', host({ ReadonlyPaths: [] }), 'ReadonlyPaths'],
  ['no killing for memory', host({ OomKillDisable: true }), 'OomKillDisable'],
  ['more groups', host({ GroupAdd: ['docker'] }), 'GroupAdd'],
  [
    'no seccomp',
    host({ SecurityOpt: ['no-new-privileges:true', 'seccomp=unconfined'] }),
    'SecurityOpt',
  ],
  ['no security options', host({ SecurityOpt: [] }), 'SecurityOpt'],
  ['new privileges', host({ SecurityOpt: ['no-new-privileges:false'] }), 'SecurityOpt'],
  ['a root that can be written', host({ ReadonlyRootfs: false }), 'ReadonlyRootfs'],
  ['no limit of memory', host({ Memory: 0 }), 'Memory'],
  ['memory left out', without('Memory'), 'Memory'],
  ['swap', host({ MemorySwap: -1 }), 'Memory'],
  ['no limit of processes', host({ PidsLimit: -1 }), 'PidsLimit'],
  ['no limit of processors', host({ NanoCpus: 0 }), 'NanoCpus'],
  ['a restart', host({ RestartPolicy: { Name: 'always' } }), 'RestartPolicy'],
  [
    'a log that is sent away',
    host({ LogConfig: { Type: 'syslog', Config: { 'syslog-address': 'tcp://x' } } }),
    'LogConfig',
  ],
  ['a log without an end', host({ LogConfig: { Type: 'json-file', Config: {} } }), 'LogConfig'],
  ['no word on the log', without('LogConfig'), 'LogConfig'],
  ['nothing of the host at all', { ...good(), HostConfig: undefined }, 'CapDrop'],
  ['root', { ...good(), User: '0:0' }, 'User'],
  ['root by name', { ...good(), User: 'root' }, 'User'],
  ["root's group", { ...good(), User: '20000:0' }, 'User'],
  ['no user', { ...good(), User: '' }, 'User'],
  ['a tag', { ...good(), Image: 'proofhouse-base:latest' }, 'Image'],
  ['a tag with an id behind it', { ...good(), Image: `evil@${SPEC.image}` }, 'Image'],
  ['a terminal', { ...good(), Tty: true }, 'Tty'],
  ['OpenStdin', { ...good(), OpenStdin: true }, 'OpenStdin'],
  ['volumes of its own', { ...good(), Volumes: { '/data': {} } }, 'Volumes'],
  ['a key that nobody knows', { ...good(), Escape: true }, 'Escape'],
  [
    "the engine's socket",
    mounted(folder({ Source: '/var/run/docker.sock', Target: '/run/proofhouse' })),
    'docker.sock',
  ],
  ['the root folder', mounted(folder({ Source: '/' })), 'not made by the controller'],
  [
    'everything that was ever pushed, for an agent',
    mounted(folder({ Source: MIRROR })),
    'mirror.git',
  ],
  ['a way up', mounted(folder({ Source: '/data/home/../../etc' })), '/data/home/../../etc'],
  ['the data directory itself', mounted(folder({ Source: '/data/home' })), '/data/home'],
  [
    'a folder of a similar name',
    mounted(folder({ Source: '/data/home-of-others/x' })),
    'not made by the controller',
  ],
  ['a place of its choice', mounted(folder({ Target: '/etc' })), '/etc'],
  ['a place below ours', mounted(folder({ Target: '/workspace/../etc' })), '/workspace/../etc'],
  [
    'a door that can be written',
    mounted(folder({ Target: '/run/proofhouse', ReadOnly: false })),
    'writable',
  ],
  [
    'mounts that come back to the host',
    mounted(folder({ BindOptions: { Propagation: 'rshared' } })),
    'options',
  ],
  ['a folder without options', mounted(folder({ BindOptions: undefined })), 'options'],
  [
    'a folder that is made',
    mounted(folder({ BindOptions: { CreateMountpoint: true } })),
    'options',
  ],
  [
    'a volume that is the host',
    mounted(volume({ VolumeOptions: { NoCopy: true, DriverConfig: DRIVER } })),
    'options',
  ],
  ["another's volume", mounted(volume({ Source: 'postgres-data' })), 'postgres-data'],
  ['a path for a volume', mounted(volume({ Source: '/etc' })), '/etc'],
  ['another kind of mount', mounted({ ...folder({}), Type: 'npipe' }), 'type npipe'],
  ['a mount with a key that nobody knows', mounted(folder({ Consistency: 'x' })), 'Consistency'],
  ['no list of mounts', host({ Mounts: null }), 'Mounts'],
];

describe('a sandbox with', () => {
  test('nothing changed is let through, with or without mounts', () => {
    expect(denied(good(), ROOTS)).toEqual([]);
    expect(denied(mounted(), ROOTS)).toEqual([]);
    expect(denied(mounted(folder({}), volume({})), ROOTS)).toEqual([]);
  });

  test.each(MUTATIONS)('%s is refused', (_, body, reason) => {
    expect(denied(body, ROOTS).join('\n')).toContain(reason);
  });

  test('several faults is refused for each of them', () => {
    const body = { ...host({ Privileged: true, PidMode: 'host' }), StopTimeout: 500 };
    expect(denied(body, ROOTS)).toHaveLength(3);
  });

  test('any mount is refused where the controller has no folder', () => {
    expect(denied(good(), [])).toHaveLength(2);
  });
});

test('our own scripts are given the mirror, to read', () => {
  for (const role of ['checkout', 'dependencies', 'exporter'] as const) {
    const mirror = { kind: 'folder', source: MIRROR, target: '/mirror', writable: false } as const;
    const body = containerBody({ ...SPEC, role, mounts: [mirror] }, OWNER);
    expect(denied({ name: SPEC.name, ...body }, ROOTS)).toEqual([]);
    const written = containerBody(
      { ...SPEC, role, mounts: [{ ...mirror, writable: true }] },
      OWNER,
    );
    expect(denied({ name: SPEC.name, ...written }, ROOTS).join()).toContain('writable');
  }
});

describe('a service', () => {
  const data = { target: '/var/lib/postgresql', bytes: 64 * 2 ** 20 };
  const first = 'proofhouse-r0000001-1-agent-service-db';
  const SERVICE: SandboxSpec = {
    ...SPEC,
    ...{ name: first, role: 'service', mounts: [], data, workingDir: '/' },
    ...{ env: { HOME: '/tmp', POSTGRES_DB: 'shop' }, argv: ['postgres', '-D', '/x'] },
  };
  const reasons = (spec: SandboxSpec, over: Loose = {}) => {
    const body = containerBody(spec, OWNER);
    const HostConfig = { ...body.HostConfig, ...over };
    return denied({ name: spec.name, ...body, HostConfig }, ROOTS);
  };

  test('has its data in memory: bounded, its own, and nothing in it runs', () => {
    expect(containerBody(SERVICE, OWNER).HostConfig.Tmpfs).toMatchObject({
      '/var/lib/postgresql':
        'rw,nosuid,nodev,noexec,size=67108864,nr_inodes=100k,mode=700,uid=20000,gid=20000',
    });
    expect(reasons(SERVICE)).toEqual([]);
    expect(reasons({ ...SERVICE, data: null })).toEqual([]);
  });

  test.each([
    [
      'over programs',
      '/usr',
      'rw,nosuid,nodev,noexec,size=1048576,nr_inodes=1k,mode=700,uid=20000,gid=20000',
    ],
    [
      'without a size',
      '/data/x',
      'rw,nosuid,nodev,noexec,nr_inodes=1k,mode=700,uid=20000,gid=20000',
    ],
    [
      'with devices',
      '/data/x',
      'rw,nosuid,dev,noexec,size=1048576,nr_inodes=1k,mode=700,uid=20000,gid=20000',
    ],
    [
      'of another user',
      '/data/x',
      'rw,nosuid,nodev,noexec,size=1048576,nr_inodes=1k,mode=700,uid=0,gid=0',
    ],
  ])('has no folder in memory %s', (_, target, options) => {
    const { Tmpfs } = containerBody({ ...SERVICE, data: null }, OWNER).HostConfig;
    expect(reasons(SERVICE, { Tmpfs: { ...Tmpfs, [target]: options } })).toEqual([
      expect.stringContaining('Tmpfs'),
    ]);
  });

  test('is joined by what it is for, within its run, and nothing else of that run is', () => {
    for (const role of ['agent', 'validator', 'app', 'service'] as const) {
      const name = `proofhouse-r0000001-1-${role}`;
      expect(reasons({ ...SPEC, name, role, joins: first })).toEqual([]);
      const other = first.replace('r0000001', 'r0000002');
      expect(reasons({ ...SPEC, name, role, joins: other })).not.toEqual([]);
    }
    const exporter = { ...SPEC, name: 'proofhouse-r0000001-1-export', role: 'exporter' } as const;
    expect(reasons({ ...exporter, joins: first })).not.toEqual([]);
    expect(reasons({ ...SPEC, joins: 'proofhouse-r0000001-1-app-e2e' })).not.toEqual([]);
  });

  test('alone has settings in its environment', () => {
    const env = { HOME: '/home/agent', POSTGRES_DB: 'shop' };
    expect(reasons({ ...SPEC, env })).toEqual([expect.stringContaining('Env')]);
    expect(reasons({ ...SERVICE, env: { 'a-b': 'x' } })).toEqual([expect.stringContaining('Env')]);
  });
});
