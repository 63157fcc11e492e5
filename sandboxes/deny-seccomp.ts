/**
 * Reads a profile as the engine would and says what in it is too wide, knowing only which calls lead
 * out. Whoever adds to the profile meets this list.
 */

/** Calls that must be in no list of what is allowed. */
const NEVER = new Set(
  `acct add_key bpf chroot clone3 delete_module fanotify_init finit_module fsconfig fsmount fsopen fspick
   init_module io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp kexec_file_load kexec_load
   keyctl listmount lookup_dcookie memfd_secret modify_ldt mount mount_setattr move_mount msgctl msgget
   msgrcv msgsnd mq_open name_to_handle_at nfsservctl open_by_handle_at open_tree perf_event_open
   pidfd_getfd pivot_root process_madvise process_vm_readv process_vm_writev ptrace quotactl quotactl_fd
   reboot request_key set_mempolicy setdomainname sethostname setns settimeofday socketcall statmount
   swapoff swapon syslog umount umount2 unshare uselib userfaultfd vhangup vm86 vm86old vmsplice`.split(
    /\s+/,
  ),
);
/** Calls that are allowed with some arguments and never with all. */
const GUARDED = new Set('clone mknod mknodat personality socket socketpair'.split(' '));
const KEYS = 'action,args,errnoRet,names';
const [UNIX, NETLINK] = [1, 16];
const FAMILIES = [UNIX, 2, 10, NETLINK];
const ARCHITECTURES = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'];
const NEW_NAMESPACES = 0x7e02_0000;

type Loose = Readonly<Record<string, unknown>>;

export function wrongSeccomp(options: unknown): string[] {
  if (!Array.isArray(options)) return [];
  const [privileges, profile] = options;
  const text = String(profile).replace(/^seccomp=/, '');
  return [
    ...unless(privileges === 'no-new-privileges:true', 'SecurityOpt lets privileges be gained'),
    ...unless(String(profile).startsWith('seccomp={'), 'SecurityOpt has no profile of calls'),
    ...tooWide(parsed(text)),
  ];
}

function parsed(text: string): Loose {
  try {
    return (JSON.parse(text) ?? {}) as Loose;
  } catch {
    return {};
  }
}

function tooWide({ defaultAction, defaultErrnoRet, archMap, syscalls, ...rest }: Loose): string[] {
  const rules = Array.isArray(syscalls) ? (syscalls as Loose[]) : [];
  const maps = Array.isArray(archMap) ? (archMap as Loose[]) : [];
  return [
    ...unless(Object.keys(rest).length === 0, 'the profile in SecurityOpt has an unknown key'),
    ...unless(
      defaultAction === 'SCMP_ACT_ERRNO' && defaultErrnoRet === 1,
      'the profile in SecurityOpt does not refuse what it does not name',
    ),
    ...unless(
      maps.length > 0 &&
        maps.every(
          ({ architecture, subArchitectures: sub }) =>
            ARCHITECTURES.includes(String(architecture)) && Array.isArray(sub) && sub.length === 0,
        ),
      'the profile in SecurityOpt is for calls of 32 bits too, or for an unknown processor',
    ),
    ...unless(rules.length > 0, 'the profile in SecurityOpt has no calls'),
    ...rules.flatMap(wrongRule),
  ];
}

function wrongRule(rule: Loose): string[] {
  const names = Array.isArray(rule['names']) ? rule['names'].map(String) : [];
  const extra = Object.keys(rule).filter((key) => !KEYS.split(',').includes(key));
  if (names.length === 0 || extra.length > 0) return ['a rule in SecurityOpt is not understood'];
  if (rule['action'] === 'SCMP_ACT_ERRNO') return [];
  const args = Array.isArray(rule['args']) ? (rule['args'] as Loose[]) : [];
  return names.flatMap((name) => [
    ...unless(
      rule['action'] === 'SCMP_ACT_ALLOW',
      `SecurityOpt does ${rule['action']} for ${name}`,
    ),
    ...unless(!NEVER.has(name), `SecurityOpt allows ${name}`),
    ...unless(
      !GUARDED.has(name) || isGuarded(name, args),
      `SecurityOpt allows too much of ${name}`,
    ),
  ]);
}

function isGuarded(name: string, args: readonly Loose[]): boolean {
  const [first] = args;
  if (first === undefined) return false;
  const { index, op, value, valueTwo } = first;
  if (name === 'clone')
    return index === 0 && op === 'SCMP_CMP_MASKED_EQ' && value === NEW_NAMESPACES && valueTwo === 0;
  if (name === 'mknod' || name === 'mknodat')
    return (
      index === (name === 'mknod' ? 1 : 2) &&
      op === 'SCMP_CMP_MASKED_EQ' &&
      value === 0o170_000 &&
      [0, 0o010_000, 0o100_000].includes(valueTwo as number)
    );
  if (index !== 0 || op !== 'SCMP_CMP_EQ') return false;
  if (name === 'personality') return value === 0 || value === 0xffff_ffff;
  return isGuardedSocket(Number(value), args);
}

function isGuardedSocket(family: number, args: readonly Loose[]): boolean {
  if (family === UNIX) return true;
  const hasProtocol = args.some(({ index, op }) => index === 2 && op === 'SCMP_CMP_EQ');
  return FAMILIES.includes(family) && hasProtocol && (family === NETLINK || args.some(isPlainType));
}

/** A stream or datagrams, whatever flags stand above. */
function isPlainType({ index, op, value, valueTwo }: Loose): boolean {
  return (
    index === 1 && op === 'SCMP_CMP_MASKED_EQ' && value === 0xf && [1, 2].includes(Number(valueTwo))
  );
}

const unless = (holds: boolean, reason: string): string[] => (holds ? [] : [reason]);
