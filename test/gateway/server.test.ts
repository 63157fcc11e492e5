import { once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../orchestrator/domain/faults.ts';
import { CHAT_TASK, gatewayWith, post, SHOWN, scripted } from './open.ts';

const SAYS = scripted('  - say: hello');

/** Writes raw bytes to a socket and reads until the other side closes it. */
async function raw(socketPath: string, text: string): Promise<string> {
  const socket = net.connect(socketPath);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(text);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('utf8');
}

describe('the door', () => {
  it('anybody in the sandbox may use the socket', async () => {
    const { socketPath } = await gatewayWith({ model: SAYS });
    expect((await stat(socketPath)).mode & 0o777).toBe(0o666);
  });

  it('opens where a killed controller left its socket', async () => {
    const before = await gatewayWith({ model: SAYS });
    await before.close();
    await writeFile(before.socketPath, '');
    const { url } = await gatewayWith({ model: SAYS, socketPath: before.socketPath });
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
  });

  it('is gone after closing, and closes although a call is under way', async () => {
    const { url, socketPath, close, ledger } = await gatewayWith({
      model: scripted('  - silent: true'),
    });
    const call = post(`${url}/v1/chat/completions`, CHAT_TASK).catch(() => 'cut off');
    await expect.poll(() => ledger.calls().length).toBe(1);
    await close();
    expect(await call).toBe('cut off');
    expect(ledger.calls()[0]?.state).toBe('settled');
    await expect(stat(socketPath)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('what is refused, and noted', () => {
  it.each([
    [
      'an address of another host',
      'GET http://example.com/a?b HTTP/1.1',
      'GET http://example.com/a?b',
    ],
    [
      'even its own address in that form',
      'POST http://127.0.0.1:8080/v1/messages HTTP/1.1',
      'POST http://127.0.0.1:8080/v1/messages',
    ],
    ['a path that is not there', 'GET /metadata HTTP/1.1', 'GET /metadata'],
    ['another method', 'PUT /v1/responses HTTP/1.1', 'PUT /v1/responses'],
    ['packages, where none are given', 'GET /registry/zod HTTP/1.1', 'GET /registry/zod'],
  ])('%s', async (_what, line, noted) => {
    const { socketPath, notes } = await gatewayWith({ model: SAYS });
    const answer = await raw(socketPath, `${line}\r\nhost: a\r\nconnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 403 Forbidden\r\n/);
    expect(answer).toContain('there is no way to the network here');
    expect(notes).toEqual([`refused: ${noted}`]);
  });

  it('a tunnel, as one line of JSON', async () => {
    const { socketPath, notes } = await gatewayWith({ model: SAYS });
    const answer = await raw(socketPath, 'CONNECT example.com:443 HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 403 Forbidden\r\n/);
    expect(notes).toEqual([
      'refused: {"verdict":"refused","reason":"host_not_allowed","target":"example.com:443","host":"example.com","port":443}',
    ]);
  });

  it('an upgrade to another protocol', async () => {
    const { socketPath, notes } = await gatewayWith({ model: SAYS });
    const head = 'GET /v1/responses HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\n';
    const answer = await raw(socketPath, `${head}upgrade: websocket\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 403/);
    expect(notes).toEqual([
      'refused: responses call (call_refused): GET /v1/responses (upgrade to websocket)',
    ]);
  });

  it('a model call while dependencies are installed', async () => {
    const { url, notes, ledger } = await gatewayWith({ model: SAYS, role: 'dependencies' });
    expect((await post(`${url}/v1/chat/completions`, CHAT_TASK)).status).toBe(403);
    expect((await fetch(`${url}/v1/models`)).status).toBe(403);
    expect(notes).toHaveLength(2);
    expect(ledger.calls()).toEqual([]);
  });

  it('a flood is noted up to a bound', async () => {
    const { url, notes } = await gatewayWith({ model: SAYS, limits: { refusalNotes: 3 } });
    for (let asked = 0; asked < 6; asked += 1) await fetch(`${url}/x${asked}`);
    expect(notes).toEqual([
      'refused: GET /x0',
      'refused: GET /x1',
      'refused: GET /x2',
      'refused: more than 3 refused requests; further ones are not noted',
    ]);
  });

  it('what is noted is short', async () => {
    const { url, notes } = await gatewayWith({ model: SAYS });
    await fetch(`${url}/${'a'.repeat(5_000)}`);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/^refused: GET \/a{299}…$/);
  });

  it('what is noted draws on no terminal', async () => {
    const { socketPath, notes } = await gatewayWith({ model: SAYS });
    const head = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: \u009b31m\r\n\r\n';
    await raw(socketPath, head);
    expect(notes).toMatchObject([expect.stringMatching(/^refused: GET \/ \(upgrade to \?+31m\)$/)]);
  });

  it('what is no HTTP', async () => {
    const { socketPath, notes } = await gatewayWith({ model: SAYS });
    expect(await raw(socketPath, '\u0016\u0003\u0001 hello')).toMatch(/^HTTP\/1.1 400/);
    expect(notes).toEqual(['refused: unreadable request (HPE_INVALID_METHOD)']);
  });

  it('a refusal that cannot be noted is a failure, not a silence', async () => {
    const note = () => Promise.reject(new Fault('store_failed', 'the disk is gone'));
    const { url, failures } = await gatewayWith({ model: SAYS, note });
    expect((await fetch(`${url}/x`)).status).toBe(500);
    expect(failures()).toEqual(['store_failed']);
  });
});

describe('limits on what is sent', () => {
  const path = '/v1/chat/completions';
  const limits = { bodyBytes: 2_000 };
  const long = JSON.stringify({ ...CHAT_TASK, padding: 'a'.repeat(3_000) });

  it('a long body is refused', async () => {
    const { url, ledger } = await gatewayWith({ model: SAYS, limits });
    const answer = await post(url + path, long);
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({
      error: { message: 'the body is longer than 2000 bytes' },
    });
    expect(ledger.calls()).toMatchObject([{ state: 'failed', failure: 'call_refused' }]);
  });

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ] as const)(
    'a %s body is read, and refused when it is long once unpacked',
    async (name, pack) => {
      const { url } = await gatewayWith({ model: SAYS, limits });
      const send = (text: string) =>
        post(url + path, pack(text), { headers: { 'content-encoding': name } });
      expect((await send(JSON.stringify(CHAT_TASK))).status).toBe(200);
      expect(pack(long).byteLength).toBeLessThan(2_000);
      expect((await send(long)).status).toBe(413);
    },
  );

  it.each([
    ['an unknown encoding', { 'content-encoding': 'rot13' }, '{}', 415],
    ['a broken encoding', { 'content-encoding': 'gzip' }, '{}', 400],
    ['what is not JSON', {}, 'hello', 400],
    ['JSON that is no object', {}, '[1]', 400],
    ['an object that is no request', {}, '{"messages":7}', 400],
  ])('%s is refused', async (_what, headers, body, status) => {
    const { url } = await gatewayWith({ model: SAYS, limits });
    expect((await post(url + path, body, { headers })).status).toBe(status);
  });

  it('a client that never ends its headers or body is dropped', async () => {
    const slow = { headersMs: 50, bodyMs: 100 };
    const { socketPath } = await gatewayWith({ model: SAYS, limits: slow });
    expect(await raw(socketPath, 'POST /v1/messages HTTP/1.1\r\nhost: a\r\n')).toMatch(/ 408 /);
    const head =
      'POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n' +
      `authorization: ${SHOWN.authorization}\r\n\r\n`;
    expect(await raw(socketPath, head)).not.toMatch(/ 200 /);
  });
});
