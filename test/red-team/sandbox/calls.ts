/** Calls to the kernel that lead out, or that have led out. */

import { withHost } from './body.ts';
import type { SandboxRow } from './row.ts';

const WEAK = {
  weak: 'without our profile of calls',
  weaken: (body: Parameters<SandboxRow['weaken']>[0]) =>
    withHost(body, { SecurityOpt: ['no-new-privileges:true', 'seccomp=unconfined'] }),
};

/** Numbers of calls, by processor: x86_64 and aarch64. */
const NUMBERS = {
  add_key: [248, 217],
  bpf: [321, 280],
  clone: [56, 220],
  clone3: [435, 435],
  fsopen: [430, 430],
  io_uring_setup: [425, 425],
  keyctl: [250, 219],
  memfd_secret: [447, 447],
  mount: [165, 40],
  move_mount: [429, 429],
  open_tree: [428, 428],
  perf_event_open: [298, 241],
  pivot_root: [155, 41],
  process_vm_readv: [310, 270],
  ptrace: [101, 117],
  unshare: [272, 97],
  userfaultfd: [323, 282],
} as const;

/** One line: what the call came to, as `name errno`, or `name done`. */
function perl(lines: string): string {
  const numbers = Object.entries(NUMBERS).map(([name, both]) => {
    return `sub ${name} { try_it('${name}', ${both[process.arch === 'arm64' ? 1 : 0]}, @_) }`;
  });
  return `exec perl -e '
sub try_it { my ($name, @call) = @_; $! = 0; my $came = syscall($call[0], @call[1..$#call]);
  exit 0 if $came == 0 && ($name =~ /^clone/ || $name eq "fork");
  print $name, " ", ($came == -1 ? $!+0 : "done"), "\\n"; return $came; }
$| = 1; ${numbers.join('\n').replaceAll("'", '"')}
${lines}'`;
}

const NEWUSER = 0x1000_0000;
const NEWUSER_NEWNS = NEWUSER + 0x2_0000;
/** As root of user and mount namespaces of one's own, where there may be some. */
const AS_ROOT = `unshare(${NEWUSER_NEWNS});
if (open(DENY, ">", "/proc/self/setgroups")) { print DENY "deny"; close DENY; }
if (open(MAP, ">", "/proc/self/uid_map")) { print MAP "0 20000 1"; close MAP; }`;

export const CALLS: readonly SandboxRow[] = [
  {
    ...{ id: 'SBX-01', attack: 'a socket to the hypervisor', ...WEAK, ours: 'EPERM' },
    script: perl('socket(S, 40, 1, 0) ? print "vsock done" : print "vsock ", $!+0;'),
    works: /^vsock done$/,
    fails: /^vsock 1$/,
  },
  {
    ...{ id: 'SBX-01', attack: 'a socket to the kernel: crypto, packets, netlink of the audit' },
    ...{ ...WEAK, ours: 'EPERM' },
    script: perl(
      'for ([38, 5, 0], [16, 3, 9], [16, 3, 15]) { socket(S, $_->[0], $_->[1], $_->[2]) ? print "done " : print $!+0, " "; }',
    ),
    works: /done/,
    fails: /^1 1 1$/,
  },
  {
    ...{ id: 'SBX-01', attack: 'a protocol whose module the kernel would load', ...WEAK },
    script: perl(
      'for ([1, 132], [1, 33], [1, 115], [5, 0], [6, 0]) { socket(S, 2, $_->[0], $_->[1]) ? print "done " : print $!+0, " "; }',
    ),
    works: /^(?!1 1 1 1 1).+/,
    fails: /^1 1 1 1 1$/,
    ours: 'EPERM',
  },
  {
    ...{ id: 'SBX-02', attack: 'io_uring_setup', ...WEAK, ours: 'EPERM' },
    script: perl('io_uring_setup(1, 0);'),
    // EFAULT: it was asked for and looked at its arguments.
    works: /^io_uring_setup 14$/,
    fails: /^io_uring_setup 1$/,
  },
  {
    ...{ id: 'SBX-02', attack: 'userfaultfd, bpf, perf_event_open, memfd_secret', ...WEAK },
    script: perl('bpf(0, 0, 0); perf_event_open(0, 0, 0, 0, 0); userfaultfd(1); memfd_secret(0);'),
    works: /^(?!bpf 1\nperf_event_open 1\nuserfaultfd 1\nmemfd_secret 1).+/s,
    fails: /^bpf 1\nperf_event_open 1\nuserfaultfd 1\nmemfd_secret 1$/,
    ours: 'EPERM',
  },
  {
    ...{ id: 'SBX-04', attack: 'a user namespace by unshare', ...WEAK, ours: 'EPERM' },
    script: perl(`unshare(${NEWUSER});`),
    works: /^unshare done$/,
    fails: /^unshare 1$/,
  },
  {
    ...{ id: 'SBX-04', attack: 'a user namespace by clone', ...WEAK, ours: 'EPERM' },
    script: perl(`clone(${NEWUSER + 17}, 0, 0, 0, 0);`),
    works: /^clone done$/,
    fails: /^clone 1$/,
  },
  {
    ...{ id: 'SBX-04', attack: 'a user namespace by clone3, whose flags no filter sees', ...WEAK },
    script: perl(`clone3(pack("Q<8", ${NEWUSER}, 0, 0, 0, 17, 0, 0, 0), 64);`),
    works: /^clone3 done$/,
    fails: /^clone3 38$/,
    ours: 'ENOSYS',
  },
  {
    ...{ id: 'SBX-05', attack: 'mount, fsopen, open_tree, move_mount, pivot_root', ...WEAK },
    script: perl(`${AS_ROOT}
      mount("x", "/tmp", "tmpfs", 0, 0); fsopen("tmpfs", 0); my $tree = open_tree(-100, "/tmp", 1);
      move_mount($tree, "", -100, "/home/agent", 4); pivot_root("/", "/");`),
    works: /^unshare done\nmount done\nfsopen done\nopen_tree done\nmove_mount done/,
    fails: /^unshare 1\nmount 1\nfsopen 1\nopen_tree 1\nmove_mount 1\npivot_root 1$/,
    ours: 'EPERM',
  },
  {
    ...{ id: 'SBX-19', attack: 'ptrace and process_vm_readv of the first process', ...WEAK },
    script: perl(`ptrace(0x4206, 1, 0, 0); process_vm_readv(1, 0, 0, 0, 0, 0);`),
    works: /^ptrace done\nprocess_vm_readv done$/,
    fails: /^ptrace 1\nprocess_vm_readv 1$/,
    ours: 'EPERM',
  },
  {
    ...{ id: 'SBX-20', attack: 'a key in the keyring that the kernel keeps for the user', ...WEAK },
    script: perl('add_key("user", "shared", "secret", 6, -4); keyctl(0, -4, 0);'),
    works: /^add_key done\nkeyctl done$/,
    fails: /^add_key 1\nkeyctl 1$/,
    ours: 'EPERM',
  },
  {
    ...{ id: 'SBX-07', attack: 'a whiteout, as overlays know it, made by hand', ...WEAK },
    script: 'mknod /tmp/gone c 0 0 2>/dev/null && echo made || echo refused',
    works: /^made$/,
    fails: /^refused$/,
    ours: 'EPERM',
  },
];
