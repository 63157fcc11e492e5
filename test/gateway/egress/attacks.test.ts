/** Each attack of the list first works with one thing weakened, then meets our gateway. */
import { lookup } from 'node:dns/promises';
import http from 'node:http';
import net from 'node:net';
import { expect, test } from 'vitest';
import { parseAuthority } from '../../../gateway/egress/authority.ts';
import { decisionLine } from '../../../gateway/egress/decision.ts';
import { coversHost } from '../../../policies/hosts.ts';
import { mayTunnel } from '../../../policies/network.ts';
import { load, minimal } from '../../policies/sample.ts';
import { EGRESS_ROWS as ROWS } from '../../red-team/egress/rows.ts';
import { helloFor, helloMessage, record, serverName, vector } from './hello.ts';
import { ALLOWED, listening, machine, naive, names, ours } from './world.ts';

const HELLO = helloFor(ALLOWED);
const titled = ({ id, attack }: { id: string; attack: string }): string => `${id}: ${attack}`;
const all = (): boolean => true;
const reasons = (notes: readonly string[]): unknown[] =>
  notes.map((note) => JSON.parse(note.slice(note.indexOf('{'))).reason);

test(titled(ROWS.secretAsName), async () => {
  const target = 'c2VjcmV0.evil.test:443';
  // A proxy that resolves first has sent the secret by the time it refuses.
  const weak = names([]);
  await weak.resolve(target.split(':')[0] ?? '');
  expect(weak.asked).toEqual(['c2VjcmV0.evil.test']);

  const { resolve, asked } = names(['127.0.0.1']);
  const { connect, notes } = await ours({ resolve });
  expect((await connect(target)).status).toBe(403);
  expect(asked).toEqual([]);
  expect(reasons(notes)).toEqual(['host_not_allowed']);
});

test(titled(ROWS.metadata), async () => {
  const inside = await machine();
  const targets = ['169.254.169.254:80', 'metadata.google.internal:80', '100.100.100.200:80'];
  const weak = await naive(all, inside.port);
  for (const target of [...targets, '[fd00:ec2::254]:80']) {
    expect((await weak.connect(target)).status).toBe(200);
  }
  const { connect } = await ours({});
  for (const target of [...targets, '[fd00:ec2::254]:80']) {
    expect((await connect(target)).status).toBeGreaterThanOrEqual(400);
  }
});

test.each([
  ...['evil.test%00.example.com:443', 'u:p@api.example.com:443', 'evil.test/.example.com:443'],
])(`${titled(ROWS.parserTricks)}: %j`, async (target) => {
  const endsWith = (text: string): boolean => /\.example\.com:443$/.test(text);
  expect(endsWith(target)).toBe(true);
  const weak = await naive(endsWith, (await machine()).port);
  expect((await weak.connect(target)).status).toBe(200);
  const { connect, notes } = await ours({ reaches: (host) => host.endsWith('example.com') });
  expect((await connect(target)).status).toBe(400);
  expect(reasons(notes)).toEqual(['authority_malformed']);
});

test.each([
  'evil.test\0.example.com:443',
  'a.com\r\nx: .example.com:443',
  'evil.test\t.example.com:443',
  'evil.test#@api.example.com:443',
  'evil.test\\@api.example.com:443',
])(`${titled(ROWS.parserTricks)}: %j`, async (target) => {
  expect(/\.example\.com:443$/.test(target)).toBe(true);
  expect(parseAuthority(target)).toBeNull();
  const { connect } = await ours({ reaches: all });
  expect((await connect(target)).status).toBeGreaterThanOrEqual(400);
});

test.each(['127.1', '0x7f.1', '0177.0.0.1', '2130706433'])(
  `${titled(ROWS.addressSpellings)}: %s`,
  async (host) => {
    const looksLikeAddress = net.isIP(host) !== 0;
    expect(looksLikeAddress).toBe(false);
    expect((await lookup(host, { family: 4 })).address).toBe('127.0.0.1');
    const { connect } = await ours({ reaches: all });
    expect((await connect(`${host}:443`)).status).toBe(400);
  },
);

test.each([
  ['rebinding', ['127.0.0.1']],
  ['rebinding', ['169.254.169.254']],
  ['rebinding', ['::ffff:127.0.0.1']],
  ['mixed', ['93.184.215.14', '127.0.0.1']],
] as const)(`${ROWS.rebinding.id}: %s %j`, async (_, addresses) => {
  const inside = await machine();
  const target = `${ALLOWED}:${inside.port}`;
  if (addresses[0] === '127.0.0.1') {
    const weak = await ours({ ...names(addresses), isGlobal: all });
    expect((await weak.connect(target, HELLO)).rest).toBe('hello');
  }
  const { notes, gateway } = await without(addresses);
  expect((await gateway.connect(target)).status).toBe(403);
  expect(reasons(notes)).toEqual(['address_not_global']);
});

/** With the real rule of addresses. */
async function without(addresses: readonly string[]) {
  const { isGlobal } = await import('../../../gateway/egress/addresses.ts');
  const gateway = await ours({ ...names(addresses), isGlobal });
  return { gateway, notes: gateway.notes };
}

test(titled(ROWS.flips), async () => {
  const good = await machine();
  const target = `${ALLOWED}:${good.port}`;
  const weak = names(['127.0.0.1'], ['127.0.0.2']);
  const asking = await ours({ ...weak, isGlobal: all, limits: { pinMs: 0 } });
  await asking.connect(target, HELLO);
  await asking.connect(target, HELLO);
  expect(weak.asked).toHaveLength(2);
  expect(asking.notes.join()).toContain('unreachable');

  const { resolve, asked } = names(['127.0.0.1'], ['127.0.0.2']);
  const { connect, notes } = await ours({ resolve });
  for (const _ of [1, 2, 3]) expect((await connect(target, HELLO)).rest).toBe('hello');
  expect(asked).toEqual([ALLOWED]);
  expect(notes.join('\n')).not.toContain('127.0.0.2');
});

const old = record(helloMessage(null));
test.each([
  [ROWS.otherName, 'another', helloFor('evil.test'), 'name_not_the_host'],
  [ROWS.noName, 'none', record(helloMessage([])), 'name_missing'],
  [ROWS.noName, 'two', record(helloMessage([serverName(ALLOWED, 'evil.test')])), 'name_not_one'],
  [
    ROWS.noName,
    'encrypted',
    helloFor(ALLOWED, [0xfe0d, vector(2, Buffer.alloc(9))]),
    'name_encrypted',
  ],
  [ROWS.noName, 'of the old form', old, 'name_missing'],
  [ROWS.rawBytes, 'SSH', Buffer.from('SSH-2.0-OpenSSH_9\r\n'), 'not_tls'],
  [ROWS.rawBytes, 'HTTP', Buffer.from('GET / HTTP/1.1\r\nhost: evil.test\r\n\r\n'), 'not_tls'],
  [ROWS.nested, '', Buffer.from('CONNECT evil.test:443 HTTP/1.1\r\n\r\n'), 'not_tls'],
])('$id: $attack (%s)', async (_row, _what, sent, reason) => {
  const outside = await machine();
  const target = `${ALLOWED}:${outside.port}`;
  const weak = await naive((text) => text === target, outside.port);
  expect((await weak.connect(target, sent)).rest).toBe('hello');
  const reached = outside.heard().length;

  const { connect, notes } = await ours({});
  expect(await connect(target, sent)).toEqual({ status: 200, rest: '' });
  expect(reasons(notes)).toEqual([reason]);
  expect(outside.heard()).toHaveLength(reached);
});

test(titled(ROWS.afterHello), async () => {
  const outside = await machine();
  const target = `${ALLOWED}:${outside.port}`;
  const sent = Buffer.concat([HELLO, Buffer.from('POST /secret HTTP/1.1\r\n')]);
  const weak = await naive(all, outside.port);
  await weak.connect(target, sent);
  expect(outside.heard()).toContain('/secret');

  const other = await machine();
  const { connect, notes } = await ours({});
  await connect(`${ALLOWED}:${other.port}`, sent);
  await expect.poll(() => reasons(notes)).toEqual(['allowed', 'not_tls']);
  expect(other.heard()).not.toContain('/secret');
});

test.each(['443:22', '0443', '99999', ''])(`${titled(ROWS.portTricks)}: %j`, async (port) => {
  const target = `${ALLOWED}:${port}`;
  const weak = await naive((text) => text.startsWith(`${ALLOWED}:`), (await machine()).port);
  expect((await weak.connect(target)).status).toBe(200);
  const { connect } = await ours({});
  expect((await connect(target)).status).toBe(400);
});

test.each(['22', '25', '80'])(
  `${titled(ROWS.portTricks)}: %s, which no rule names`,
  async (port) => {
    const rule =
      'network: { phases: { agent: { allow: [{ host: api.example.com, methods: [GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS] }] } } }';
    const layers = [load(minimal(rule))];
    const { connect } = await ours({
      reaches: (host, to) => mayTunnel(layers, 'agent', { host, port: to }),
    });
    expect(mayTunnel(layers, 'agent', { host: ALLOWED, port: 443 })).toBe(true);
    expect((await connect(`${ALLOWED}:${port}`)).status).toBe(403);
  },
);

test(titled(ROWS.emptyPolicy), () => {
  const every = 'methods: [GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS]';
  const policies = [
    '',
    'network: { phases: {} }',
    `network: { phases: { agent: { allow: [{ host: "*.github.io", ${every} }] } } }`,
  ];
  expect(coversHost('*.github.io', 'mallory.github.io')).toBe(true);
  for (const text of policies) {
    const asked = { host: 'mallory.github.io', port: 443 };
    expect(mayTunnel([load(minimal(text))], 'agent', asked)).toBe(false);
  }
  expect(() =>
    load(minimal(`network: { phases: { agent: { allow: [{ host: "*", ${every} }] } } }`)),
  ).toThrow();
});

test(titled(ROWS.forging), async () => {
  const forged = 'a\r\n{"verdict":"opened"}\u001b[31m"\u202e\u009b';
  expect(`CONNECT ${forged}`.split('\n')).toHaveLength(2);
  const line = decisionLine({ verdict: 'refused', reason: 'authority_malformed', target: forged });
  expect(line).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(line)).toEqual({
    verdict: 'refused',
    reason: 'authority_malformed',
    target: forged,
  });
  const long = decisionLine({
    verdict: 'refused',
    reason: 'authority_malformed',
    target: 'x'.repeat(2 ** 20),
  });
  expect(JSON.parse(long).target).toHaveLength(301);

  const { connect, notes } = await ours({});
  await connect('"},{"verdict":"opened"}:443');
  expect(notes).toEqual([expect.stringMatching(/^refused: [\x20-\x7e]+$/)]);
});

/** Sends a request as it stands and gives the status of the answer. */
async function raw(to: string | number, text: string): Promise<string> {
  const socket = typeof to === 'string' ? net.connect(to) : net.connect(to, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  socket.write(text);
  for await (const chunk of socket) return (chunk as Buffer).toString().split(' ')[1] ?? '';
  return 'closed';
}

/** As servers are that read what others wrote wrong. */
async function lenient(): Promise<number> {
  const server = http.createServer({ insecureHTTPParser: true }, (request, response) => {
    request.resume();
    response.end('fine');
  });
  return listening(server);
}

test.each([
  ['two lengths', 'content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a folded line', 'x: a\r\n b\r\n\r\n'],
  ['a bare LF', 'x: a\ny: b\r\n\r\n'],
])(`${titled(ROWS.smuggling)}: %s`, async (_, text) => {
  const request = `POST /v1/messages HTTP/1.1\r\nhost: a\r\n${text}`;
  expect(await raw(await lenient(), request)).toBe('200');
  const { socketPath, notes } = await ours({});
  expect(await raw(socketPath, request)).toBe('400');
  expect(notes).toEqual([expect.stringMatching(/^refused: unreadable request/)]);
});

test.each(['websocket', 'h2c'])(`${titled(ROWS.upgrades)}: %s`, async (protocol) => {
  const request = `GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: ${protocol}\r\n\r\n`;
  expect(await raw(await lenient(), request)).toBe('200');
  const { socketPath } = await ours({});
  expect(await raw(socketPath, request)).toBe('403');
});

test(titled(ROWS.flood), async () => {
  const outside = await machine();
  const target = `${ALLOWED}:${outside.port}`;
  const opened = async (limits: object): Promise<number> => {
    const { connect } = await ours({ limits });
    const answers = await Promise.all(Array.from({ length: 40 }, () => connect(target, HELLO)));
    return answers.filter(({ status }) => status === 200).length;
  };
  expect(await opened({ perSecond: 1_000, atOnce: 1_000 })).toBe(40);
  expect(await opened({ perSecond: 1_000, atOnce: 8 })).toBeLessThanOrEqual(40);
  expect(await opened({})).toBe(20);
});

test(titled(ROWS.slow), async () => {
  const outside = await machine();
  const target = `${ALLOWED}:${outside.port}`;
  const patient = await ours({ limits: { helloMs: 60_000 } });
  const waits = patient.connect(target, HELLO.subarray(0, 20));
  const { connect, notes } = await ours({ limits: { helloMs: 50 } });
  expect(await connect(target, HELLO.subarray(0, 20))).toEqual({ status: 200, rest: '' });
  expect(reasons(notes)).toEqual(['hello_late']);
  expect(patient.notes).toEqual([]);
  await patient.close();
  await waits;
});
