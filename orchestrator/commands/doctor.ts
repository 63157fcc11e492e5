/** `doctor`: what this machine has and lacks, as a table or as JSON. Exits 4 when a run should not start here. */
import { mkdir, realpath, statfs } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';
import type { LoadedPolicy } from '../../policies/parse.ts';
import { requiredBy, unmet } from '../../policies/require.ts';
import { type Engine, engineOf, NODE_INSIDE, recipesOf, seesOurs } from '../compose.ts';
import { hostFactsOf, quotaElsewhere } from '../compose-machine.ts';
import { doctorReport, type FactRow } from '../domain/doctor.ts';
import { asFault } from '../domain/faults.ts';
import type { EngineFacts, MachineFacts } from '../domain/machine.ts';
import { fitting } from '../scheduler.ts';
import { doctorText } from '../text/doctor.ts';
import { hostRows, machineRows, row } from '../text/machine-rows.ts';
import { type Context, type Exit, show } from './context.ts';
import { loadPolicies } from './policy.ts';

const GIB = 2 ** 30;
const DISK_BYTES_WANTED = 5 * GIB;
const PROBE_MS = 40_000;

export type DoctorOptions = {
  /** As `serve` would be told; null for the engine's own choice. */
  readonly runtime: 'runc' | 'runsc' | null;
  /** Policies whose `require:` is held against what is here, the uppermost first. */
  readonly policies: readonly string[];
};

export async function doctor(context: Context, options: DoctorOptions): Promise<Exit> {
  await mkdir(context.home, { recursive: true });
  const home = await realpath(context.home);
  const layers = await loadPolicies(context.cwd, options.policies);
  const [engine, found] = await Promise.all([lookAt(home, options), hostFactsOf(home)]);
  const host = 'isElsewhere' in engine && engine.isElsewhere ? quotaElsewhere(found) : found;
  const machine = 'facts' in engine ? { engine: engine.facts, host } : null;
  const report = doctorReport(
    [
      ...(machine === null ? [] : machineRows(machine)),
      ...engine.rows,
      ...hostRows(host, NODE_INSIDE),
      await diskRow('disk', context.home),
      memoryRow(),
      modelRow(context),
      row('data directory', 'good', context.home),
      ...(machine === null ? [] : requiredRows(layers, machine)),
    ],
    machine,
  );
  show(
    context,
    () => doctorText(report),
    () => report,
  );
  return report.worst === 'bad' ? 4 : 0;
}

/** A run under these policies is refused by each that is bad. */
function requiredRows(layers: readonly LoadedPolicy[], machine: MachineFacts): FactRow[] {
  if (layers.length === 0) return [];
  const lacks = unmet(layers, machine);
  return lacks.length === 0
    ? [row('required by the policy', 'good', requiredBy(layers).join('; ') || 'nothing')]
    : lacks.map(({ what, where, found, todo }) =>
        row(`required: ${what}`, 'bad', `${where}; found: ${found}`, todo),
      );
}

type Seen = { rows: FactRow[] } | { rows: FactRow[]; facts: EngineFacts; isElsewhere: boolean };

async function lookAt(home: string, { runtime }: DoctorOptions): Promise<Seen> {
  try {
    const engine = engineOf(home, runtime);
    await engine.needRuntime();
    const facts = await engine.describe();
    const images = await imageRow(home);
    const shared = await sharingRow(home, engine, images.state === 'good');
    const disk = await diskRow("disk of the engine's folder", facts.folder);
    return { facts, rows: [images, shared, disk], isElsewhere: shared.state === 'weak' };
  } catch (thrown) {
    const { message, todo, code } = asFault(thrown);
    return { rows: [row(code === 'runtime_missing' ? 'runtime' : 'docker', 'bad', message, todo)] };
  }
}

async function imageRow(home: string): Promise<FactRow> {
  const engine = engineOf(home);
  const missing: string[] = [];
  for (const { name, tag } of recipesOf()) {
    await engine.imageId(tag).catch(() => missing.push(name));
  }
  const tags = recipesOf().map(({ tag }) => tag);
  return missing.length === 0
    ? row('images', 'good', tags.join(', '))
    : row('images', 'bad', `missing: ${missing.join(', ')}`, 'Build them with scripts/setup.');
}

async function sharingRow(home: string, engine: Engine, hasImages: boolean): Promise<FactRow> {
  const what = "shares this machine's files";
  const todo = 'Use an engine that runs on this machine and sees its folders.';
  if (!hasImages)
    return row(what, 'unknown', 'not tried without images', 'Build the images first.');
  const until = AbortSignal.timeout(PROBE_MS);
  const seen = await seesOurs(home, engine, until).catch((thrown) => asFault(thrown));
  if (seen === true)
    return row(what, 'good', 'a sandbox read a file written here, and a socket opened here');
  const far = 'no: workspaces are cloned into volumes of the engine, and have no hard quota';
  return seen === false ? row(what, 'weak', far, todo) : row(what, 'bad', seen.message, todo);
}

async function diskRow(what: string, folder: string): Promise<FactRow> {
  const found = await statfs(folder).catch(() => null);
  if (found === null) return row(what, 'unknown', `${folder} is not to be seen from here`);
  const free = found.bavail * found.bsize;
  const text = `${(free / GIB).toFixed(1)} GiB free at ${folder}`;
  return row(
    what,
    free < DISK_BYTES_WANTED ? 'weak' : 'good',
    text,
    'Free some space: 5 GiB or more.',
  );
}

function modelRow(context: Context): FactRow {
  const { kind, shown } = context.model(null);
  return row('model', kind === 'none' ? 'weak' : 'good', shown, 'Name a model; see the README.');
}

function memoryRow(): FactRow {
  const runs = fitting(availableParallelism(), freemem());
  const [free, total] = [freemem(), totalmem()].map((bytes) => (bytes / GIB).toFixed(1));
  return row(
    'cores and memory',
    'good',
    `${availableParallelism()} cores, ${free} of ${total} GiB free: ${runs} runs at once`,
  );
}
