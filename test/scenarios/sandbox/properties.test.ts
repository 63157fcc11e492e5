/** What a sandbox is, seen from inside and from the engine; and that the probe would see it otherwise. */
import { execFile } from 'node:child_process';
import dgram from 'node:dgram';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import type { Factory } from '../../../orchestrator/compose.ts';
import { seccompText } from '../../../sandboxes/seccomp.ts';
import { leftOver, testFactory } from '../support.ts';
import { tinyRepository } from '../tiny.ts';
import { attemptsOn, node, sh } from './attempt.ts';

const PROBE = readFileSync(new URL('./probe.mjs', import.meta.url), 'utf8');
const CANARY = 'canary-4f1c2a9e77d0';
const MIB = 2 ** 20;
const run = promisify(execFile);

const words = z.array(z.string());
const Seen = z.object({
  ...{ interfaces: words, routes: z.int(), host: z.string(), metadata: z.string() },
  ...{ name: z.string(), resolver: z.string(), effective: z.string(), bounding: z.string() },
  ...{ noNewPrivileges: z.string(), seccomp: z.string(), uid: z.int(), root: words, kernel: words },
  ...{ launch: z.string(), writable: words, environment: words, first: words, sockets: words },
  ...{ setuid: words, mount: z.string(), unshare: words, node: z.string() },
  ...{ large: z.string(), processes: z.int() },
});

describe('a sandbox, from inside', () => {
  it('has no network, no rights and no place but its own; a weak container has them all', async () => {
    vi.stubEnv('PROOFHOUSE_TEST_TOKEN', CANARY);
    const { factory, attempts } = await tiny('properties');
    const counted = await countingPort();
    const place = await attempts.open();
    const socketPath = await factory.tools.workspaces.socketPath(place, 'agent');
    const budget = { microUsd: null, tokens: null, turns: null };
    const asked = {
      socketPath,
      run: attempts.run,
      attempt: 1,
      to: 'nothing',
      reaches: () => false,
      packages: { names: [], tarballs: [] },
      harness: null,
      budget,
    } as const;
    const door = await factory.tools.doors.open(asked);
    const ours = await attempts.work(place, [
      ...node(PROBE),
      '--',
      hostAddress(),
      String(counted.port),
    ]);
    await door.close();
    const inside = Seen.parse(JSON.parse(ours.lines.at(-1) ?? ''));
    expect(counted.reached()).toBe(0);

    expect(inside).toMatchObject({
      interfaces: ['lo'],
      routes: 0,
      host: 'ENETUNREACH',
      metadata: 'ENETUNREACH',
      effective: '0000000000000000',
      bounding: '0000000000000000',
      noNewPrivileges: '1',
      seccomp: '2',
      root: ['EROFS', 'EROFS', 'EROFS', 'EROFS', 'EROFS'],
      kernel: [expect.stringMatching(/^E(ROFS|ACCES|PERM)$/)],
      sockets: ['/run/proofhouse/gateway.sock'],
      setuid: [],
      large: 'EFBIG',
    });
    expect(inside.uid).toBeGreaterThan(0);
    expect(inside.name).toMatch(/^E(CONNREFUSED|TIMEOUT|SERVFAIL|NOTFOUND)$/);
    expect(nameservers(inside.resolver)).toEqual(['127.0.0.1']);
    expect(inside.processes).toBeLessThan(512);
    expect([inside.mount, inside.node, ...inside.unshare]).not.toContain('done');
    expect(inside.environment).toEqual(expect.not.arrayContaining(['PROOFHOUSE_TEST_TOKEN']));
    expect(inside.first.join('\n')).not.toContain(CANARY);
    expect(await attempts.discard()).toEqual([]);

    const weak = await weakContainer(factory, counted.port);
    expect(counted.reached()).toBeGreaterThan(0);
    expect(weak.interfaces).not.toEqual(['lo']);
    expect(weak).toMatchObject({
      host: 'connected',
      seccomp: '0',
      noNewPrivileges: '0',
      root: ['done', 'done', 'done', 'done', 'done'],
      kernel: ['done'],
      launch: 'done',
      mount: 'done',
      node: 'done',
      large: 'done',
      unshare: ['done', 'done', 'done'],
      processes: 700,
    });
    expect(weak.routes).toBeGreaterThan(0);
    expect(weak.metadata).not.toBe('ENETUNREACH');
    expect(weak.effective).not.toBe(inside.effective);
    expect(weak.bounding).not.toBe(inside.bounding);
    expect(nameservers(weak.resolver)).not.toEqual(nameservers(inside.resolver));
    expect(weak.writable).toContain('/');
    expect(weak.first).toContain(`PROOFHOUSE_TEST_TOKEN=${CANARY}`);
    expect(weak.sockets).toContain('/run/docker.sock');
    expect(weak.setuid).toContain('/opt/setuid');
  });

  it('ends with a code when it takes more memory than it has', async () => {
    const { attempts } = await tiny('memory');
    const hog = `const held = []; for (let n = 0; n < 40; n += 1) held.push(Buffer.alloc(${16 * MIB}, 1));
      console.log('held', held.length);`;
    const limits = { memoryBytes: 128 * MIB };
    const small = await attempts.work(await attempts.open(), node(hog), limits);
    expect(small.end.ended).toBe('oom');
    expect(small.lines).not.toContain('held 40');
    const large = await attempts.work(await attempts.open(), node(hog), {
      memoryBytes: 2048 * MIB,
    });
    expect(large).toMatchObject({ end: { ended: 'exited', exitCode: 0 }, lines: ['held 40'] });
    expect(await attempts.discard()).toEqual([]);
  });

  it('is ended at its time limit, with everything that it started', async () => {
    const { attempts } = await tiny('late');
    const stubborn = sh('trap "" TERM INT; setsid sleep 500 & sleep 500');
    const { end } = await attempts.work(await attempts.open(), stubborn, { wallMs: 2000 });
    expect(end.ended).toBe('timed_out');
    expect(await attempts.discard()).toEqual([]);
  });
});

describe('a sandbox, as the engine tells it', () => {
  it('was made with what was asked for and with nothing else', async () => {
    const { factory, attempts } = await tiny('inspected');
    const place = await attempts.open();
    const working = attempts.work(place, sh('sleep 500'));
    const name = `proofhouse-${attempts.run}-1-agent`;
    const told = await inspected(name);
    await factory.engine.kill(name);
    await working;
    expect(told.HostConfig).toMatchObject({
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      Privileged: false,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true', `seccomp=${seccompText()}`],
      IpcMode: 'private',
      PidsLimit: 512,
      Memory: 512 * MIB,
      MemorySwap: 512 * MIB,
      AutoRemove: false,
      RestartPolicy: { Name: 'no' },
    });
    for (const field of ['CapAdd', 'Devices', 'Binds', 'VolumesFrom', 'GroupAdd', 'PortBindings']) {
      expect(Object.keys(told.HostConfig[field] ?? {}), field).toEqual([]);
    }
    for (const field of ['PidMode', 'UTSMode', 'UsernsMode']) {
      expect(told.HostConfig[field], field).toBe('');
    }
    expect(told.HostConfig['MaskedPaths']).toContain('/proc/kcore');
    expect(told.AppArmorProfile).not.toBe('unconfined');
    expect(told.Config.User).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(told.Config.Env.map((one) => one.split('=')[0]).sort()).toEqual([
      'HOME',
      'LANG',
      'PATH',
    ]);
    expect(told.Mounts.map(({ Destination, RW }) => `${Destination} ${RW}`).sort()).toEqual([
      '/mirror false',
      '/run/proofhouse false',
      '/workspace true',
    ]);
    expect(told.Config.Labels['proofhouse.run']).toBe(attempts.run);
    expect(await attempts.discard()).toEqual([]);
    expect(leftOver(attempts.run)).toEqual([]);
  });
});

async function tiny(name: string) {
  const factory = await testFactory(name);
  const repository = tinyRepository(path.join(factory.home, 'tiny'));
  return { factory, attempts: await attemptsOn(factory, repository) };
}

/** A port of this host, for TCP and UDP, on every interface: what a guest may only dream of. */
async function countingPort() {
  let reached = 0;
  const tcp = net.createServer((socket) => {
    reached += 1;
    socket.destroy();
  });
  await new Promise<void>((ready) => tcp.listen(0, '0.0.0.0', ready));
  const { port } = z.object({ port: z.int() }).parse(tcp.address());
  const udp = dgram.createSocket('udp4', () => {
    reached += 1;
  });
  await new Promise<void>((ready) => udp.bind(port, '0.0.0.0', ready));
  onTestFinished(() => {
    tcp.close();
    udp.close();
  });
  return { port, reached: () => reached };
}

const WITHOUT_GUARDS = ['seccomp', 'apparmor', 'systempaths'];

/** The same image and probe with everything that guards a sandbox left out. */
async function weakContainer(factory: Factory, port: number): Promise<z.infer<typeof Seen>> {
  const launch = path.join(factory.home, 'weak-launch');
  mkdirSync(launch);
  writeFileSync(path.join(launch, 'probe.mjs'), PROBE);
  const script = 'mkdir -p /workspace; cp /bin/true /opt/setuid; chmod 4755 /opt/setuid';
  const { stdout } = await run('docker', [
    ...[
      'run',
      '--rm',
      '--label',
      'proofhouse-test=weak',
      '--user',
      '0:0',
      '--cap-add',
      'SYS_ADMIN',
    ],
    ...WITHOUT_GUARDS.flatMap((guard) => ['--security-opt', `${guard}=unconfined`]),
    ...['--env', `PROOFHOUSE_TEST_TOKEN=${CANARY}`],
    ...['--volume', `${launch}:/run/proofhouse`],
    ...['--volume', '/var/run/docker.sock:/run/docker.sock'],
    ...['--entrypoint', 'sh', await factory.tools.image('base'), '-c'],
    `${script}; exec node /run/proofhouse/probe.mjs ${hostAddress()} ${port}`,
  ]);
  return Seen.parse(JSON.parse(stdout));
}

/** An address of this host that a container on a bridge reaches. */
function hostAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const own = all.find(({ family, internal }) => family === 'IPv4' && !internal);
  if (own === undefined) throw new Error('this host has no address but its loopback');
  return own.address;
}

const Told = z.array(
  z.object({
    AppArmorProfile: z.string(),
    Config: z.object({
      User: z.string(),
      Env: words,
      Labels: z.record(z.string(), z.string()),
    }),
    HostConfig: z.record(z.string(), z.any()),
    Mounts: z.array(z.object({ Destination: z.string(), RW: z.boolean() })),
  }),
);

async function inspected(name: string) {
  const running = ['inspect', '--format', '{{.State.Running}}', name];
  await vi.waitFor(async () => expect((await run('docker', running)).stdout.trim()).toBe('true'), {
    timeout: 60_000,
    interval: 200,
  });
  const [told] = Told.parse(JSON.parse((await run('docker', ['inspect', name])).stdout));
  if (told === undefined) throw new Error(`${name} is not there`);
  return told;
}

function nameservers(resolver: string): string[] {
  return [...resolver.matchAll(/^nameserver\s+(\S+)/gm)].map(([, address = '']) => address);
}
