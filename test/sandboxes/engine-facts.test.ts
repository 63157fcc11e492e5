import { describe, expect, test } from 'vitest';
import { endpointOf, engineFacts, refuseOpen } from '../../sandboxes/engine-facts.ts';

const INFO = {
  Driver: 'overlay2',
  DriverStatus: [
    ['Backing Filesystem', 'extfs'],
    ['Supports d_type', 'true'],
  ],
  Runtimes: { runsc: { path: 'runsc' }, runc: { path: 'runc' } },
  DefaultRuntime: 'runc',
  SecurityOptions: ['name=seccomp,profile=default'],
  CgroupVersion: '1',
  SwapLimit: true,
  Warnings: null,
  KernelVersion: '6.18.44',
  OperatingSystem: 'Debian GNU/Linux 12 (bookworm)',
  DockerRootDir: '/var/lib/docker',
};
const VERSION = {
  Version: '20.10.24+dfsg1',
  ApiVersion: '1.41',
  Components: [
    { Name: 'containerd', Version: '1.7.30', Details: { GitCommit: 'dea7da592f5d' } },
    { Name: 'runc', Version: '1.1.5+ds1', Details: { GitCommit: '1.1.5+ds1-1+deb12u1' } },
  ],
};
const facts = (info: object = {}, version: object = {}) =>
  engineFacts({
    info: { ...INFO, ...info },
    version: { ...VERSION, ...version },
    endpoint: 'socket',
  });

test('what an engine says becomes facts; a distribution names its own revision of a component', () => {
  expect(facts()).toMatchObject({
    version: '20.10.24+dfsg1',
    containerd: '1.7.30',
    runc: '1.1.5+ds1-1+deb12u1',
    fileSystem: 'extfs',
    runtimes: ['runc', 'runsc'],
    warnings: [],
  });
});

test('what an engine leaves out is unknown, and never taken for good', () => {
  expect(
    facts(
      { DriverStatus: null, SwapLimit: undefined, SecurityOptions: null },
      { Components: null },
    ),
  ).toMatchObject({
    containerd: null,
    runc: null,
    fileSystem: null,
    countsSwap: null,
    security: [],
  });
});

describe('an engine over TCP', () => {
  test('without certificates of both sides is not spoken to: whoever reaches the port owns the machine', () => {
    expect(endpointOf({ protocol: 'http' })).toBe('tcp');
    expect(endpointOf({ protocol: 'https' })).toBe('tcp');
    expect(() => refuseOpen('tcp')).toThrowError(
      expect.objectContaining({ code: 'engine_exposed', exit: 4 }),
    );
  });

  test('with them is, like one at a socket or over SSH', () => {
    expect(endpointOf({ protocol: 'https', cert: 'PEM' })).toBe('tls');
    expect(endpointOf({ protocol: 'ssh' })).toBe('ssh');
    expect(endpointOf({ socketPath: '/var/run/docker.sock', protocol: 'http' })).toBe('socket');
    for (const one of ['tls', 'ssh', 'socket'] as const) refuseOpen(one);
  });
});
