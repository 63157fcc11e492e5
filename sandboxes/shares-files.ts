/**
 * Whether an engine's sandboxes see this machine's folders and can talk to a socket in them. An engine
 * elsewhere has folders of the same names with other things in them, and Docker Desktop passes folders
 * on but no sockets; so a word is read back through both.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { Fault } from '../orchestrator/domain/faults.ts';
import { EngineFault } from './engine-call.ts';
import { DOCTOR_RUN } from './engine-names.ts';
import { lookFolders, lookId } from './looks.ts';
import type { SandboxSpec } from './spec.ts';
import { folderMount, type Shop } from './tool.ts';

const PROBE_MS = 30_000;
/** An engine answers so to a mount of what it has not. */
const REFUSED = 400;
/** What its comparison ends with. One that somebody kills ends with another number. */
const DIFFERS = 1;
/** Its exit code is the answer: a log that is followed may lose its last line. */
const COMPARE = `[ "$(cat /workspace/marker)$(node -e "
  require('node:net').connect('/run/proofhouse/gateway.sock').pipe(process.stdout)")" = "$0" ]`;

export type Shared = Pick<Shop, 'engine' | 'image'> & {
  readonly home: string;
  readonly runtime: string;
};

export async function sharesFiles(shared: Shared, signal: AbortSignal): Promise<boolean> {
  const id = lookId();
  const [read, heard] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
  const { folder, launch } = lookFolders(shared, id);
  const server = net.createServer((socket) => void socket.on('error', () => {}).end(heard));
  const spec = await specOf(shared, { id, folder, launch, word: `${read}${heard}` });
  try {
    for (const made of [folder, launch]) await mkdir(made, { recursive: true, mode: 0o755 });
    await writeFile(path.join(folder, 'marker'), read, { mode: 0o644 });
    const socket = path.join(launch, 'gateway.sock');
    await new Promise<void>((ready) => server.listen(socket, ready));
    await chmod(socket, 0o666);
    return await agrees(shared, spec, signal);
  } finally {
    await shared.engine.remove(spec.name);
    server.close();
    await rm(folder, { recursive: true, force: true });
    await rm(launch, { recursive: true, force: true });
    // Another look may be under way in there.
    await rmdir(path.dirname(launch)).catch(() => {});
  }
}

async function agrees(
  { engine }: Shared,
  spec: SandboxSpec,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await engine.ensure(spec);
  } catch (thrown) {
    if (thrown instanceof EngineFault && thrown.status === REFUSED) return false;
    throw thrown;
  }
  const end = await engine.follow(spec, async () => {}, signal);
  // Only what it said itself is an answer: one that vanished or hung was asked nothing.
  if (end.ended === 'exited' && (end.exitCode === 0 || end.exitCode === DIFFERS))
    return end.exitCode === 0;
  const how = `${end.ended} with ${end.exitCode}`;
  throw new Fault('engine_failed', `the sandbox that looks for our files ${how}`);
}

async function specOf(
  shop: Shared,
  { id, folder, launch, word }: Record<'id' | 'folder' | 'launch' | 'word', string>,
): Promise<SandboxSpec> {
  return {
    name: `proofhouse-doctor-${id}`,
    run: DOCTOR_RUN,
    role: 'checkout',
    image: await shop.image('base'),
    mounts: [folderMount(folder, '/workspace'), folderMount(launch, '/run/proofhouse')],
    env: { HOME: '/home/agent' },
    argv: ['/bin/sh', '-euc', COMPARE, word],
    workingDir: '/',
    joins: null,
    limits: { memoryBytes: 256 * 2 ** 20, cpus: 1, pids: 32, wallMs: PROBE_MS },
  };
}
