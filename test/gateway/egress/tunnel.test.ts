import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { helloFor } from './hello.ts';
import { ALLOWED, listening, machine, names, ours } from './world.ts';

const PSK = { key: Buffer.alloc(32, 7), identity: 'test' };
const SUITE = { ciphers: 'PSK-AES128-GCM-SHA256:@SECLEVEL=0', maxVersion: 'TLSv1.2' as const };

/** A server of TLS that needs no certificate, and echoes. */
async function echo(): Promise<number> {
  const server = tls.createServer({ ...SUITE, pskCallback: () => PSK.key }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  return listening(server);
}

async function tunnelled(socketPath: string, target: string): Promise<tls.TLSSocket> {
  const raw = net.connect(socketPath);
  raw.write(`CONNECT ${target} HTTP/1.1\r\nhost: a\r\n\r\n`);
  const [head] = (await once(raw, 'data')) as [Buffer];
  expect(head.toString()).toBe('HTTP/1.1 200 Connection established\r\n\r\n');
  const secure = tls.connect({
    ...SUITE,
    socket: raw,
    servername: target.split(':')[0] ?? '',
    pskCallback: () => ({ psk: PSK.key, identity: PSK.identity }),
    checkServerIdentity: () => undefined,
  });
  onTestFinished(() => void secure.destroy());
  await once(secure, 'secureConnect');
  return secure;
}

test('an allowed host is spoken to through a tunnel, and what passed is counted', async () => {
  const port = await echo();
  const { socketPath, notes } = await ours({});
  const secure = await tunnelled(socketPath, `${ALLOWED}:${port}`);
  const megabyte = Buffer.alloc(2 ** 20, 'x');
  secure.end(megabyte);
  let bytes = 0;
  for await (const chunk of secure) bytes += (chunk as Buffer).length;
  expect(bytes).toBe(megabyte.length);
  const connection = { host: ALLOWED, port, address: '127.0.0.1', sni: ALLOWED };
  await expect.poll(() => notes.length).toBe(2);
  const [opened, closed] = notes.map((note) => JSON.parse(note.replace('tunnel: ', '')));
  expect(opened).toEqual({ verdict: 'opened', reason: 'allowed', ...connection });
  expect(closed).toMatchObject({ verdict: 'closed', reason: 'ended', ...connection });
  expect(closed.bytesUp).toBeGreaterThan(megabyte.length);
  expect(closed.bytesDown).toBeGreaterThan(megabyte.length);
});

test.each([
  ['bytesUp', 200, 'bytes_up_used_up'],
  ['bytesDown', 3, 'bytes_down_used_up'],
  ['idleMs', 50, 'idle'],
] as const)('%s is a limit', async (limit, value, reason) => {
  const { port } = await machine(limit === 'idleMs' ? '' : 'hello');
  const { connect, notes } = await ours({ limits: { [limit]: value } });
  await connect(
    `${ALLOWED}:${port}`,
    helloFor(ALLOWED, [21, Buffer.alloc(limit === 'bytesUp' ? 300 : 3)]),
  );
  await expect.poll(() => notes.join('\n')).toContain(`"verdict":"closed","reason":"${reason}"`);
});

test('limits of bytes hold for all tunnels of a door together', async () => {
  const { port } = await machine();
  const { connect, notes } = await ours({ limits: { bytesUp: 300 } });
  for (const _ of [1, 2, 3]) await connect(`${ALLOWED}:${port}`, helloFor(ALLOWED));
  await expect.poll(() => notes.join('\n')).toContain('bytes_up_used_up');
});

test('a door that closes takes its tunnels along', async () => {
  const port = await echo();
  const { socketPath, close, notes } = await ours({});
  const secure = await tunnelled(socketPath, `${ALLOWED}:${port}`);
  secure.on('error', () => secure.destroy());
  const gone = once(secure, 'close');
  await close();
  await gone;
  expect(notes.at(-1)).toMatch(/"verdict":"closed"/);
});

test('nobody there, and a name without an address, are told apart from a refusal', async () => {
  const closed = net.createServer();
  const port = await listening(closed);
  closed.close();
  const first = await ours({});
  expect((await first.connect(`${ALLOWED}:${port}`)).status).toBe(502);
  const second = await ours({ ...names([]) });
  expect((await second.connect(`${ALLOWED}:443`)).status).toBe(502);
  expect([...first.notes, ...second.notes].join()).toMatch(/unreachable.*name_unresolved/);
});

test('a tunnel that cannot be noted is not opened', async () => {
  const outside = await machine();
  const note = () => Promise.reject(new Error('the disk is gone'));
  const { gatewayWith } = await import('../open.ts');
  const gateway = await gatewayWith({
    note,
    egress: { reaches: () => true, ...names(['127.0.0.1']), isGlobal: () => true },
  });
  const socket = net.connect(gateway.socketPath);
  socket.write(`CONNECT ${ALLOWED}:${outside.port} HTTP/1.1\r\nhost: a\r\n\r\n`);
  await once(socket, 'data');
  socket.write(helloFor(ALLOWED));
  await once(socket.resume(), 'close');
  expect(outside.heard()).toBe('');
  expect(gateway.failures()).toEqual(['internal']);
});

test('the first refusal of the self-test is no try of an agent; what comes after is', async () => {
  const { connect, notes } = await ours({});
  for (const _ of [1, 2]) {
    expect((await connect('proofhouse-self-test.invalid:443')).status).toBe(403);
  }
  expect(notes.map((note) => note.split(':')[0])).toEqual(['self-test', 'refused']);
});

test('a client that leaves before it says anything has tried nothing', async () => {
  const { port } = await machine();
  const { connect, notes } = await ours({});
  expect((await connect(`${ALLOWED}:${port}`)).status).toBe(200);
  await expect.poll(() => notes).toEqual([expect.stringMatching(/^tunnel: .*hello_broken_off/)]);
});

/** Asks for a tunnel and keeps hold of it, saying nothing. */
async function held(socketPath: string, target: string, more = ''): Promise<string> {
  const socket = net.connect(socketPath);
  onTestFinished(() => void socket.destroy());
  socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: a\r\n${more}\r\n`);
  const [head] = (await once(socket, 'data')) as [Buffer];
  return head.toString().split(' ')[1] ?? '';
}

test.each([
  ['atOnce', 'too_many_at_once'],
  ['inAll', 'too_many_in_all'],
] as const)('%s is a limit', async (limit, reason) => {
  const { port } = await machine();
  const { socketPath, notes, connect } = await ours({ limits: { [limit]: 2 } });
  const answers = [];
  for (const _ of [1, 2, 3]) answers.push(await held(socketPath, `${ALLOWED}:${port}`));
  expect(answers).toEqual(['200', '200', '429']);
  expect(notes).toEqual([expect.stringContaining(reason)]);
  expect((await connect(`${ALLOWED}:${port}`)).status).toBe(429);
});

test('a tunnel that is over makes room for another', async () => {
  const { port } = await machine();
  const { connect } = await ours({ limits: { atOnce: 1 } });
  for (const _ of [1, 2, 3]) {
    await expect
      .poll(async () => (await connect(`${ALLOWED}:${port}`, helloFor(ALLOWED))).status)
      .toBe(200);
  }
});

test.each(['content-length: 5\r\n', 'transfer-encoding: chunked\r\n'])(
  'a CONNECT with a body is refused: %j',
  async (more) => {
    const { port } = await machine();
    const { socketPath, notes } = await ours({});
    expect(await held(socketPath, `${ALLOWED}:${port}`, more)).toBe('400');
    expect(notes).toEqual([expect.stringContaining('body_on_connect')]);
  },
);
