/** An engine that gives half a list: what is missing from it is not gone. */

import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openEngine } from '../../sandboxes/docker.ts';

const MARKS = { proofhouse: 'abc', 'proofhouse.run': 'r0000001', 'proofhouse.attempt': '2' };
const CONTAINER = {
  ...{ Id: 'f'.repeat(64), Names: ['/proofhouse-r0000001-2-agent'], State: 'exited' },
  Labels: { ...MARKS, 'proofhouse.role': 'agent' },
};
const VOLUME = {
  Name: 'proofhouse-r0000001-2-workspace',
  Labels: { ...MARKS, 'proofhouse.role': 'workspace' },
};

/** Answers as an engine does; null is an error of its own. */
async function engineWith(answers: Readonly<Record<string, unknown>>) {
  const folder = mkdtempSync(path.join(tmpdir(), 'proofhouse-test-mine-'));
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://engine');
    const answer = answers[pathname.replace(/^\/v[\d.]+/, '')] ?? null;
    response.statusCode = answer === null ? 500 : 200;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer ?? { message: 'the disk is on fire' }));
  });
  const socket = path.join(folder, 'e.sock');
  await new Promise<void>((ready) => void server.listen(socket, ready));
  const before = process.env['DOCKER_HOST'];
  process.env['DOCKER_HOST'] = `unix://${socket}`;
  onTestFinished(() => {
    if (before === undefined) delete process.env['DOCKER_HOST'];
    else process.env['DOCKER_HOST'] = before;
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return openEngine({ instance: 'abc', uid: 20_000, roots: [], runtime: null });
}

test('everything of an instance is told by its marks', async () => {
  const engine = await engineWith({
    '/containers/json': [CONTAINER],
    '/volumes': { Volumes: [VOLUME] },
  });
  const whose = { run: 'r0000001', attempt: 2 };
  expect(await engine.mine()).toEqual({
    sandboxes: [
      {
        ...{ name: 'proofhouse-r0000001-2-agent', ...whose, role: 'agent' },
        ...{ id: CONTAINER.Id, isPastLimit: false },
      },
    ],
    volumes: [{ name: VOLUME.Name, ...whose, role: 'workspace' }],
  });
});

test.each([
  ['its sandboxes', { '/volumes': { Volumes: [VOLUME] } }],
  ['its volumes', { '/containers/json': [CONTAINER] }],
])('no list at all when an engine fails at %s', async (_, answers) => {
  const engine = await engineWith(answers);
  await expect(engine.mine()).rejects.toMatchObject({ code: 'engine_failed' });
});
