/**
 * First program in every sandbox: reads /run/proofhouse/launch.json, opens the loopback door to the
 * gateway's socket where there is one, starts the command, and ends with its exit code.
 *
 * The relay waits for a gateway that is not there yet: after a controller was killed, the next one
 * listens again on the same socket path, and the agent sees a slow model instead of a dead one.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

const CONNECT_FOR_MS = 60_000;
const CONNECT_EVERY_MS = 100;
const home = process.env.HOME;

const launch = JSON.parse(readFileSync('/run/proofhouse/launch.json', 'utf8'));
for (const [name, text] of Object.entries(launch.files)) {
  const file = path.join(home, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
if (launch.door !== null) await openDoor(launch.door);
if (launch.waitFor !== null) await answers(launch.waitFor);
const [program, ...args] = launch.argv;
const child = spawn(program, args, {
  cwd: launch.cwd,
  env: { ...process.env, ...launch.env },
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
