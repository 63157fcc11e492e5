/**
 * SBX-13: every field of a good request, at every level, is changed in turn: taken away, emptied, made
 * another type, widened, given one more key. What may differ is listed; everything else must be refused,
 * so a field that is added to the builder and forgotten in the check makes this red.
 */
import { describe, expect, test } from 'vitest';
import { denied } from '../../sandboxes/deny.ts';
import { containerBody } from '../../sandboxes/spec.ts';
import { OWNER, ROOTS, SPEC } from './sample.ts';

type Path = readonly (string | number)[];
type Change = {
  readonly path: Path;
  readonly what: string;
  readonly body: Record<string, unknown>;
};

const good = { name: SPEC.name, ...containerBody(SPEC, { ...OWNER, runtime: 'runsc' }) };

/** No harm is done by these: a shorter list of mounts or of variables, a command of the attacker's. */
const HARMLESS: readonly RegExp[] = [
  /^Cmd\.\d+ (gone|empty|longer|host)$/,
  /^Cmd (empty|one more)$/,
  /^Entrypoint\.0 host$/,
  /^Env (empty)$/,
  /^Env\.\d+ gone$/,
  /^HostConfig\.Mounts empty$/,
  /^HostConfig\.Mounts\.\d+ gone$/,
  /^HostConfig\.Mounts\.0\.ReadOnly turned$/,
  // The engine's own choice, which is what it is where nobody chose.
  /^HostConfig\.Runtime gone$/,
];

const ONE_MORE: unknown = 'one-more';

type Variant = readonly [what: string, to: unknown];

/** What a value is turned into, by the way in which it changes. */
function variants(value: unknown): readonly Variant[] {
  return ofItsType(value).filter(([, to]) => JSON.stringify(to) !== JSON.stringify(value));
}

function ofItsType(value: unknown): readonly Variant[] {
  const other: Variant[] = [
    ['null', null],
    ['a list', []],
    ['an object', {}],
  ];
  if (Array.isArray(value)) {
    return [
      ['null', null],
      ['an object', {}],
      ['empty', []],
      ['text', 'x'],
      ['one more', [...value, ONE_MORE]],
    ];
  }
  if (typeof value === 'object' && value !== null) {
    return [...other, ['text', 'x'], ['one more', { ...value, Escape: true }]];
  }
  if (typeof value === 'boolean') return [...other, ['turned', !value], ['text', String(value)]];
  if (typeof value === 'number') {
    const numbers: Variant[] = [
      ['negative', -1],
      ['broken', value + 0.5],
      ['without end', 2 ** 53],
    ];
    return [...other, ...numbers, ['text', String(value)]];
  }
  const texts: Variant[] = [
    ['empty', ''],
    ['longer', `${value}\n/proc/self/fd/8`],
    ['host', 'host'],
  ];
  return [...other, ['a number', 0], ...texts];
}

function changes(value: unknown, path: Path = []): Change[] {
  const here =
    path.length === 0
      ? []
      : variants(value).map(([what, to]) => ({ path, what, body: changed(path, () => to) }));
  const gone = path.length === 0 ? [] : [{ path, what: 'gone', body: without(path) }];
  if (typeof value !== 'object' || value === null) return [...here, ...gone];
  const keys: Path = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [
    ...here,
    ...gone,
    ...keys.flatMap((key) => changes(value[key as keyof typeof value], [...path, key])),
  ];
}

function changed(path: Path, to: (before: unknown) => unknown): Record<string, unknown> {
  const body = structuredClone(good) as Record<string, unknown>;
  const parent = parentOf(body, path);
  const key = path.at(-1) ?? '';
  parent[key] = to(parent[key]);
  return body;
}

function without(path: Path): Record<string, unknown> {
  const body = structuredClone(good) as Record<string, unknown>;
  const parent = parentOf(body, path);
  const key = path.at(-1) ?? '';
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
  return body;
}

function parentOf(body: Record<string, unknown>, path: Path): Record<string | number, unknown> {
  return path
    .slice(0, -1)
    .reduce((at, key) => at[key] as typeof body, body as Record<string | number, unknown>);
}

const ALL = changes(good).map((change) => ({
  ...change,
  name: `${change.path.join('.')} ${change.what}`,
}));
const isHarmless = ({ name }: { name: string }): boolean => HARMLESS.some((one) => one.test(name));

describe('a request with one field changed', () => {
  test('is let through unchanged, and there are many fields', () => {
    expect(denied(good, ROOTS)).toEqual([]);
    expect(ALL.length).toBeGreaterThan(500);
  });

  test.each(ALL.filter((one) => !isHarmless(one)))('is refused: $name', ({ body }) => {
    expect(denied(body, ROOTS)).not.toEqual([]);
  });

  test.each(HARMLESS)('is let through where it does no harm: %s', (pattern) => {
    const named = ALL.filter(({ name }) => pattern.test(name));
    expect(named).not.toEqual([]);
    for (const { name, body } of named) expect(denied(body, ROOTS), name).toEqual([]);
  });
});

/** Fields of the engine's API that a request of ours has not, by where they stand. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  '': [
    'NetworkingConfig',
    'OnBuild',
    'ArgsEscaped',
    'MacAddress',
    'NetworkDisabled',
    'Shell',
    'StdinOnce',
    'Platform',
    'Escape',
  ],
  HostConfig: [
    ...[
      'Annotations',
      'Binds',
      'BlkioDeviceReadBps',
      'BlkioDeviceWriteBps',
      'BlkioWeight',
      'Capabilities',
    ],
    ...[
      'Cgroup',
      'CgroupParent',
      'ConsoleSize',
      'ContainerIDFile',
      'CpuPeriod',
      'CpuQuota',
      'CpuRealtimePeriod',
    ],
    ...[
      'CpuRealtimeRuntime',
      'CpusetCpus',
      'CpusetMems',
      'DeviceCgroupRules',
      'DeviceRequests',
      'Devices',
    ],
    ...[
      'DnsOptions',
      'ExtraHosts',
      'Isolation',
      'KernelMemory',
      'KernelMemoryTCP',
      'Links',
      'MaskedPaths',
    ],
    ...[
      'MemoryReservation',
      'MemorySwappiness',
      'OomKillDisable',
      'PidMode',
      'PortBindings',
      'PublishAllPorts',
    ],
    ...[
      'ReadonlyPaths',
      'StorageOpt',
      'Sysctls',
      'UTSMode',
      'UsernsMode',
      'VolumeDriver',
      'VolumesFrom',
    ],
    ...['privileged', 'binds', 'Escape'],
  ],
};

describe('a request with a field that no sandbox has', () => {
  const rows = Object.entries(FOREIGN).flatMap(([at, fields]) =>
    fields.map((field) => [at, field] as const),
  );
  test.each(rows)('%s %s is refused by name, even when it is empty', (at, field) => {
    for (const value of [[], {}, '', null, false]) {
      const body =
        at === ''
          ? { ...good, [field]: value }
          : { ...good, [at]: { ...good.HostConfig, [field]: value } };
      // One rule says so, and without it nothing would.
      expect(denied(body, ROOTS)).toEqual([expect.stringContaining(`${field} is not a field`)]);
    }
  });
});

test('SBX-14 a WorkingDir that is an open file of the runtime is refused, and by nothing else', () => {
  for (const WorkingDir of ['/proc/self/fd/8', '/proc/1/root', '/workspace/../proc/self/fd/8']) {
    const reasons = denied({ ...good, WorkingDir }, ROOTS);
    expect(reasons).toEqual([expect.stringContaining('WorkingDir')]);
  }
});

describe('a profile of calls', () => {
  const profile = (
    edit: (read: { syscalls: unknown[] } & Record<string, unknown>) => void,
  ): Record<string, unknown> =>
    changed(['HostConfig', 'SecurityOpt', 1], (before) => {
      const read = JSON.parse(String(before).replace('seccomp=', ''));
      edit(read);
      return `seccomp=${JSON.stringify(read)}`;
    });
  const put = (read: Record<string, unknown>, key: string, value: unknown): void => {
    read[key] = value;
  };
  const allow = (names: string[], args: unknown[] = []) => ({
    names,
    action: 'SCMP_ACT_ALLOW',
    args,
  });

  test.each<[string, Parameters<typeof profile>[0]]>([
    ['that lets everything through', (read) => put(read, 'defaultAction', 'SCMP_ACT_ALLOW')],
    ['that logs and goes on', (read) => put(read, 'defaultAction', 'SCMP_ACT_LOG')],
    [
      'for 32 bits too',
      (read) =>
        put(read, 'archMap', [
          { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] },
        ]),
    ],
    ['for every processor', (read) => put(read, 'archMap', [])],
    ['without a call', (read) => put(read, 'syscalls', [])],
    ['with flags of its own', (read) => put(read, 'flags', ['SECCOMP_FILTER_FLAG_SPEC_ALLOW'])],
    ['with io_uring', (read) => void read.syscalls.push(allow(['read', 'io_uring_setup']))],
    ['with mounts', (read) => void read.syscalls.push(allow(['mount']))],
    [
      'that traces a call',
      (read) => void read.syscalls.push({ names: ['ptrace'], action: 'SCMP_ACT_TRACE' }),
    ],
    ['with every socket', (read) => void read.syscalls.push(allow(['socket']))],
    [
      'with sockets to the hypervisor',
      (read) =>
        void read.syscalls.push(allow(['socket'], [{ index: 0, op: 'SCMP_CMP_EQ', value: 40 }])),
    ],
    ...[
      ['of any type, so that a protocol is loaded', []],
      ['of sequenced packets', [{ index: 1, op: 'SCMP_CMP_MASKED_EQ', value: 0xf, valueTwo: 5 }]],
      [
        'of whatever its low bits hide',
        [{ index: 1, op: 'SCMP_CMP_MASKED_EQ', value: 1, valueTwo: 1 }],
      ],
    ].map(([what, type]): [string, Parameters<typeof profile>[0]] => [
      `with sockets of the internet ${what}`,
      (read) => {
        const family = { index: 0, op: 'SCMP_CMP_EQ', value: 2 };
        const protocol = { index: 2, op: 'SCMP_CMP_EQ', value: 0 };
        read.syscalls.push(allow(['socket'], [family, ...(type as unknown[]), protocol]));
      },
    ]),
    ['with every clone', (read) => void read.syscalls.push(allow(['clone']))],
    [
      'with new users in clone',
      (read) =>
        void read.syscalls.push(
          allow(
            ['clone'],
            [{ index: 0, op: 'SCMP_CMP_MASKED_EQ', value: 0x6e02_0000, valueTwo: 0 }],
          ),
        ),
    ],
    [
      'with devices in mknod',
      (read) =>
        void read.syscalls.push(
          allow(
            ['mknod'],
            [{ index: 1, op: 'SCMP_CMP_MASKED_EQ', value: 0o170_000, valueTwo: 0o060_000 }],
          ),
        ),
    ],
    [
      'with conditions that nobody checked',
      (read) =>
        void read.syscalls.push({ ...allow(['read']), includes: { caps: ['CAP_SYS_ADMIN'] } }),
    ],
  ])('%s is refused', (_, edit) => {
    expect(denied(profile(edit), ROOTS).join('\n')).toContain('SecurityOpt');
    expect(
      denied(
        profile(() => {}),
        ROOTS,
      ),
    ).toEqual([]);
  });
});
