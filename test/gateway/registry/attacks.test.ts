/** Each attack by way of packages first goes through a proxy that passes everything on, then meets ours. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openTarballs } from '../../../gateway/registry/tarballs.ts';
import { SUPPLY_ROWS as ROWS } from '../../red-team/egress/supply-rows.ts';
import { listening } from '../egress/world.ts';
import { gatewayWith, serverThat } from '../open.ts';

const TGZ = Buffer.from('what people read before they let it in');
const integrity = `sha512-${createHash('sha512').update(TGZ).digest('base64')}`;
const packages = {
  names: ['zod'],
  tarballs: [{ package: 'zod', file: 'zod-1.0.0.tgz', integrity }],
};

/** A registry that answers anything, a proxy that asks it anything, and ours. */
async function world(says: Buffer | string = '{}') {
  const registry = await serverThat((response) => response.end(says));
  const weak = http.createServer((request, response) => {
    const asked = http.request(registry.url + request.url, { method: request.method }, (answer) =>
      answer.pipe(response),
    );
    request.pipe(asked);
  });
  const port = await listening(weak);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'proofhouse-packages-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const ours = await gatewayWith({
    role: 'dependencies',
    registry: { upstream: { url: registry.url }, packages, tarballs: openTarballs(folder) },
  });
  return { seen: registry.seen, weak: `http://127.0.0.1:${port}`, ours: `${ours.url}/registry` };
}

const ASKED = [
  [ROWS.exfilByName, 'GET', '/c2VjcmV0', 403],
  [ROWS.exfilByName, 'GET', '/zod/-/zod-1.0.0-c2VjcmV0.tgz', 403],
  [ROWS.exfilByName, 'GET', '/zod?c2VjcmV0', 403],
  [ROWS.publish, 'PUT', '/zod', 405],
  [ROWS.publish, 'POST', '/-/npm/v1/security/audits/quick', 405],
  [ROWS.methods, 'PATCH', '/zod', 405],
  [ROWS.methods, 'DELETE', '/zod/-rev/1', 405],
  [ROWS.methods, 'GET', '/zod%2f..%2f-%2fuser', 403],
  [ROWS.methods, 'GET', '//zod', 403],
  [ROWS.methods, 'GET', '/zod;c2VjcmV0', 403],
  [ROWS.notLocked, 'GET', '/left-pad', 403],
  [ROWS.notLocked, 'GET', '/zod/-/zod-1.0.1.tgz', 403],
] as const;

test.each(ASKED)('$id: $attack: %s %s', async (_row, method, target, status) => {
  const { weak, ours, seen } = await world();
  expect((await fetch(weak + target, { method })).status).toBe(200);
  expect(seen.splice(0)).toMatchObject([{ method, url: target }]);
  expect((await fetch(ours + target, { method })).status).toBe(status);
  expect(seen).toEqual([]);
});

test(`${ROWS.swapped.id}: ${ROWS.swapped.attack}`, async () => {
  const target = '/zod/-/zod-1.0.0.tgz';
  const swapped = await world('something else');
  expect(await (await fetch(swapped.weak + target)).text()).toBe('something else');
  const answer = await fetch(swapped.ours + target);
  expect([answer.status, await answer.text()]).toEqual([403, expect.not.stringContaining('else')]);
  const honest = await world(TGZ);
  expect(await (await fetch(honest.ours + target)).text()).toBe(TGZ.toString());
});
