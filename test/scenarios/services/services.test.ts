/** What holds for every service: its lifetime, its network, and what is said when it does not come up. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Place, Service } from '../../../orchestrator/ports.ts';
import { attemptsOn, node } from '../sandbox/attempt.ts';
import { testFactory } from '../support.ts';
import { tinyRepository } from '../tiny.ts';

const signal = new AbortController().signal;
const MIB = 2 ** 20;

const serving = (port: number, says: string): readonly string[] =>
  node(`import http from 'node:http';
http.createServer((_, answer) => answer.end(${says})).listen(${port}, '127.0.0.1');`);

function service(over: Partial<Service> = {}): Service {
  return {
    ...{ name: 'one', image: 'base', argv: serving(7001, '"one"'), env: {} },
    ...{ ready: { port: 7001 }, readyMs: 20_000, seed: [], memoryBytes: 128 * MIB, data: null },
    ...over,
  };
}

async function tiny(name: string) {
  const factory = await testFactory(name);
  const attempts = await attemptsOn(factory, tinyRepository(path.join(factory.home, 'tiny')));
  const place = await attempts.open();
  await factory.tools.workspaces.socketPath(place, 'agent');
  const work = async (services: readonly Service[], argv: readonly string[]) => {
    const lines: string[] = [];
    const command = { argv, env: {}, files: {}, image: 'base' };
    const limits = { memoryBytes: 256 * MIB, wallMs: 60_000 };
    const end = await factory.tools.workspaces.runAgent(
      place,
      { ...command, ...limits, services },
      async ({ text }) => void lines.push(text),
      signal,
    );
    return { end, lines };
  };
  return { factory, attempts, place, work };
}

const sandboxes = ({ run }: Place): string[] =>
  execFileSync('docker', [
    'ps',
    '-a',
    '--filter',
    `label=proofhouse.run=${run}`,
    '--format',
    '{{.Names}}',
  ])
    .toString()
    .split('\n')
    .filter((name) => name.includes('service'));

const ASKS = `const of = (port) => fetch('http://127.0.0.1:' + port).then((answer) => answer.text());
const { readdirSync } = await import('node:fs');`;

describe('services', () => {
  it('share one loopback with each other and with whoever they are for, and have nothing else', async () => {
    const { work, place } = await tiny('services');
    const look = `Promise.all([fetch('http://127.0.0.1:7001').then((a) => a.text()),
      fetch('http://1.1.1.1').catch((e) => e.cause.code)]).then((all) => answer.end(all.join(' ')))`;
    const two = service({
      name: 'two',
      argv: node(`import http from 'node:http';
http.createServer((_, answer) => ${look}).listen(7002, '127.0.0.1');`),
      ready: { port: 7002 },
    });
    const said = await work(
      [service(), two],
      node(
        `${ASKS} console.log(await of(7001), '/', await of(7002), readdirSync('/sys/class/net').join());`,
      ),
    );
    expect(said).toMatchObject({ end: { exitCode: 0 }, lines: ['one / one ENETUNREACH lo'] });
    expect(sandboxes(place)).toEqual([]);
  });

  it('are given a folder in memory and what the base commit seeds them with', async () => {
    const { work } = await tiny('seeded');
    const kept = service({
      argv: node(`import http from 'node:http'; import fs from 'node:fs';
fs.writeFileSync('/data/kept/x', ''); let got = [];
http.createServer((request, answer) => { if (request.method === 'PUT') got.push(request.url); answer.end(got.join()); }).listen(7001, '127.0.0.1');`),
      data: '/data/kept',
      seed: [
        node(`import fs from 'node:fs';
const text = fs.readFileSync('/workspace/src/sum.mjs', 'utf8').includes('a + b');
await fetch('http://127.0.0.1:7001/' + text, { method: 'PUT' });`),
      ],
    });
    const said = await work([kept], node(`${ASKS} console.log(await of(7001));`));
    expect(said.lines).toEqual(['/true']);
  });

  it('go on under an agent that a controller before us started, and are not seeded twice', async () => {
    const { work, factory, place } = await tiny('adopted');
    const stop = new AbortController();
    const began = service({
      argv: node(`import http from 'node:http'; const began = Date.now();
http.createServer((_, answer) => answer.end(String(began))).listen(7001, '127.0.0.1');`),
    });
    const argv = node(
      `${ASKS} console.log(await of(7001)); await new Promise((r) => setTimeout(r, 3000)); console.log(await of(7001));`,
    );
    const command = {
      argv,
      env: {},
      files: {},
      image: 'base',
      memoryBytes: 256 * MIB,
      wallMs: 60_000,
    };
    const first = factory.tools.workspaces.runAgent(
      place,
      { ...command, services: [began] },
      async () => stop.abort(),
      stop.signal,
    );
    await expect(first).rejects.toThrow();
    const { end, lines } = await work([began], argv);
    expect(end.exitCode).toBe(0);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe(lines[1]);
    expect(sandboxes(place)).toEqual([]);
  });
});

describe('a service that does not come up ends it with its last lines:', () => {
  it.each<[string, Partial<Service>, RegExp]>([
    [
      'it ends',
      { argv: node(`console.log('no disk for me'); process.exit(3);`) },
      /"one" \(base\) ended with exit code 3; it printed:\nno disk for me/,
    ],
    [
      'nothing answers on its port',
      { argv: node(`console.log('thinking'); setInterval(() => {}, 1000);`), readyMs: 1500 },
      /was not ready within 1.5 s; it printed:\nthinking/,
    ],
    [
      'its ready command says no',
      { ready: { argv: node(`console.log('not yet'); process.exit(1);`) }, readyMs: 1500 },
      /was not ready within 1.5 s; it printed:\n(.*\n)*not yet/,
    ],
    [
      'it cannot be seeded',
      { seed: [node(`console.log('no such table'); process.exit(1);`)] },
      /seeding the service "one" with node ended with exit code 1; it printed:\nno such table/,
    ],
    [
      'it takes more memory than it has',
      {
        argv: node(`const all = []; for (;;) all.push(Buffer.alloc(8e6, 1));`),
        memoryBytes: 64 * MIB,
      },
      /"one" \(base\) (ran out of memory|ended with exit code 137)/,
    ],
  ])('%s', async (_, over, message) => {
    const { work, place } = await tiny('not-ready');
    const failing = work([service(over)], node(`console.log('never');`));
    await expect(failing).rejects.toMatchObject({
      code: 'service_not_ready',
      message: expect.stringMatching(message),
    });
    expect(sandboxes(place)).toEqual([]);
  });
});
