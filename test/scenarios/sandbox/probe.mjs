/**
 * Looks around from inside a sandbox and prints what it finds as one line of JSON. The same file runs
 * in a deliberately weak container, so that a probe that sees nothing is told from one that cannot see.
 * Arguments: an address and a port of the host, which counts what reaches it.
 */
import { execFileSync, spawn } from 'node:child_process';
import dns from 'node:dns/promises';
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';

const [host = '', port = ''] = process.argv.slice(-2);
const status = readFileSync('/proc/self/status', 'utf8');
const field = (name) => status.match(new RegExp(`^${name}:\\s*(\\S+)`, 'm'))?.[1];
const tried = (work) => {
  try {
    work();
    return 'done';
  } catch (error) {
    return error.code ?? `exit ${error.status}`;
  }
};
const run = (...argv) =>
  tried(() => execFileSync(argv[0], argv.slice(1), { stdio: 'ignore', timeout: 20_000 }));
const write = (file) => tried(() => writeFileSync(file, 'x'));
const found = (...args) => {
  const argv = ['/', '-path', '/proc', '-prune', '-o', '-path', '/sys', '-prune', '-o', ...args];
  try {
    return lines(
      execFileSync('find', argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
  } catch (error) {
    // Folders that it may not look into make it end with 1.
    return lines(error.stdout ?? '');
  }
};
const lines = (text) => text.split('\n').filter(Boolean);

function reach(host, at) {
  return new Promise((done) => {
    const socket = net.connect({ host, port: at, timeout: 1500 });
    socket.once('connect', () => done('connected'));
    socket.once('timeout', () => done('timeout'));
    socket.once('error', (error) => done(error.code));
  }).finally(() => {});
}

async function ask(server) {
  const resolver = new dns.Resolver({ timeout: 1500, tries: 1 });
  resolver.setServers([server]);
  return resolver.resolve4('probe.invalid').then(
    () => 'answered',
    (error) => error.code,
  );
}

/** How many processes there can be at once; 700 is more than a sandbox may have. */
function processes() {
  const children = [];
  for (let count = 0; count < 700; count += 1) {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    child.on('error', () => {});
    if (child.pid === undefined) break;
    children.push(child);
  }
  for (const child of children) child.kill('SIGKILL');
  return children.length;
}

/** Writable folders, without those below another. */
function writablePlaces() {
  const places = found('-type', 'd', '-writable', '-print').sort();
  return places.filter(
    (one) =>
      !places.some((other) => other !== one && one.startsWith(`${other === '/' ? '' : other}/`)),
  );
}

const seen = {
  interfaces: readdirSync('/sys/class/net').sort(),
  routes: lines(readFileSync('/proc/net/route', 'utf8')).length - 1,
  host: await reach(host, Number(port)),
  metadata: await reach('169.254.169.254', 80),
  name: await ask(`${host}:${port}`),
  resolver: readFileSync('/etc/resolv.conf', 'utf8'),
  effective: field('CapEff'),
  bounding: field('CapBnd'),
  noNewPrivileges: field('NoNewPrivs'),
  seccomp: field('Seccomp'),
  uid: process.getuid(),
  root: ['/usr/bin/x', '/etc/x', '/opt/proofhouse/x', '/var/tmp/x', '/x'].map(write),
  // Opened only: in a container without guards this is the host's own setting.
  kernel: [tried(() => closeSync(openSync('/proc/sys/kernel/core_pattern', 'r+')))],
  launch: write('/run/proofhouse/written'),
  writable: writablePlaces(),
  environment: Object.keys(process.env).sort(),
  first: lines(readFileSync('/proc/1/environ', 'utf8').replaceAll('\0', '\n')),
  // A socket that is mounted by itself passes for a file until it is looked at.
  sockets: found('(', '-type', 's', '-o', '-size', '0', ')', '-print').filter((file) =>
    lstatSync(file).isSocket(),
  ),
  setuid: found('-type', 'f', '-perm', '/6000', '-print'),
  mount: run('mount', '-t', 'tmpfs', 'none', '/tmp'),
  unshare: [
    run('unshare', '-U', 'true'),
    run('unshare', '-n', 'true'),
    run('unshare', '-m', 'true'),
  ],
  node: run('mknod', '/tmp/disk', 'b', '8', '0'),
  large: tried(() => {
    writeFileSync('/workspace/large', '');
    truncateSync('/workspace/large', 3 * 2 ** 30);
  }),
  processes: processes(),
};
process.stdout.write(`${JSON.stringify(seen)}\n`);
process.exit(0);
