/**
 * What a start costs and how much of it could be paid before (docs/decisions/018), what an idle sandbox
 * holds meanwhile, opening and closing, and the controller's pulse while every sandbox spins.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as later } from 'node:timers/promises';
import { newRunId } from '../orchestrator/commands/names.ts';
import { type Factory, runtimeFolder } from '../orchestrator/compose.ts';
import type { SandboxSpec } from '../sandboxes/spec.ts';
import { inTurn, type Row, timed } from './measure.ts';

const MIB = 2 ** 20;
const PAGE_BYTES = 4096;
const SPINNERS = 4;
const PULSE_MS = 3000;
const never = new AbortController().signal;
const COLD = 'agent sandbox, make to first output';

/** What the first program of a sandbox would do in a pool: wait for what to start. */
const WAITS = `const { existsSync } = require('node:fs');
const look = () => existsSync('/run/proofhouse/go') ? (console.log('started'), process.exit()) : setTimeout(look, 5);
look();`;
const SPINS = 'while :; do :; done & while :; do :; done';

export async function lifecycleRows(n: number, factory: Factory): Promise<Row[]> {
  const image = await factory.tools.image('base');
  const against = { floor: COLD, bound: 'see decisions/018' };
  return [
    ...(await inTurn(n, [
      { what: COLD, against: null, go: () => started(factory, image, 'nothing') },
      {
        what: 'the same, started before and waiting',
        against,
        go: () => started(factory, image, 'running'),
      },
    ])),
    await idleMemory(n, factory, image),
    ...(await pulses(factory, image)),
  ];
}

/** From the moment at which what to start is known, with this much done before. */
async function started(
  factory: Factory,
  image: string,
  before: 'nothing' | 'running',
): Promise<number> {
  const { spec, go } = sandbox(factory, image, ['/usr/local/bin/node', '-e', WAITS]);
  if (before === 'running') {
    await factory.engine.ensure(spec);
    // Node is up by then.
    await later(500);
  }
  const ms = await timed(async () => {
    go();
    await factory.engine.ensure(spec);
    await factory.engine.follow(spec, async () => {}, never);
  });
  await factory.engine.remove(spec.name);
  return ms;
}

async function idleMemory(n: number, factory: Factory, image: string): Promise<Row> {
  const values: number[] = [];
  for (let at = 0; at < Math.min(n, 5); at += 1) {
    const { spec } = sandbox(factory, image, ['/usr/local/bin/node', '-e', WAITS]);
    await factory.engine.ensure(spec);
    await later(1000);
    values.push(residentOf(spec.name) / MIB);
    await factory.engine.remove(spec.name);
  }
  return {
    what: 'memory of a sandbox that waits, with its shim',
    unit: 'MiB',
    values,
    against: null,
  };
}

/** Pages of its processes and of the engine's process beside it. */
function residentOf(name: string): number {
  const id = execFileSync('docker', ['inspect', '--format', '{{.Id}}', name], { encoding: 'utf8' });
  const isOf = (pid: string): boolean =>
    [`/proc/${pid}/cgroup`, `/proc/${pid}/cmdline`].some((file) => read(file).includes(id.trim()));
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && isOf(pid))
    .reduce((sum, pid) => sum + Number(read(`/proc/${pid}/statm`).split(' ')[1]) * PAGE_BYTES, 0);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** RES-05: how late the controller's own work comes while every sandbox spins on every core. */
async function pulses(factory: Factory, image: string): Promise<Row[]> {
  const idle = 'event loop late by (p99), nothing runs';
  const spec = () => sandbox(factory, image, ['/bin/sh', '-c', SPINS]).spec;
  const alone = [await pulse(), await pulse(), await pulse()];
  const specs = Array.from({ length: SPINNERS }, spec);
  for (const one of specs) await factory.engine.ensure(one);
  const beside = [await pulse(), await pulse(), await pulse()];
  for (const { name } of specs) await factory.engine.remove(name);
  return [
    { what: idle, unit: 'ms', values: alone, against: null },
    {
      ...{ what: `event loop late by (p99), ${SPINNERS} sandboxes spin`, unit: 'ms' },
      ...{ values: beside, against: { floor: idle, bound: '< 100 ms' } },
    },
  ];
}

async function pulse(): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  await later(PULSE_MS);
  delay.disable();
  return Math.max(0, delay.percentile(99) / 1e6 - 10);
}

function sandbox({ home }: Factory, image: string, argv: readonly string[]) {
  const run = newRunId();
  const folder = path.join(runtimeFolder(home), run, '1-bench');
  mkdirSync(folder, { recursive: true });
  const spec: SandboxSpec = {
    ...{ name: `proofhouse-${run}-1-bench`, run, role: 'agent', image, argv },
    mounts: [{ kind: 'folder', source: folder, target: '/run/proofhouse', writable: false }],
    ...{ env: { HOME: '/home/agent' }, workingDir: '/', joins: null },
    limits: { memoryBytes: 512 * MIB, cpus: 2, pids: 128, wallMs: 60_000 },
  };
  return { spec, go: () => writeFileSync(path.join(folder, 'go'), '') };
}
