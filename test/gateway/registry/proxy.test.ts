import { describe, expect, it } from 'vitest';
import { gatewayWith, type Seen, serverThat } from '../open.ts';

const DOCUMENT = JSON.stringify({ name: 'zod', dist: { tarball: 'http://upstream.example/zod' } });

async function proxied(answer: Parameters<typeof serverThat>[0], base = '') {
  const upstream = await serverThat(answer);
  const registry = { url: upstream.url + base, authorization: 'Bearer the-token' };
  const gateway = await gatewayWith({ role: 'dependencies', registry });
  return { upstream, ...gateway, url: `${gateway.url}/registry` };
}

it('a document comes back as it is, with the credential put in and nothing of the agent', async () => {
  const { url, upstream } = await proxied((response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'a=b' });
    response.end(DOCUMENT);
  }, '/npm/');
  const headers = { accept: 'application/json', authorization: 'Bearer x', 'x-data': 'leak' };
  const answer = await fetch(`${url}/zod`, { headers });
  expect(await answer.text()).toBe(DOCUMENT);
  expect(answer.headers.get('set-cookie')).toBeNull();
  const [seen] = upstream.seen as [Seen];
  expect([seen.method, seen.url]).toEqual(['GET', '/npm/zod']);
  expect(seen.headers).toMatchObject({
    accept: 'application/json',
    authorization: 'Bearer the-token',
  });
  expect(seen.headers).not.toHaveProperty('x-data');
});

it('each package is noted once', async () => {
  const { url, notes } = await proxied((response) => response.end('{}'));
  for (const path of ['/zod', '/zod/-/zod-1.0.0.tgz', '/@a%2fb', '/@a/b/-/b-1.0.0.tgz']) {
    expect((await fetch(url + path)).status).toBe(200);
  }
  expect(notes).toEqual(['registry: zod', 'registry: @a/b']);
});

describe('is refused, noted, and never sent', () => {
  it.each([
    ['GET', '/-/user/token'],
    ['GET', '/zod?carries=data'],
    ['PUT', '/zod'],
    ['POST', '/-/npm/v1/security/audits/quick'],
    ['DELETE', '/zod'],
  ])('%s %s', async (method, path) => {
    const { url, upstream, notes } = await proxied((response) => response.end('{}'));
    expect((await fetch(url + path, { method })).status).toBe(403);
    expect(notes).toEqual([`refused: ${method} "${path}" of the registry`]);
    expect(upstream.seen).toEqual([]);
  });
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

it('a tarball is passed on as it comes', async () => {
  const held: (() => void)[] = [];
  const { url } = await proxied((response) => {
    response.write('first');
    held.push(() => response.end('second'));
  });
  const answer = await fetch(`${url}/zod/-/zod-1.0.0.tgz`);
  const reader = (answer.body ?? new ReadableStream<Uint8Array>()).getReader();
  expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('first');
  held[0]?.();
  expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('second');
});

it('a transfer that breaks is broken off', async () => {
  const { url } = await proxied((response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('first', () => response.destroy());
  });
  await expect(fetch(`${url}/zod`).then((answer) => answer.text())).rejects.toThrow();
});

it('a registry that is not there is told as such', async () => {
  const registry = { url: 'http://127.0.0.1:9' };
  const { url } = await gatewayWith({ role: 'dependencies', registry });
  expect((await fetch(`${url}/registry/zod`)).status).toBe(502);
});
