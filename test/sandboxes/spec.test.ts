import { describe, expect, test } from 'vitest';
import { denied } from '../../sandboxes/deny.ts';
import { seccompText } from '../../sandboxes/seccomp.ts';
import { containerBody, ROLES } from '../../sandboxes/spec.ts';
import { OWNER, ROOTS, SPEC } from './sample.ts';

const body = containerBody(SPEC, OWNER);
const host = body.HostConfig;
describe('every sandbox', () => {
  test.each(ROLES)('that is %s differs in its room alone, and is let through', (role) => {
    const other = containerBody({ ...SPEC, role }, OWNER);
    const room = { CpuShares: 0, LogConfig: 0, ShmSize: 0, Tmpfs: 0, Ulimits: 0 };
    expect({ ...other.HostConfig, ...room }).toEqual({ ...host, ...room });
    expect(denied({ name: SPEC.name, ...other }, ROOTS)).toEqual([]);
  });

  test('of a role that runs our own programs alone runs nothing from its scratch space', () => {
    const scratch = ROLES.map((role) => [
      role,
      containerBody({ ...SPEC, role }, OWNER).HostConfig.Tmpfs['/tmp'].split(',')[3],
    ]);
    expect(Object.fromEntries(scratch)).toEqual({
      ...{ agent: 'exec', app: 'exec', dependencies: 'exec', service: 'exec' },
      validator: 'exec',
      ...{ browser: 'noexec', checkout: 'noexec', exporter: 'noexec' },
      ...{ carrier: 'noexec', relay: 'noexec' },
    });
  });

  test('has no network and no resolver of the host', () => {
    expect(host).toMatchObject({ NetworkMode: 'none', Dns: ['127.0.0.1'], DnsSearch: ['.'] });
  });

  test('has no capability, no new privilege and a root that cannot be written', () => {
    expect(host).toMatchObject({
      Privileged: false,
      CapAdd: [],
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true', `seccomp=${seccompText()}`],
      ReadonlyRootfs: true,
    });
  });

  test('runs as a number that is nobody on the host', () => {
    expect(body.User).toBe('20000:20000');
  });

  test('has bounds on memory, processors, processes, files and its log, and no swap', () => {
    expect(host).toMatchObject({
      Memory: 2 ** 30,
      MemorySwap: 2 ** 30,
      NanoCpus: 1_500_000_000,
      PidsLimit: 256,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '32m', 'max-file': '1' } },
    });
    expect(host.Ulimits.map(({ Name, Soft, Hard }) => [Name, Soft, Hard])).toEqual([
      ['nofile', 8192, 8192],
      ['fsize', 2 ** 31, 2 ** 31],
      ['core', 0, 0],
      ['memlock', 65_536, 65_536],
      ['msgqueue', 0, 0],
    ]);
  });

  test('has no input and no terminal, and never starts again by itself', () => {
    expect(body).toMatchObject({ OpenStdin: false, AttachStdin: false, Tty: false });
    expect(host.RestartPolicy).toEqual({ Name: 'no' });
  });
});

test('a command is a list of words, and its environment is what was given and no more', () => {
  expect(body).toMatchObject({
    Entrypoint: ['/usr/local/bin/node'],
    Cmd: ['/opt/proofhouse/launch.mjs', 'do it'],
    Env: ['HOME=/home/agent', `BASE=${'b'.repeat(40)}`],
  });
});

test('a mount is read-only unless it was asked for otherwise', () => {
  expect(host.Mounts.map(({ Target, ReadOnly }) => [Target, ReadOnly])).toEqual([
    ['/workspace', false],
    ['/mirror', true],
    ['/run/proofhouse', true],
  ]);
});

test('a browser shares the loopback of its app and has no name or resolver of its own', () => {
  const spec = { ...SPEC, role: 'browser', joins: 'proofhouse-r0000001-1-app' } as const;
  const joined = containerBody(spec, OWNER);
  expect(joined.HostConfig.NetworkMode).toBe('container:proofhouse-r0000001-1-app');
  expect(joined).not.toHaveProperty('Hostname');
  expect(joined.HostConfig).not.toHaveProperty('Dns');
  expect(denied({ name: SPEC.name, ...joined }, ROOTS)).toEqual([]);
  const exporter = containerBody({ ...spec, role: 'exporter' }, OWNER);
  expect(denied({ name: SPEC.name, ...exporter }, ROOTS).join()).toContain('this role may not');
  const stranger = containerBody({ ...spec, joins: 'proofhouse-r0000002-1-app' }, OWNER);
  expect(denied({ name: SPEC.name, ...stranger }, ROOTS).join()).toContain('of another run');
});

test('a runtime is named where one was chosen', () => {
  expect(host).not.toHaveProperty('Runtime');
  const chosen = containerBody(SPEC, { ...OWNER, runtime: 'runsc' });
  expect(chosen.HostConfig).toHaveProperty('Runtime', 'runsc');
  expect(denied({ name: SPEC.name, ...chosen }, ROOTS)).toEqual([]);
});
