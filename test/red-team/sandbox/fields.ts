/** What a sandbox must not have: devices, a root to write to, secrets, memory of others, all there is. */
import { withHost } from './body.ts';
import type { SandboxRow } from './row.ts';

const CANARY = 'canary-6d1f0b7e2c94';
const MIB = 2 ** 20;

/** Adds up to what fits in; prints how many MiB that was. */
const fill = (file: string, mib: number): string =>
  `head -c ${mib}M /dev/zero 2>/dev/null > ${file}; du -m ${file} | cut -f1 | sed 's/^/filled /'`;

const OUTSIDE: readonly SandboxRow[] = [
  {
    ...{ id: 'SBX-07', attack: 'a device of the host', weak: 'with Devices', ours: 'ENOENT' },
    script:
      'for one in mem kvm sda vda fuse; do [ -e /dev/$one ] && echo there $one; done; echo end',
    weaken: (body) => {
      const device = { PathOnHost: '/dev/null', PathInContainer: '/dev/fuse' };
      return withHost(body, { Devices: [{ ...device, CgroupPermissions: 'rwm' }] });
    },
    works: /^there fuse/,
    fails: /^end$/,
  },
  {
    ...{ id: 'SBX-08', attack: 'a file left in the image', weak: 'with a root to write to' },
    script: `for at in /var/tmp/left /var/tmp/.hidden; do
      (echo x >> $at) 2>&1 | grep -o 'Read-only' || echo written; done`,
    weaken: (body) => withHost(body, { ReadonlyRootfs: false }),
    works: /^written\nwritten$/,
    fails: /^Read-only\nRead-only$/,
    ours: 'EROFS',
  },
  {
    ...{ id: 'SBX-10', attack: 'a token read from /proc/1/environ', weak: 'with it in Env' },
    script: `cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c ${CANARY}; true`,
    weaken: (body) => ({ ...body, Env: [...body.Env, `TOKEN=${CANARY}`] }),
    works: /^[1-9]/,
    fails: /^0$/,
    ours: 'nothing to read',
  },
  {
    ...{ id: 'SBX-20', attack: "memory shared with another sandbox's" },
    ...{ weak: "with the host's IpcMode", ours: 'not there' },
    script: `perl -e 'my $id = shmget(24601, 4096, 0666);
      if (defined $id) { print "seen"; shmctl($id, 0, 0); } else { print "alone"; shmget(24601, 4096, 01666); }'`,
    weaken: (body) => withHost(body, { IpcMode: 'host' }),
    isLeftBehind: true,
    works: /^seen$/,
    fails: /^alone$/,
  },
];

const TOO_MUCH: readonly SandboxRow[] = [
  {
    ...{
      id: 'RES-01',
      attack: 'a fork bomb',
      weak: 'without PidsLimit',
      ours: 'held at its limit',
    },
    script: `n=0; while [ $n -lt 400 ]; do sleep 20 2>/dev/null & n=$((n+1)); done
      ls /proc | grep -c '^[0-9]' || true`,
    weaken: (body) => withHost(body, { PidsLimit: -1 }),
    works: /4\d\d$/,
    fails: /^(?![\s\S]*4\d\d$)/,
  },
  {
    ...{ id: 'RES-02', attack: 'more memory than it has', weak: 'without Memory', ours: 'ended' },
    script: `perl -e 'my $held = "x" x (1500 << 20); print "held"'; true`,
    weaken: (body) => withHost(body, { Memory: 0, MemorySwap: 0 }),
    works: /held$/,
    fails: /^(?!.*held)/,
  },
  {
    ...{ id: 'RES-02', attack: '/tmp filled', weak: 'without a size in Tmpfs', ours: 'ENOSPC' },
    script: fill('/tmp/full', 700),
    weaken: (body) => {
      const tmp = { '/tmp': 'rw,nosuid,nodev,exec,mode=1777' };
      return withHost(body, { Tmpfs: { ...body.HostConfig.Tmpfs, ...tmp } });
    },
    works: /^filled 70\d$/,
    fails: /^filled 51\d$/,
  },
  {
    ...{ id: 'RES-02', attack: '/dev/shm filled', weak: 'with a large ShmSize', ours: 'ENOSPC' },
    script: fill('/dev/shm/full', 120),
    weaken: (body) => withHost(body, { ShmSize: 1024 * MIB }),
    works: /^filled 12\d$/,
    fails: /^filled 6\d$/,
  },
  {
    ...{ id: 'RES-02', attack: 'a file without end', weak: 'without fsize in Ulimits' },
    script: 'truncate -s 3G /tmp/sparse 2>/dev/null && echo made || echo refused',
    weaken: (body) =>
      withHost(body, { Ulimits: body.HostConfig.Ulimits.filter(({ Name }) => Name !== 'fsize') }),
    works: /^made$/,
    fails: /^refused$/,
    ours: 'EFBIG',
  },
];

export const FIELDS: readonly SandboxRow[] = [...OUTSIDE, ...TOO_MUCH];
