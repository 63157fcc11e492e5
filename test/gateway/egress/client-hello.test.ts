import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HELLO_BYTES_MAX, type Hello, readHello } from '../../../gateway/egress/client-hello.ts';
import { type Extension, helloFor, helloMessage, record, serverName, vector } from './hello.ts';

const HOST = 'api.example.com';
const READ: Hello = { state: 'read', name: HOST };
const refused = (code: string) => ({ state: 'refused', code });
const message = helloMessage([serverName(HOST)]);

/** As it would come off a socket: looks again only when as many bytes are there as were asked for. */
function byteByByte(bytes: Buffer): Hello {
  let hello: Hello = { state: 'more', bytesNeeded: 1 };
  for (let held = 1; held <= bytes.length && hello.state === 'more'; held += 1) {
    if (held >= hello.bytesNeeded) hello = readHello(bytes.subarray(0, held));
  }
  return hello;
}

describe('the name is read', () => {
  test.each([
    ['in one record', helloFor(HOST)],
    ['in other letters', helloFor('API.Example.COM')],
    [
      'in two records',
      Buffer.concat([record(message.subarray(0, 3)), record(message.subarray(3))]),
    ],
    ['with more behind it', Buffer.concat([helloFor(HOST), record(Buffer.of(1), 20)])],
    ['after a long extension', record(helloMessage([[51, Buffer.alloc(1_800)], serverName(HOST)]))],
  ])('%s', (_, bytes) => {
    expect(readHello(bytes)).toEqual(READ);
    expect(byteByByte(bytes)).toEqual(READ);
  });

  test('of a greeting that Node itself sends', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = tls.connect({ host: '127.0.0.1', port, servername: HOST });
    client.on('error', () => client.destroy());
    const [socket] = (await once(server, 'connection')) as [net.Socket];
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    client.destroy();
    socket.destroy();
    expect(readHello(bytes)).toEqual(READ);
  });
});

describe('refused', () => {
  const twice: Extension = [10, Buffer.alloc(2)];
  const crumbs = [...message].map((byte) => record(Buffer.of(byte)));
  const long = Buffer.concat([Buffer.of(1, 1, 0, 0), message]);
  test.each([
    ['plain HTTP', Buffer.from('GET / HTTP/1.1\r\n'), 'not_tls'],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH_9\r\n'), 'not_tls'],
    ['the greeting of SSL 2', Buffer.of(0x80, 0x2e, 1, 3, 1), 'not_tls'],
    ['an alert', record(Buffer.of(2, 40), 21), 'not_tls'],
    ['another version', Buffer.of(22, 2, 0, 0, 5), 'not_tls'],
    ['another handshake message', record(Buffer.of(2, 0, 0, 0)), 'hello_malformed'],
    ['an empty record', Buffer.of(22, 3, 1, 0, 0), 'hello_malformed'],
    ['a record that is too long', Buffer.of(22, 3, 1, 255, 255), 'hello_malformed'],
    ['crumbs', Buffer.concat(crumbs), 'hello_in_too_many_records'],
    ['more than 64 KiB', record(long), 'hello_too_long'],
    [
      'a second message in its record',
      record(Buffer.concat([message, Buffer.of(1)])),
      'hello_malformed',
    ],
    ['a body that ends early', record(Buffer.of(1, 0, 0, 2, 3, 3)), 'hello_malformed'],
    ['no name', record(helloMessage([])), 'name_missing'],
    ['the old form without extensions', record(helloMessage(null)), 'name_missing'],
    ['an empty list of names', record(helloMessage([serverName()])), 'name_missing'],
    ['two names', record(helloMessage([serverName(HOST, 'evil.test')])), 'name_not_one'],
    [
      'a name of another kind',
      record(helloMessage([[0, vector(2, Buffer.of(1, 0, 1, 97))]])),
      'name_not_one',
    ],
    [
      'two lists of names',
      record(helloMessage([serverName(HOST), serverName('evil.test')])),
      'extension_twice',
    ],
    ['an extension twice', helloFor(HOST, twice, twice), 'extension_twice'],
    ['an encrypted greeting', helloFor(HOST, [0xfe0d, Buffer.alloc(9)]), 'name_encrypted'],
    ['an encrypted name', helloFor(HOST, [0xffce, Buffer.alloc(9)]), 'name_encrypted'],
    ['bytes after the names', record(helloMessage([[0, Buffer.of(0, 0, 1)]])), 'hello_malformed'],
  ])('%s', (_, bytes, code) => {
    expect(readHello(bytes)).toEqual(refused(code));
    expect(byteByByte(bytes)).toEqual(refused(code));
  });

  test('no cut of a right one is read, and none is an error', () => {
    const whole = helloFor(HOST);
    for (let at = 1; at < whole.length; at += 1) {
      expect(readHello(whole.subarray(0, at)).state).toBe('more');
    }
  });

  test('bytes that change at random are never read beyond their end', () => {
    for (let at = 0; at < 400; at += 1) {
      const bytes = helloFor(HOST);
      bytes[(at * 37) % bytes.length] = (at * 101) % 256;
      expect(['more', 'read', 'refused']).toContain(readHello(bytes).state);
    }
    expect(HELLO_BYTES_MAX).toBe(65_536);
  });
});
