/**
 * What each agent CLI that is installed here costs in its sandbox, with a model that answers at once:
 *
 *   npm run bench:agents               n = 5
 *   npm run bench:agents -- --quick    n = 1
 *
 * Needs the engine and the images. What it makes, it removes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
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
import { spread } from './measure.ts';

const MIB = 2 ** 20;
const PEAK = 'BENCH-PEAK ';
const PEAK_FILES = '/sys/fs/cgroup/memory.peak /sys/fs/cgroup/memory/memory.max_usage_in_bytes';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const n = values.quick ? 1 : 5;
const scratch = await mkdtemp(path.join(tmpdir(), 'proofhouse-bench-'));
const lock = lockedAgents();
try {
  const lines = ['AGENT  VERSION  N  EDITS  FIRST REQUEST MS (MIN MEDIAN MAX)  PEAK MIB (MEDIAN)'];
  for (const name of await whoIsHere()) lines.push(await rowOf(name));
  process.stdout.write(`${lines.join('\n')}\n`);
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function rowOf(name: AgentName): Promise<string> {
  const runs: Ran[] = [];
  for (let at = 0; at < n; at += 1) {
    process.stderr.write(`bench: ${name} ${at + 1} of ${n}\n`);
    runs.push(await oneRun(name, at));
  }
  const first = spread(runs.map(({ firstAskedMs }) => firstAskedMs));
  const peak = spread(runs.map(peakMiB));
  const edits = runs.filter((run) => run.file('') === EDITED).length;
  const ms = [first.min, first.median, first.max].map((one) => one.toFixed(0)).join(' ');
  return [name, lock[name].version, n, `${edits} of ${n}`, ms, peak.median.toFixed(0)].join('  ');
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
