/** When versions were published, asked of a registry on loopback. */
import { describe, expect, test } from 'vitest';
import { publishedBy } from '../../../gateway/registry/published.ts';
import { serverThat } from '../open.ts';

const SIGNAL = new AbortController().signal;
const TIMES = { created: '2020-01-01T00:00:00Z', '1.0.0': '2026-03-01T10:00:00Z', '1.0.1': 'soon' };

async function asked(says: string, status = 200) {
  const registry = await serverThat((response) => response.writeHead(status).end(says));
  return { ask: publishedBy(async () => ({ url: registry.url })), seen: registry.seen };
}
const zod = (version: string) => ({ name: 'zod', version });

test('a version has the time that the document says, and a package is asked for once', async () => {
  const { ask, seen } = await asked(JSON.stringify({ time: TIMES }));
  expect(await ask([zod('1.0.0'), zod('2.0.0')], SIGNAL)).toEqual([new Date(TIMES['1.0.0']), null]);
  expect(await ask([zod('1.0.0')], SIGNAL)).toEqual([new Date(TIMES['1.0.0'])]);
  expect(seen).toMatchObject([{ method: 'GET', url: '/zod' }]);
});

test('a scope is one part of the path', async () => {
  const { ask, seen } = await asked('{}');
  await ask([{ name: '@acme/a', version: '1.0.0' }], SIGNAL);
  expect(seen).toMatchObject([{ url: '/@acme%2fa' }]);
});

describe('nobody can tell', () => {
  test.each([
    ['a time that is none', JSON.stringify({ time: TIMES }), 200, '1.0.1'],
    ['a document without times', '{}', 200, '1.0.0'],
    ['what is no document', 'not found', 200, '1.0.0'],
    ['a refusal', JSON.stringify({ time: TIMES }), 404, '1.0.0'],
  ])('by %s', async (_, says, status, version) => {
    const { ask } = await asked(says, status);
    expect(await ask([zod(version)], SIGNAL)).toEqual([null]);
  });

  test('where no registry is reached, or none is set up', async () => {
    const nobody = publishedBy(async () => ({ url: 'http://127.0.0.1:9' }));
    expect(await nobody([zod('1.0.0')], SIGNAL)).toEqual([null]);
    const none = publishedBy(async () => Promise.reject(new Error('npm is not there')));
    expect(await none([zod('1.0.0')], SIGNAL)).toEqual([null]);
  });

  test('of a name that is none, which nobody is asked for', async () => {
    const { ask, seen } = await asked(JSON.stringify({ time: TIMES }));
    expect(await ask([{ name: '../x?y', version: '1.0.0' }], SIGNAL)).toEqual([null]);
    expect(seen).toEqual([]);
  });
});
