/** A machine that has everything, and how a test takes one thing from it. */
import type { EngineFacts, HostFacts, MachineFacts } from '../../orchestrator/domain/machine.ts';

export const MACHINE: MachineFacts = {
  engine: {
    version: '29.6.0',
    apiVersion: '1.52',
    containerd: 'v2.2.1',
    runc: '1.4.1',
    storage: 'overlay2',
    fileSystem: 'extfs',
    runtimes: ['runc', 'runsc'],
    defaultRuntime: 'runsc',
    security: ['name=seccomp,profile=builtin', 'name=apparmor', 'name=userns', 'name=cgroupns'],
    cgroups: '2',
    countsSwap: true,
    warnings: [],
    kernel: '6.18.44',
    system: 'Debian GNU/Linux 13 (trixie)',
    folder: '/var/lib/docker',
    endpoint: 'socket',
  },
  host: {
    kernel: '6.18.44',
    ioUringDisabled: 2,
    inotify: { instances: 1024, watches: 500_000 },
    git: '2.50.1',
    node: '24.21.0',
    quota: { isHard: true, why: 'a file system of its own for each workspace' },
  },
};

export function machineWith(engine: Partial<EngineFacts>, host: Partial<HostFacts> = {}) {
  return { engine: { ...MACHINE.engine, ...engine }, host: { ...MACHINE.host, ...host } };
}
