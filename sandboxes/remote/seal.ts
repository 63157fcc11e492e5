/** Change out of an engine elsewhere: the tree's id and one pack come as the output of a carrier. */
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { Finding } from '../../orchestrator/domain/check.ts';
import { asFault } from '../../orchestrator/domain/faults.ts';
import type { DependencyPlan, Place, Workspaces } from '../../orchestrator/ports.ts';
import { needFreeSpace } from '../free-space.ts';
import { ingest, PACK_BYTES_MAX } from '../source/quarantine.ts';
import { emptyFolder, volumeMount } from '../tool.ts';
import { sandboxName, volumeName } from '../workspaces/names.ts';
import { type Errand, sendInto } from './exchange.ts';
import type { Far, Volumes } from './volumes.ts';

const CHARACTERS_MAX = 2000;
/** A tree's id and its line feed, in either length of git's. */
const ID_BYTES_MAX = 65;
const LF = 10;

export async function sealFrom(
  far: Far,
  volumes: Volumes,
  { place, plan }: { readonly place: Place; readonly plan: DependencyPlan | null },
  signal: AbortSignal,
): ReturnType<Workspaces['seal']> {
  const { engine, folders } = far;
  // Every process of the agent dies with its sandbox; nothing writes while the tree is read.
  await engine.remove(sandboxName(place, 'agent'));
  await needFreeSpace(folders.home);
  const out = await emptyFolder(folders.out(place.run, place.attempt, 'export'), far.uid);
  const errand: Errand = {
    place,
    part: 'export',
    script: 'export.sh',
    env: { BASE: place.base },
    mounts: [
      volumeMount(volumeName(place), '/workspace'),
      await volumes.mirror(place, signal),
      ...(await volumes.layer(place, plan)),
    ],
    code: 'change_refused',
    bytesMax: PACK_BYTES_MAX + ID_BYTES_MAX,
  };
  const taken = await takeOut(far, errand, path.join(out, 'pack'), signal);
  if ('refused' in taken) return taken;
  const into = {
    folder: folders.quarantine(place.run, place.attempt),
    mirror: folders.mirror(place.repository),
  };
  return ingest(into, taken.pack, taken.tree, place.base);
}

async function takeOut(
  far: Far,
  errand: Errand,
  pack: string,
  signal: AbortSignal,
): Promise<{ pack: string; tree: string } | { refused: Finding[] }> {
  const file = await open(pack, 'wx');
  let [tree, isWhole] = ['', false];
  const take = async (bytes: Buffer): Promise<void> => {
    const end = isWhole ? -1 : bytes.indexOf(LF);
    if (!isWhole) tree += bytes.subarray(0, end < 0 ? bytes.length : end).toString('latin1');
    if (!isWhole && end < 0) return;
    isWhole = true;
    await file.writeFile(bytes.subarray(end + 1));
  };
  try {
    await sendInto(far, errand, take, signal);
    return { pack, tree };
  } catch (thrown) {
    signal.throwIfAborted();
    // What stops an exporter lies in the workspace, its scratch space being full too.
    const { code, message } = asFault(thrown);
    if (code !== 'change_refused' && code !== 'disk_full') throw thrown;
    return refused(`git would not take the workspace: ${message.slice(0, CHARACTERS_MAX)}`);
  } finally {
    await file.close();
  }
}

function refused(message: string): { refused: Finding[] } {
  return { refused: [{ validator: 'entries', code: 'change_refused', message }] };
}
