/**
 * What each agent CLI that is installed here costs in its sandbox, with a model that answers at once:
 *
 *   npm run bench:agents               five runs of each
 *   npm run bench:agents -- --runs 3
 *
 * FIRST REQUEST is from the first line of the sandbox, which it prints before it starts the agent, to the first
 * request that reaches the model. PEAK is the kernel's high-water mark of the sandbox: memory of all its
 * programs, files that it keeps in memory, and pages of its image that nobody had read before. Needs the engine
 * and the images. What it makes, it removes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { ModelUpstream } from '../gateway/model/upstream.ts';
import { SHOP } from '../orchestrator/commands/demo-shop.ts';
import {
  chooseModel,
  openFactory,
  openModel,
  runtimeFolder,
  unmountAll,
} from '../orchestrator/compose.ts';
import type { AgentName } from '../orchestrator/domain/agent-lock.ts';
import { lockedAgents } from '../orchestrator/intake/agents-lock.ts';
import type { SandboxCommand } from '../orchestrator/ports.ts';
import {
  EDITED,
  editedFile,
  installed,
  type Ran,
  realRun,
} from '../test/scenarios/agents/real-run.ts';
import { aligned, spread } from './measure.ts';

const MIB = 2 ** 20;
const PEAK = 'BENCH-PEAK ';
const PEAK_FILES = '/sys/fs/cgroup/memory.peak /sys/fs/cgroup/memory/memory.max_usage_in_bytes';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } } });
const n = z.coerce.number().int().min(1).max(100).parse(values.runs);
const scratch = await mkdtemp(path.join(tmpdir(), 'proofhouse-bench-'));
const lock = lockedAgents();
try {
  const rows = [['AGENT', 'VERSION', 'N', 'EDITS', 'FIRST REQUEST MS', 'PEAK MIB']];
  for (const name of await whoIsHere()) rows.push(await rowOf(name));
  process.stdout.write(`${aligned(rows)}\nNumbers are min / median / max.\n`);
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function rowOf(name: AgentName): Promise<string[]> {
  const runs: Ran[] = [];
  for (let at = 0; at < n; at += 1) {
    process.stderr.write(`bench: ${name} ${at + 1} of ${n}\n`);
    runs.push(await oneRun(name, at));
  }
  const edits = runs.filter((run) => run.file(editedFile(name)) === EDITED).length;
  const first = spreadOf(runs.map(({ firstAskedMs }) => firstAskedMs));
  const peak = spreadOf(runs.map(peakMiB));
  return [name, lock[name].version, String(n), `${edits} of ${n}`, first, peak];
}

function spreadOf(values: readonly number[]): string {
  const { min, median, max } = spread(values);
  return [min, median, max].map((one) => one.toFixed(0)).join(' / ');
}

async function oneRun(name: AgentName, at: number): Promise<Ran> {
  const closing: (() => Promise<void>)[] = [];
  try {
    const home = path.join(scratch, `${name}-${at}`);
    const open = async ({ model }: { model: ModelUpstream }) => opened(home, model, closing);
    const ran = await realRun(open, name, { instead: withPeak });
    // Read while the forge is there.
    const edited = ran.file(editedFile(name));
    return { ...ran, file: () => edited };
  } finally {
    for (const close of closing) await close();
  }
}

function opened(home: string, model: ModelUpstream, closing: (() => Promise<void>)[]) {
  const factory = openFactory({
    ...{ home, model, secrets: [], above: [], runtime: null },
    clock: () => new Date(),
  });
  closing.push(async () => {
    await factory.engine.removeAll('instance');
    await unmountAll(factory.home);
    factory.close();
    await rm(runtimeFolder(factory.home), { recursive: true, force: true });
  });
  return factory;
}

/** The kernel's own high-water mark of the sandbox, said when the agent is through. */
function withPeak(command: SandboxCommand): SandboxCommand {
  const script = `"$@"; echo "${PEAK}$(cat ${PEAK_FILES} 2>/dev/null | head -n 1)"`;
  return { ...command, argv: ['sh', '-c', script, 'sh', ...command.argv] };
}

function peakMiB({ lines }: Ran): number {
  const line = lines.find(({ text }) => text.startsWith(PEAK))?.text ?? PEAK;
  return Number(line.slice(PEAK.length)) / MIB;
}

async function whoIsHere(): Promise<readonly AgentName[]> {
  const closing: (() => Promise<void>)[] = [];
  const model = await openModel(chooseModel({}, path.join(SHOP, 'models')));
  try {
    return await installed(opened(path.join(scratch, 'looking'), model, closing));
  } finally {
    for (const close of closing) await close();
  }
}
