import { describe, expect, test } from 'vitest';
import { denied } from '../../sandboxes/deny.ts';
import { containerBody, type Role } from '../../sandboxes/spec.ts';
import { OWNER, ROOTS, SPEC } from './sample.ts';

const body = containerBody(SPEC, OWNER);
const host = body.HostConfig;
const ROLES: Role[] = [
  'checkout',
  'dependencies',
  'agent',
  'exporter',
  'validator',
  'app',
  'browser',
];

describe('every sandbox', () => {
  test.each(ROLES)('that is %s holds the same and is let through', (role) => {
    const same = containerBody({ ...SPEC, role }, OWNER);
    expect(same.HostConfig).toEqual(host);
    expect(denied(same, ROOTS)).toEqual([]);
  });

  test('has no network and no resolver of the host', () => {
    expect(host).toMatchObject({ NetworkMode: 'none', Dns: ['127.0.0.1'], DnsSearch: ['.'] });
  });

  test('has no capability, no new privilege and a root that cannot be written', () => {
    expect(host).toMatchObject({
      Privileged: false,
      CapAdd: [],
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
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
    expect(host.Ulimits.map(({ Name }) => Name)).toEqual(['nofile', 'core', 'fsize']);
  });

  test('has no input and no terminal, and never starts again by itself', () => {
    expect(body).toMatchObject({ OpenStdin: false, AttachStdin: false, Tty: false });
    expect(host.RestartPolicy).toEqual({ Name: 'no' });
  });
});

test('a command is a list of words, and its environment is what was given and no more', () => {
  expect(body).toMatchObject({
    Entrypoint: ['codex'],
    Cmd: ['exec', 'do it'],
    Env: ['HOME=/home/agent', 'CI=1'],
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
  const joined = containerBody({ ...SPEC, joins: 'proofhouse-abc-r0000001-1-app' }, OWNER);
  expect(joined.HostConfig.NetworkMode).toBe('container:proofhouse-abc-r0000001-1-app');
  expect(joined).not.toHaveProperty('Hostname');
  expect(joined.HostConfig).not.toHaveProperty('Dns');
  expect(denied(joined, ROOTS)).toEqual([]);
});
