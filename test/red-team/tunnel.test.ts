/** The way out as an agent in a real sandbox has it: the relay, the gateway, and nothing beside them. */
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventsOf, factoryWith, saidBy, shellAgent } from '../scenarios/steps.ts';
import { leftOver, queue, settle } from '../scenarios/support.ts';
import { TINY_POLICY, tinyRepository, workspaceFile } from '../scenarios/tiny.ts';
import { EGRESS_ROWS as ROWS } from './egress/rows.ts';
import { SUPPLY_ROWS } from './egress/supply-rows.ts';

const EVERY = 'methods: [GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS]';

/** Keeps what reached it; its greeting answers nothing that a TLS client would go on with. */
async function machine(): Promise<{ port: number; heard(): number }> {
  const seen = { bytes: 0 };
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      seen.bytes += chunk.length;
      socket.end();
    });
  });
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, heard: () => seen.bytes };
}

const tries = (port: number): string => `import net from 'node:net'; import tls from 'node:tls';
const tunnel = (target, name) => new Promise((done) => {
  const socket = net.connect(8080, '127.0.0.1');
  socket.write('CONNECT ' + target + ' HTTP/1.1\\r\\nhost: a\\r\\n\\r\\n');
  socket.once('data', (head) => {
    const status = String(head).split(' ')[1];
    if (status !== '200') return done(status);
    const secure = tls.connect({ socket, servername: name });
    secure.on('error', () => {});
    secure.on('close', () => done('200 then closed'));
  });
  socket.on('error', () => {});
});
const target = 'api.example.com:${port}';
console.log('allowed => ' + await tunnel(target, 'api.example.com'));
console.log('fronted => ' + await tunnel(target, 'evil.test'));
console.log('denied => ' + await tunnel('evil.test:443', 'evil.test'));
console.log('inner => ' + await tunnel('inner.example.com:${port}', 'inner.example.com'));
console.log('fetch => ' + await fetch('https://evil.test/').then((a) => a.status, (e) => String(e.cause?.message ?? e)));
`;

/** A run whose agent makes every try; what it said, and what the gateway decided. */
async function reachOut(isGlobal: (address: string) => boolean) {
  const outside = await machine();
  // Nobody listens at the address inside: 502 is a dial that was made, 403 one that was not.
  const resolve = async (host: string) => ({
    ended: 'answered' as const,
    addresses: [host === 'inner.example.com' ? '127.0.0.3' : '127.0.0.1'],
  });
  const factory = await factoryWith('tunnel', { outside: { resolve, isGlobal } });
  const hosts = ['api', 'inner'].map(
    (name) => `{ host: ${name}.example.com, ports: [${outside.port}], ${EVERY} }`,
  );
  const repository = tinyRepository(path.join(factory.home, 'tiny'), {
    ...shellAgent('node tries.mjs; echo "export const x = 1;" > src/added.mjs\n'),
    '.proofhouse/policy.yaml': TINY_POLICY.replace(
      '{ via: model-gateway }',
      `{ via: model-gateway }, ${hosts.join(', ')}`,
    ),
    'tries.mjs': tries(outside.port),
  });
  const task = await queue(factory, repository, 'Reach out');
  expect(await settle(factory, task.id)).toMatchObject({ outcome: { kind: 'published' } });
  expect(leftOver(task.id)).toEqual([]);
  const said = (await saidBy(factory, task.id, 1)).split('\n').map((line) => line.split(' => '));
  const activity = await factory.store.activity(task.id);
  return { came: Object.fromEntries(said), activity, heard: outside.heard() };
}

describe(`${ROWS.relay.id}: ${ROWS.relay.attack}`, () => {
  it('dials an address inside where addresses are not looked at', async () => {
    const { came } = await reachOut(() => true);
    expect(came).toMatchObject({ allowed: '200 then closed', inner: '502' });
  });

  it('has the same answers through the relay, each decision in the log of the run', async () => {
    const { came, activity, heard } = await reachOut((address) => address === '127.0.0.1');
    const closed = '200 then closed';
    expect(came).toMatchObject({ allowed: closed, fronted: closed, denied: '403', inner: '403' });
    expect(came['fetch']).not.toMatch(/^\d/);
    expect(heard).toBeGreaterThan(0);

    const decided = activity
      .filter(({ source, text }) => source === 'gateway' && text.startsWith('{'))
      .map(({ kind, text }) => [kind, JSON.parse(text).reason, JSON.parse(text).host]);
    expect(decided).toEqual([
      ['self-test', 'host_not_allowed', 'proofhouse-self-test.invalid'],
      ['tunnel', 'hello_broken_off', 'api.example.com'],
      ['tunnel', 'allowed', 'api.example.com'],
      ['tunnel', expect.stringMatching(/ended|broken_off/), 'api.example.com'],
      ['refused', 'name_not_the_host', 'api.example.com'],
      ['refused', 'host_not_allowed', 'evil.test'],
      ['refused', 'address_not_global', 'inner.example.com'],
      ['refused', 'host_not_allowed', 'evil.test'],
    ]);
    const found = activity.find(({ kind, source }) => kind === 'self-test' && source === 'sandbox');
    expect(found?.text).toBe(
      'proofhouse-self-test {"denied":"403","direct":"ENETUNREACH","allowed":"200"}',
    );
  });
});

describe(`${SUPPLY_ROWS.scripts.id}: ${SUPPLY_ROWS.scripts.attack}`, () => {
  it.each([
    ['asked for', '[npm, ci, --ignore-scripts=false]', true],
    ['not asked for', '[npm, ci]', false],
  ])('%s', async (_, command, runs) => {
    const factory = await factoryWith('scripts');
    const dependencies = `dependencies: { run: [${command}, [sh, -c, "mkdir -p made; echo installed"]], keyed_by: [package-lock.json] }\n`;
    const agent = shellAgent('echo "export const x = 1;" > src/added.mjs\n');
    const lock = { name: 'tiny', version: '1.0.0', lockfileVersion: 3, requires: true };
    const repository = tinyRepository(path.join(factory.home, 'tiny'), {
      ...agent,
      'package.json': JSON.stringify({
        name: 'tiny',
        version: '1.0.0',
        scripts: { postinstall: 'node steal.mjs' },
      }),
      'package-lock.json': JSON.stringify({
        ...lock,
        packages: { '': { name: 'tiny', version: '1.0.0', hasInstallScript: true } },
      }),
      'steal.mjs': `import fs from 'node:fs';
const keys = Object.keys(process.env).filter((name) => /TOKEN|KEY|SECRET|AUTH/i.test(name));
let above = 'wrote'; try { fs.writeFileSync('/stolen', 'x'); } catch (error) { above = error.code; }
console.log('stole => ' + JSON.stringify([keys, fs.readdirSync(process.env.HOME).sort(), above]));
`,
      '.proofhouse/policy.yaml': TINY_POLICY.replace(
        'setup: { allow: [] }',
        'setup: { allow: [{ via: package-registry }] }',
      ),
      '.proofhouse/workspace.yaml':
        workspaceFile('agent: { kind: command, run: [sh, fix.sh] }') + dependencies,
    });
    const task = await queue(factory, repository, 'Install');
    const state = await settle(factory, task.id);
    expect(state, (await eventsOf(factory, task.id)).join('\n')).toMatchObject({
      outcome: { kind: 'published' },
    });
    const said = (await factory.store.activity(task.id)).map(({ text }) => text).join('\n');
    expect(said).toContain('installed');
    expect(said.includes('stole => ')).toBe(runs);
    if (runs) expect(said).toMatch(/stole => \[\[\],\[[^\]]*\],"EROFS"\]/);
  });
});
