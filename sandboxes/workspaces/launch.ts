/** From a command that somebody wants run to the sandbox that runs it. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CheckCommand, Launch, Place, SandboxCommand } from '../../orchestrator/ports.ts';
import type { Role, SandboxSpec } from '../spec.ts';
import { folderMount } from '../tool.ts';
import type { Ground } from './house.ts';
import { sandboxName } from './names.ts';

const GATEWAY_PORT = 8080;
export const GATEWAY_URL = `http://127.0.0.1:${GATEWAY_PORT}`;

type Wanted = SandboxCommand & {
  readonly part: string;
  readonly role: Role;
  readonly door: boolean;
  readonly mounts: SandboxSpec['mounts'];
  readonly joins?: CheckCommand['joins'];
  /** Full name of the sandbox whose network this one shares. */
  readonly network?: string | null;
  /** A port of that network that must answer before the command starts. */
  readonly waitFor?: { readonly port: number; readonly timeoutMs: number };
};

export async function specOf(house: Ground, place: Place, wanted: Wanted): Promise<SandboxSpec> {
  const launch = await house.launch({ place, part: wanted.part }, launchFile(wanted));
  const joins = wanted.joins ?? null;
  return {
    name: sandboxName(place, wanted.part),
    run: place.run,
    uid: await house.uidOf(place.repository),
    role: wanted.role,
    image: await house.image(wanted.image),
    mounts: [...wanted.mounts, launch],
    env: { HOME: '/home/agent' },
    argv: ['/usr/local/bin/node', '/opt/proofhouse/launch.mjs'],
    workingDir: '/workspace',
    joins: joins === null ? (wanted.network ?? null) : sandboxName(place, joins.part),
    limits: { memoryBytes: wanted.memoryBytes, wallMs: wanted.wallMs, cpus: 2, pids: 512 },
  };
}

function launchFile({
  argv,
  env,
  files,
  door,
  joins,
  waitFor,
}: Launch & Pick<Wanted, 'door' | 'joins' | 'waitFor'>): string {
  return JSON.stringify({
    argv,
    env,
    files,
    cwd: '/workspace',
    door: door ? { port: GATEWAY_PORT, socket: '/run/proofhouse/gateway.sock' } : null,
    waitFor: joins ? { port: joins.port, timeoutMs: joins.waitMs } : (waitFor ?? null),
  });
}

/** On an engine that sees our folders. */
export function folderLaunch(runtime: string): Ground['launch'] {
  return async ({ place, part }, file) => {
    const launch = await launchFolder(runtime, place, part);
    await writeFile(path.join(launch, 'launch.json'), file);
    return folderMount(launch, '/run/proofhouse');
  };
}

/** The one folder of the host that a sandbox sees: what to start, and the socket. Read-only inside. */
export async function launchFolder(runtime: string, place: Place, part: string): Promise<string> {
  const folder = path.join(runtime, place.run, `${place.attempt}-${part}`);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await chmod(folder, 0o755);
  return folder;
}
