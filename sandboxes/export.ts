/**
 * Takes a tree out of a workspace, in a sandbox of its own. What stops the exporter lies in the
 * workspace: a folder that git will not take, a file that nobody may read, more than there is room
 * for. So it refuses the change; only a sandbox that vanished or a full disk is broken machinery.
 */
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Finding } from '../orchestrator/domain/check.ts';
import { asFault, Fault } from '../orchestrator/domain/faults.ts';
import type { Sha } from '../orchestrator/domain/ids.ts';
import type { Place, Workspaces } from '../orchestrator/ports.ts';
import { readOut } from './out-folder.ts';
import type { Folders } from './source/folders.ts';
import { CHANGE_MAX, ingest } from './source/quarantine.ts';
import { type Around, runAndTake, type Shop, type ToolRun } from './tool.ts';

const CHARACTERS_MAX = 2000;
/** Names in one finding; thousands would drown the journal. */
const HIDDEN_SHOWN = 20;
/** With this much left, what was full was the exporter's own scratch space. */
const FREE_BYTES_MIN = 256 * 2 ** 20;

/** `hidden` are paths, each ended by a NUL, that only the tree's own ignore files would leave out. */
export type Exported = {
  readonly pack: string;
  readonly tree: string;
  readonly hidden: Uint8Array;
};

type Exporting<T> = {
  readonly run: Omit<ToolRun, 'code'>;
  /** The folder that it writes to. */
  readonly out: string;
  readonly around: Around;
  readonly take: (exported: Exported) => Promise<T>;
};

export async function exportTree<T>(
  shop: Shop,
  { out, run, around, take }: Exporting<T>,
  signal: AbortSignal,
): Promise<T | { refused: Finding[] }> {
  const tool = { ...run, code: 'change_refused' } as const;
  try {
    return await runAndTake(
      shop,
      { ...around, tool, take: async () => take(await exported(out)) },
      signal,
    );
  } catch (thrown) {
    signal.throwIfAborted();
    const fault = asFault(thrown);
    if (fault.code === 'disk_full' && (await freeBytes(out)) > FREE_BYTES_MIN)
      return refused('the change is larger than what a workspace has room to hand out');
    if (fault.code !== 'change_refused') throw thrown;
    return refusedBy(fault.message);
  }
}

async function exported(out: string): Promise<Exported> {
  const left = await readOut(out);
  if ('tooMuch' in left) throw new Fault('engine_failed', left.tooMuch);
  const bytes = (file: string): Buffer =>
    Buffer.from(left.files.find(({ name }) => name === file)?.bytes ?? []);
  return {
    pack: path.join(out, 'pack'),
    tree: bytes('tree').toString(),
    hidden: bytes('hidden'),
  };
}

/** They are part of the change; whoever looks at it is told what an ignore file would have hidden. */
function hiddenFindings(hidden: Uint8Array): Finding[] {
  const names = Buffer.from(hidden).toString('latin1').split('\0').filter(Boolean);
  if (names.length === 0) return [];
  const shown = names.slice(0, HIDDEN_SHOWN).map((name) => JSON.stringify(name.slice(0, 300)));
  const rest = names.length > HIDDEN_SHOWN ? ` and ${names.length - HIDDEN_SHOWN} more` : '';
  const message = `an ignore file of the change would hide ${shown.join(', ')}${rest}; what the base commit does not ignore is part of the change`;
  return [{ validator: 'entries', code: 'ignore_widened', message }];
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** What the exporter is told: from what it starts, and how much may leave. */
export const exportEnv = (base: Sha): Readonly<Record<string, string>> => ({
  BASE: base,
  ENTRIES_MAX: String(CHANGE_MAX.entries),
  BLOB_BYTES_MAX: String(CHANGE_MAX.blobBytes),
  BYTES_MAX: String(CHANGE_MAX.bytes),
});

/** Brings what came out into the quarantine of its attempt, with what is to be told of it. */
export async function takeIn(
  folders: Folders,
  { run, attempt, repository, base }: Place,
  exported: Exported,
): ReturnType<Workspaces['seal']> {
  const into = { folder: folders.quarantine(run, attempt), mirror: folders.mirror(repository) };
  const taken = await ingest(into, exported.pack, exported.tree, base);
  return 'refused' in taken ? taken : { ...taken, findings: hiddenFindings(exported.hidden) };
}

/** By what the exporter said when it stopped. */
export function refusedBy(message: string): { refused: Finding[] } {
  return refused(`git would not take the workspace: ${message.slice(0, CHARACTERS_MAX)}`);
}

function refused(message: string): { refused: Finding[] } {
  return { refused: [{ validator: 'entries', code: 'change_refused', message }] };
}
