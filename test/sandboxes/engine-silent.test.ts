/** An engine that takes every call and answers none: no call waits for ever, and none is made twice. */
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openEngine } from '../../sandboxes/docker.ts';
import { SPEC } from './sample.ts';

/** Long enough for a call to be on its way on a busy machine. */
const CALL_MS = 250;

async function silent() {
  const folder = mkdtempSync(path.join(tmpdir(), 'proofhouse-silent-'));
  const asked: string[] = [];
  const server = http.createServer(({ method, url }) => void asked.push(`${method} ${url}`));
  const socketPath = path.join(folder, 's');
  await new Promise<void>((ready) => server.listen(socketPath, ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const at = { socketPath, callMs: CALL_MS };
  const common = {
    instance: 'abc123abc123',
    uid: 20_000,
    roots: ['/data/home', '/tmp/proofhouse-1'],
  };
  return { engine: openEngine({ ...common, runtime: 'runsc', at }), asked };
}

type Engine = ReturnType<typeof openEngine>;
const overlay = { lower: ['/a', '/b'], upper: null };
const never = new AbortController().signal;

const CALLS: {
  readonly [K in Exclude<keyof Engine, 'instance'>]: (engine: Engine) => Promise<unknown>;
} = {
  needRuntime: (engine) => engine.needRuntime(),
  ensure: (engine) => engine.ensure(SPEC),
  join: (engine) => engine.join({ ...SPEC, role: 'carrier' }),
  has: (engine) => engine.has(SPEC.name),
  follow: (engine) => engine.follow(SPEC, async () => {}, never),
  kill: (engine) => engine.kill(SPEC.name),
  remove: (engine) => engine.remove(SPEC.name),
  freshOverlay: (engine) => engine.freshOverlay('proofhouse-x', SPEC.run, overlay),
  ensureVolume: (engine) => engine.ensureVolume('proofhouse-x', null),
  removeVolume: (engine) => engine.removeVolume('proofhouse-x'),
  removeAll: (engine) => engine.removeAll('instance'),
  mine: (engine) => engine.mine(),
  imageId: (engine) => engine.imageId('proofhouse/base'),
  imageVolumes: (engine) => engine.imageVolumes(SPEC.image),
  ownImage: (engine) => engine.ownImage('proofhouse/base'),
  images: (engine) => engine.images(),
  removeTag: (engine) => engine.removeTag('proofhouse/base:old'),
  removeImages: (engine) => engine.removeImages(),
  buildImages: (engine) => engine.buildImages({} as Parameters<Engine['buildImages']>[0]),
  describe: (engine) => engine.describe(),
};

test.each(Object.entries(CALLS))('%s ends with a code when nobody answers', async (_, ask) => {
  const { engine, asked } = await silent();
  await expect(ask(engine)).rejects.toMatchObject({
    code: 'engine_failed',
    message: expect.stringContaining('did not answer'),
  });
  expect(asked.length).toBeGreaterThan(0);
  expect(new Set(asked).size).toBe(asked.length);
  // SBX-16: nothing is run in a sandbox, and nothing is copied in or out of one.
  expect(asked.filter((url) => /\/(?:exec|archive|attach|export)\b/.test(url))).toEqual([]);
});

test('every call of an engine is tried', async () => {
  const { engine } = await silent();
  const { instance: _, ...calls } = engine;
  expect(Object.keys(CALLS).sort()).toEqual(Object.keys(calls).sort());
});

test('a sandbox whose engine falls silent after its first words is given up at its time limit', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'proofhouse-silent-'));
  const inspected = {
    Id: 'f'.repeat(64),
    State: { Status: 'running', Pid: 0, StartedAt: '2026-01-01T00:00:00Z' },
    Config: { Labels: {} },
  };
  const server = http.createServer(({ url }, response) => {
    if (url?.includes('/json')) response.end(JSON.stringify(inspected));
    else if (url?.includes('/logs')) response.writeHead(200).flushHeaders();
  });
  const socketPath = path.join(folder, 's');
  await new Promise<void>((ready) => server.listen(socketPath, ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const at = { socketPath, callMs: CALL_MS };
  const options = { instance: 'abc123abc123', uid: 20_000, roots: [], runtime: null, at };
  await expect(openEngine(options).follow(SPEC, async () => {}, never)).rejects.toMatchObject({
    code: 'engine_failed',
    message: expect.stringContaining('did not end'),
  });
});
