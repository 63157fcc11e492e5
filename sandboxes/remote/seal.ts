/** Change out of an engine elsewhere: the tree's id and one pack come as the output of a carrier. */
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { Finding } from '../../orchestrator/domain/check.ts';
import { asFault, Fault } from '../../orchestrator/domain/faults.ts';
import type { DependencyPlan, Place, Workspaces } from '../../orchestrator/ports.ts';
import { type Exported, exportEnv, refusedBy, takeIn } from '../export.ts';
import { needFreeSpace } from '../free-space.ts';
import { ignoredAt } from '../source/ignore.ts';
import { PACK_BYTES_MAX } from '../source/quarantine.ts';
import { emptyFolder, volumeMount } from '../tool.ts';
import { sandboxName, volumeName } from '../workspaces/names.ts';
import { type Errand, sendInto } from './exchange.ts';
import type { Far, Volumes } from './volumes.ts';

/** Of the lines before the pack, and of the names that ignore files would hide. */
const HEAD_BYTES_MAX = 256 * 1024;

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
  const mirror = folders.mirror(place.repository);
  const out = await emptyFolder(
    folders.out(place.run, place.attempt, 'export'),
    await far.uidOf(place.repository),
  );
  const errand: Errand = {
    place,
    part: 'export',
    script: 'export.sh',
    env: exportEnv(place.base),
    mounts: [
      volumeMount(volumeName(place), '/workspace'),
      await volumes.mirror(place, signal),
      ...(await volumes.layer(place, plan)),
    ],
    input: Buffer.from(await ignoredAt(mirror, place.base), 'latin1'),
    code: 'change_refused',
    bytesMax: PACK_BYTES_MAX + HEAD_BYTES_MAX,
  };
  const exported = await takeOut(far, errand, path.join(out, 'pack'), signal);
  return 'refused' in exported ? exported : takeIn(folders, place, exported);
}

async function takeOut(
  far: Far,
  errand: Errand,
  pack: string,
  signal: AbortSignal,
): Promise<Exported | { refused: Finding[] }> {
  const file = await open(pack, 'wx');
  const head = headReader();
  try {
    await sendInto(
      far,
      errand,
      async (bytes) => void (await file.writeFile(head.rest(bytes))),
      signal,
    );
    return { pack, ...head.read() };
  } catch (thrown) {
    signal.throwIfAborted();
    // What stops an exporter lies in the workspace, its scratch space being full too.
    const { code, message } = asFault(thrown);
    if (code !== 'change_refused' && code !== 'disk_full') throw thrown;
    return refusedBy(message);
  } finally {
    await file.close();
  }
}

/** Two lines, an id and a number of bytes, and so many bytes; what comes after them is a pack. */
export function headReader() {
  let [head, end]: [Buffer, number | null] = [Buffer.alloc(0), null];
  const hidden = { from: 0 };
  return {
    /** What of these bytes is the pack's. Throws where the start is none of an export. */
    rest(bytes: Buffer): Buffer {
      if (end !== null) return bytes;
      head = Buffer.concat([head, bytes]);
      const lines = /^([0-9a-f]{40}|[0-9a-f]{64})\n(\d{1,6})\n/.exec(
        head.toString('latin1', 0, 80),
      );
      if (lines === null && head.length > 80)
        throw new Fault('engine_failed', 'the exporter began with something else than a tree');
      if (lines === null) return Buffer.alloc(0);
      const until = lines[0].length + Number(lines[2]);
      if (head.length < until) return Buffer.alloc(0);
      hidden.from = lines[0].length;
      end = until;
      return head.subarray(until);
    },
    read(): Pick<Exported, 'tree' | 'hidden'> {
      if (end === null) throw new Fault('engine_failed', 'the exporter ended before its pack');
      const [tree = ''] = head.toString('latin1', 0, hidden.from).split('\n');
      return { tree, hidden: head.subarray(hidden.from, end) };
    },
  };
}
