/**
 * First program in every sandbox: reads /run/proofhouse/launch.json, opens the loopback door to the
 * gateway's socket where there is one, starts the command, and ends with its exit code.
 *
 * The relay waits for a gateway that is not there yet: after a controller was killed, the next one
 * listens again on the same socket path, and the agent sees a slow model instead of a dead one.
 *
 * Told to, it first looks at the network from in here and says what it found as its first line; with
 * another network than there must be, nothing is started.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

const CONNECT_FOR_MS = 60_000;
const CONNECT_EVERY_MS = 100;
const DIRECT_MS = 3_000;
const home = process.env.HOME;

const launch = JSON.parse(readFileSync('/run/proofhouse/launch.json', 'utf8'));
for (const [name, text] of Object.entries(launch.files)) {
  const file = path.join(home, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
if (launch.door !== null) await openDoor(launch.door);
const { PROOFHOUSE_SELF_TEST: asked, ...env } = launch.env;
if (asked !== undefined) await lookAround(JSON.parse(asked), launch.door.port);
if (launch.waitFor !== null) await answers(launch.waitFor);
const [program, ...args] = launch.argv;
const child = spawn(program, args, {
  cwd: launch.cwd,
  env: { ...process.env, ...(launch.door === null ? {} : throughDoor(launch.door.port)), ...env },
  stdio: ['ignore', 'inherit', 'inherit'],
});
child.once('error', (error) => {
  process.stderr.write(`${program}: ${error.message}\n`);
  process.exit(127);
});
child.once('exit', (code, signal) => process.exit(signal === null ? code : 128 + 9));

function openDoor({ port, socket }) {
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    client.on('error', () => client.destroy());
    // Nothing is read before the gateway is there, so a half-sent request is never lost.
    connect(socket, Date.now() + CONNECT_FOR_MS, (gateway) => {
      if (gateway === null) return client.destroy();
      gateway.on('error', () => client.destroy());
      client.on('close', () => gateway.destroy());
      gateway.on('close', () => client.destroy());
      client.pipe(gateway);
      gateway.pipe(client);
    });
  });
  return new Promise((ready) => server.listen(port, '127.0.0.1', ready));
}

/** A convenience: programs that know these find the one way out, or are told 403 instead of nothing. */
function throughDoor(port) {
  const proxy = `http://127.0.0.1:${port}`;
  const own = 'localhost,127.0.0.1,::1,0.0.0.0';
  return {
    ...{ HTTPS_PROXY: proxy, https_proxy: proxy, HTTP_PROXY: proxy, http_proxy: proxy },
    ...{ NO_PROXY: own, no_proxy: own, NODE_USE_ENV_PROXY: '1' },
  };
}

async function lookAround({ denied, direct, allowed }, port) {
  const found = {
    denied: await tunnelStatus(denied, port),
    direct: await directly(direct),
    allowed: allowed === null ? null : await tunnelStatus(allowed, port),
  };
  process.stdout.write(`proofhouse-self-test ${JSON.stringify(found)}\n`);
  if (found.denied !== '403' || found.direct !== 'ENETUNREACH') process.exit(76);
}

/** The status of the answer to a CONNECT, waiting as long as the relay waits for a gateway. */
function tunnelStatus(target, port) {
  return new Promise((done) => {
    const socket = net.connect(port, '127.0.0.1');
    let said = '';
    socket.on('data', (bytes) => {
      said += bytes;
      if (said.includes('\r\n')) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => done(/^HTTP\/1\.1 (\d{3}) /.exec(said)?.[1] ?? 'no answer'));
    socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`);
  });
}

function directly({ host, port }) {
  return new Promise((done) => {
    const socket = net.connect({ host, port, timeout: DIRECT_MS });
    for (const event of ['connect', 'timeout']) {
      socket.on(event, () => {
        socket.destroy();
        done(event === 'connect' ? 'connected' : event);
      });
    }
    socket.on('error', (error) => done(error.code));
  });
}

function connect(socket, until, done) {
  const gateway = net.connect({ path: socket, allowHalfOpen: true });
  gateway.once('connect', () => {
    gateway.removeAllListeners('error');
    done(gateway);
  });
  gateway.once('error', () => {
    if (Date.now() > until) return done(null);
    setTimeout(connect, CONNECT_EVERY_MS, socket, until, done);
  });
}

/** Waits until something listens on a loopback port; ends the sandbox with 75 when nothing does. */
async function answers({ port, timeoutMs }) {
  const until = Date.now() + timeoutMs;
  while (!(await listens(port))) {
    if (Date.now() > until) {
      process.stderr.write(`nothing answered on port ${port} within ${timeoutMs} ms\n`);
      process.exit(75);
    }
    await new Promise((later) => setTimeout(later, CONNECT_EVERY_MS));
  }
}

function listens(port) {
  return new Promise((done) => {
    const probe = net.connect(port, '127.0.0.1');
    probe.once('connect', () => {
      probe.destroy();
      done(true);
    });
    probe.once('error', () => done(false));
  });
}
