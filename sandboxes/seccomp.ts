/**
 * What a sandbox may ask of the kernel: a list of what is allowed, and everything else is refused with
 * EPERM. The engine's own default lets through what its version knows no better than to let through;
 * 20.10 allows io_uring and AF_VSOCK to anybody.
 *
 * Absent on purpose, among others: io_uring, bpf, perf events, userfaultfd, keyrings, every call that
 * mounts, namespaces, other processes' memory (ptrace, process_vm_*, pidfd_getfd, kcmp), message queues
 * (a spray of the kernel's heap), memfd_secret, file handles, modify_ldt, vmsplice, and calls of 32 bits
 * and x32, whose arguments a filter reads wrongly.
 */

/** By what a program does with them. Names that a kernel or a processor has not are passed over. */
const ALLOWED = {
  files: `access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat
    faccessat2 fadvise64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync
    flock fstat fstatfs fsync ftruncate getcwd getdents getdents64 ioctl lchown link linkat lseek lstat
    mkdir mkdirat newfstatat open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read
    readahead readlink readlinkat readv rename renameat renameat2 rmdir sendfile splice stat statfs statx
    symlink symlinkat sync sync_file_range syncfs tee truncate umask unlink unlinkat write writev`,
  times: `futimesat utime utimensat utimes`,
  attributes: `fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr
    listxattrat llistxattr lremovexattr lsetxattr removexattr removexattrat setxattr setxattrat`,
  watching: `epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2
    inotify_add_watch inotify_init inotify_init1 inotify_rm_watch poll ppoll pselect6 select signalfd
    signalfd4`,
  asynchronous: `io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit`,
  memory: `brk cachestat madvise map_shadow_stack membarrier memfd_create mincore mlock mlock2 mlockall
    mmap mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect
    remap_file_pages`,
  processes: `execve execveat exit exit_group fork getpgid getpgrp getpid getppid getsid gettid kill
    pidfd_open pidfd_send_signal prctl setpgid setsid set_tid_address tgkill tkill vfork wait4 waitid`,
  threads: `arch_prctl futex futex_requeue futex_wait futex_waitv futex_wake get_robust_list
    get_thread_area rseq set_robust_list set_thread_area`,
  scheduling: `getcpu getpriority ioprio_get ioprio_set sched_get_priority_max sched_get_priority_min
    sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
    sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield setpriority`,
  signals: `alarm pause restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo
    rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sigaltstack`,
  clocks: `clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time
    timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create
    timerfd_gettime timerfd_settime times`,
  users: `capget capset getegid geteuid getgid getgroups getresgid getresuid getuid setfsgid setfsuid
    setgid setgroups setregid setresgid setresuid setreuid setuid`,
  limits: `getrandom getrlimit getrusage prlimit64 setrlimit sysinfo uname uretprobe`,
  sockets: `accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg
    recvmsg sendmmsg sendmsg sendto setsockopt shutdown`,
  pipes: `pipe pipe2`,
  shared: `semctl semget semop semtimedop shmat shmctl shmdt shmget`,
  // What programs lock themselves in with; these can only take away.
  confinement: `landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp`,
} as const;

type Argument = readonly [index: number, is: 'equal', to: number] | Masked;
type Masked = readonly [index: number, is: 'masked', mask: number, to: number];

const AF = { unix: 1, inet: 2, inet6: 10, netlink: 16 } as const;
const PROTOCOL = { any: 0, tcp: 6, udp: 17 } as const;
const SOCKET = { stream: 1, datagram: 2 } as const;
const SOCKET_TYPE = 0xf;
const NETLINK_ROUTE = 0;
/** CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}. */
const NEW_NAMESPACES = 0x7e02_0000;
const FILE_TYPE = 0o170_000;
const KIND = { none: 0, pipe: 0o010_000, file: 0o100_000 } as const;
const ENOSYS = 38;

/** Allowed with these arguments only. Several rows of a call: any of them will do. */
const WITH_ARGUMENTS: readonly (readonly [name: string, ...given: Argument[]])[] = [
  ['socket', [0, 'equal', AF.unix]],
  ...[AF.inet, AF.inet6].flatMap((family) =>
    Object.values(PROTOCOL).flatMap((protocol) =>
      Object.values(SOCKET).map(
        (kind) =>
          [
            'socket',
            [0, 'equal', family],
            // Flags lie above. Protocol 0 is any that the kernel has a module for, but for these two.
            [1, 'masked', SOCKET_TYPE, kind],
            [2, 'equal', protocol],
          ] as const,
      ),
    ),
  ),
  // The list of network interfaces, which is loopback.
  ['socket', [0, 'equal', AF.netlink], [2, 'equal', NETLINK_ROUTE]],
  ['socketpair', [0, 'equal', AF.unix]],
  ['clone', [0, 'masked', NEW_NAMESPACES, 0]],
  ...Object.values(KIND).flatMap((kind) => [
    ['mknod', [1, 'masked', FILE_TYPE, kind]] as const,
    ['mknodat', [2, 'masked', FILE_TYPE, kind]] as const,
  ]),
  ['personality', [0, 'equal', 0]],
  // Asks which one it is.
  ['personality', [0, 'equal', 0xffff_ffff]],
];

/** The profile as the engine wants it in a security option: the text itself, not a path. */
export function seccompText(): string {
  return JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    archMap: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'].map((architecture) => {
      return { architecture, subArchitectures: [] };
    }),
    syscalls: [
      ...Object.values(ALLOWED).map((names) => {
        return { names: names.split(/\s+/), action: 'SCMP_ACT_ALLOW' };
      }),
      ...WITH_ARGUMENTS.map(([name, ...given]) => {
        return { names: [name], action: 'SCMP_ACT_ALLOW', args: given.map(argument) };
      }),
      // Its flags lie in memory, where no filter looks. Without it libraries take clone.
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
    ],
  });
}

function argument(given: Argument) {
  const [index, is, value] = given;
  return is === 'equal'
    ? { index, op: 'SCMP_CMP_EQ', value }
    : { index, op: 'SCMP_CMP_MASKED_EQ', value, valueTwo: given[3] };
}
