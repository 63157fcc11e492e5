import { describe, expect, test } from 'vitest';
import { parseWorkspaceFile } from '../../../orchestrator/intake/workspace-file.ts';

const HEAD = 'apiVersion: proofhouse/v1\nkind: Workspace\n';
const read = (services: unknown) =>
  parseWorkspaceFile(`${HEAD}services: ${JSON.stringify(services)}\n`, 'workspace.yaml').services;
const CACHE = {
  name: 'cache',
  image: 'team/redis:7',
  run: ['redis-server'],
  ready: { port: 6379 },
};

test('every key is read', () => {
  const db = {
    name: 'db',
    image: 'postgres',
    env: { POSTGRES_DB: 'shop' },
    ready: { run: ['pg_isready'], within: '1m' },
    seed: [['psql', '-f', 'db/seed.sql']],
    memory: '512MiB',
    data: '/var/lib/postgresql',
  };
  expect(read([db])).toEqual([
    {
      name: 'db',
      image: 'postgres',
      argv: ['/opt/proofhouse/postgres'],
      env: { POSTGRES_DB: 'shop' },
      ready: { argv: ['pg_isready'] },
      readyMs: 60_000,
      seed: [['psql', '-f', 'db/seed.sql']],
      memoryBytes: 512 * 2 ** 20,
      data: '/var/lib/postgresql',
    },
  ]);
});

test('what is left out: half a minute to be ready, 256 MiB, no data folder, nothing to seed', () => {
  expect(read([CACHE])).toEqual([
    {
      name: 'cache',
      image: 'team/redis:7',
      argv: ['redis-server'],
      env: {},
      ready: { port: 6379 },
      readyMs: 30_000,
      seed: [],
      memoryBytes: 256 * 2 ** 20,
      data: null,
    },
  ]);
  expect(parseWorkspaceFile(HEAD, 'workspace.yaml').services).toEqual([]);
});

describe('is refused with its place:', () => {
  test.each<[string, unknown, string]>([
    ['a name that is none', [{ ...CACHE, name: 'The Cache' }], 'at most 20 lower-case letters'],
    ['two of one name', [CACHE, CACHE], 'another service has the name `cache`'],
    ['too many', Array.from({ length: 9 }, (_, at) => ({ ...CACHE, name: `c${at}` })), 'at most 8'],
    ['an image that leads elsewhere', [{ ...CACHE, image: '../x' }], 'expected an image of ours'],
    ['an image with an option', [{ ...CACHE, image: '-v' }], 'expected an image of ours'],
    [
      "an image by its id, which may be anybody's",
      [{ ...CACHE, image: `sha256:${'a'.repeat(64)}` }],
      'expected an image of ours',
    ],
    ['no command', [{ ...CACHE, run: undefined }], 'expected `run`'],
    ['an empty command', [{ ...CACHE, run: [] }], 'expected a command and its arguments'],
    ['no ready check', [{ ...CACHE, ready: undefined }], 'the key `ready` is missing'],
    ['two ready checks', [{ ...CACHE, ready: { port: 1, run: ['x'] } }], 'expected either'],
    ['a ready check without either', [{ ...CACHE, ready: {} }], 'expected either a `port`'],
    ['a port that is none', [{ ...CACHE, ready: { port: 0 } }], 'expected at least 1'],
    ['a long wait', [{ ...CACHE, ready: { port: 1, within: '6m' } }], 'expected at most 5m'],
    ['a name in env that is none', [{ ...CACHE, env: { 'a-b': 'x' } }], 'expected a name such as'],
    ['data over programs', [{ ...CACHE, data: '/usr/bin' }], 'below /data, /srv or /var/lib'],
    ['data that climbs', [{ ...CACHE, data: '/data/../etc' }], 'below /data, /srv or /var/lib'],
    ['little memory', [{ ...CACHE, memory: '1MiB' }], 'at least 64MiB'],
    ['an unknown key', [{ ...CACHE, privileged: true }], 'unknown key `privileged`'],
  ])('%s', (_, services, message) => {
    expect(() => read(services)).toThrowError(
      expect.objectContaining({
        code: 'workspace_invalid',
        message: expect.stringContaining(message),
      }),
    );
  });
});
