import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openTarballs, TARBALL_LIMITS } from '../../../gateway/registry/tarballs.ts';
import type { PackageList } from '../../../orchestrator/ports.ts';
import { gatewayWith, type Seen, serverThat } from '../open.ts';

const DOCUMENT = JSON.stringify({ name: 'zod', dist: { tarball: 'http://upstream.example/zod' } });

const TGZ = Buffer.from('the bytes of zod');
const integrityOf = (bytes: Buffer): string =>
  `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
const PACKAGES: PackageList = {
  names: ['zod', '@a/b'],
  tarballs: [
    { package: 'zod', file: 'zod-1.0.0.tgz', integrity: integrityOf(TGZ) },
    { package: '@a/b', file: 'b-1.0.0.tgz', integrity: integrityOf(Buffer.from('{}')) },
  ],
};

type Chosen = {
  readonly base?: string;
  readonly url?: string;
  readonly limits?: object;
  readonly refusalNotes?: number;
};

async function proxied(answer: Parameters<typeof serverThat>[0], chosen: Chosen = {}) {
  const upstream = await serverThat(answer);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'proofhouse-packages-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const url = chosen.url ?? upstream.url + (chosen.base ?? '');
  const registry = {
    upstream: { url, authorization: 'Bearer the-token' },
    packages: PACKAGES,
    tarballs: openTarballs(folder, { ...TARBALL_LIMITS, ...chosen.limits }),
  };
  const { refusalNotes } = chosen;
  const limits = refusalNotes === undefined ? {} : { refusalNotes };
  const gateway = await gatewayWith({ role: 'dependencies', registry, limits });
  return { upstream, folder, ...gateway, url: `${gateway.url}/registry` };
}

it('a document comes back as it is, with the credential put in and nothing of the agent', async () => {
  const { url, upstream } = await proxied(
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'a=b' });
      response.end(DOCUMENT);
    },
    { base: '/npm/' },
  );
  const headers = {
    accept: 'leaks, application/vnd.npm.install-v1+json',
    authorization: 'Bearer x',
    'x-data': 'leak',
  };
  const answer = await fetch(`${url}/zod`, { headers });
  expect(await answer.text()).toBe(DOCUMENT);
  expect(answer.headers.get('set-cookie')).toBeNull();
  const [seen] = upstream.seen as [Seen];
  expect([seen.method, seen.url]).toEqual(['GET', '/npm/zod']);
  expect(seen.headers).toMatchObject({
    accept: 'application/vnd.npm.install-v1+json',
    authorization: 'Bearer the-token',
  });
  expect(seen.headers).not.toHaveProperty('x-data');
});

it('each package is noted once', async () => {
  const { url, notes } = await proxied((response) => response.end('{}'));
  for (const path of ['/zod', '/zod', '/@a%2fb', '/@a/b/-/b-1.0.0.tgz']) {
    expect((await fetch(url + path)).status).toBe(200);
  }
  expect(notes).toEqual(['registry: zod', 'registry: @a/b']);
});

describe('is refused, noted, and never sent', () => {
  it.each([
    ['GET', '/-/user/token'],
    ['GET', '/zod?carries=data'],
    ['GET', '/c2VjcmV0'],
    ['GET', '/zod/-/zod-1.0.0-c2VjcmV0.tgz'],
    ['GET', '/@a/b/-/zod-1.0.0.tgz'],
    ['PUT', '/zod'],
    ['POST', '/-/npm/v1/security/audits/quick'],
    ['DELETE', '/zod'],
  ])('%s %s', async (method, path) => {
    const { url, upstream, notes } = await proxied((response) => response.end('{}'));
    const status = method === 'GET' ? 403 : 405;
    expect((await fetch(url + path, { method })).status).toBe(status);
    expect(notes).toEqual([`refused: ${method} ${path} of the registry`]);
    expect(upstream.seen).toEqual([]);
  });
});

it('a flood of what is refused is noted up to a bound', async () => {
  const { url, notes } = await proxied((response) => response.end('{}'), { refusalNotes: 2 });
  for (let asked = 0; asked < 5; asked += 1) await fetch(`${url}/x${asked}`);
  expect(notes).toHaveLength(3);
  expect(notes[2]).toBe('refused: more than 2 refused requests; further ones are not noted');
});

it('bytes that draw on a terminal are no request, and are not noted', async () => {
  const { url, notes } = await proxied((response) => response.end('{}'));
  const client = net.connect(Number(new URL(url).port), '127.0.0.1');
  // As bytes: a client of HTTP would not send them.
  client.write(Buffer.from('GET /registry/x\u009b31m HTTP/1.1\r\nhost: a\r\n\r\n', 'latin1'));
  await once(client, 'data');
  client.destroy();
  expect(notes).toEqual(['refused: unreadable request (HPE_INVALID_URL)']);
});

describe('redirects', () => {
  it('are followed on the registry itself', async () => {
    const { url } = await proxied((response, { url: asked }) => {
      if (asked === '/zod') response.writeHead(302, { location: '/elsewhere/zod' }).end();
      else response.end(asked);
    });
    expect(await (await fetch(`${url}/zod`)).text()).toBe('/elsewhere/zod');
  });

  it('to another origin are not followed: the token has no business there', async () => {
    const other = await serverThat((response) => response.end('stolen'));
    const { url } = await proxied((response) => {
      response.writeHead(302, { location: `${other.url}/zod` }).end();
    });
    expect((await fetch(`${url}/zod`)).status).toBe(502);
    expect(other.seen).toEqual([]);
  });

  it('in a circle end', async () => {
    const { url, upstream } = await proxied((response) => {
      response.writeHead(302, { location: '/zod' }).end();
    });
    expect((await fetch(`${url}/zod`)).status).toBe(502);
    expect(upstream.seen).toHaveLength(4);
  });
});

describe('a tarball', () => {
  const at = '/zod/-/zod-1.0.0.tgz';

  it('is fetched once, however many want it at the same time, and later comes from the disk', async () => {
    const { url, upstream, folder } = await proxied((response) => response.end(TGZ));
    const answers = await Promise.all([1, 2, 3].map(() => fetch(url + at)));
    for (const answer of answers) expect(Buffer.from(await answer.arrayBuffer())).toEqual(TGZ);
    expect((await fetch(url + at, { method: 'HEAD' })).headers.get('content-length')).toBe('16');
    expect(upstream.seen).toHaveLength(1);
    expect(upstream.seen[0]?.headers).not.toHaveProperty('x-data');
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('whose bytes are not those of the lockfile gives not one of them away', async () => {
    const { url, folder } = await proxied((response) => response.end('other bytes of the same'));
    const answer = await fetch(url + at);
    expect(answer.status).toBe(403);
    expect(await answer.text()).not.toContain('other bytes');
    expect(await readdir(folder)).toEqual([]);
  });

  it('that somebody changed on the disk is fetched again', async () => {
    const { url, upstream, folder } = await proxied((response) => response.end(TGZ));
    await (await fetch(url + at)).arrayBuffer();
    const [name = ''] = await readdir(folder);
    await writeFile(path.join(folder, name), 'something else');
    expect(Buffer.from(await (await fetch(url + at)).arrayBuffer())).toEqual(TGZ);
    expect(upstream.seen).toHaveLength(2);
  });

  it('that is too long, that is not there, and that breaks off leave nothing', async () => {
    const long = await proxied((response) => response.end(TGZ), { limits: { tarballBytes: 15 } });
    expect((await fetch(long.url + at)).status).toBe(403);
    const gone = await proxied((response) => response.writeHead(404).end());
    expect((await fetch(gone.url + at)).status).toBe(404);
    const broken = await proxied((response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('first', () => response.destroy());
    });
    expect((await fetch(broken.url + at)).status).toBe(502);
    for (const { folder } of [long, gone, broken]) expect(await readdir(folder)).toEqual([]);
  });

  it('that was not used for longest goes when there is no more room', async () => {
    const limits = { keptBytes: 17 };
    const { url, folder } = await proxied(
      (response, { url: asked }) => {
        response.end(asked === at ? TGZ : '{}');
      },
      { limits },
    );
    await (await fetch(`${url}/@a/b/-/b-1.0.0.tgz`)).arrayBuffer();
    await (await fetch(url + at)).arrayBuffer();
    expect(await readdir(folder)).toEqual([createHash('sha512').update(TGZ).digest('hex')]);
  });
});

it('a transfer that breaks is broken off', async () => {
  const { url } = await proxied((response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('first', () => response.destroy());
  });
  await expect(fetch(`${url}/zod`).then((answer) => answer.text())).rejects.toThrow();
});

it('a registry that is not there is told as such', async () => {
  const { url } = await proxied((response) => response.end(), { url: 'http://127.0.0.1:9' });
  expect((await fetch(`${url}/zod`)).status).toBe(502);
  expect((await fetch(`${url}/zod/-/zod-1.0.0.tgz`)).status).toBe(502);
});
