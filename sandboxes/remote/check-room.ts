/** What a check is given on an engine elsewhere: a clone of the sealed tree, a volume for its reports. */
import { z } from 'zod';
import { Fault } from '../../orchestrator/domain/faults.ts';
import type { OutFile } from '../../orchestrator/ports.ts';
import { OUT, type OutFolder, SEEN } from '../out-folder.ts';
import { fullText, WORKSPACE_SIZE } from '../quota.ts';
import { volumeMount } from '../tool.ts';
import type { Checked, CheckRoom } from '../workspaces/check-room.ts';
import { sandboxName } from '../workspaces/names.ts';
import { followCounted } from './counted.ts';
import { send } from './exchange.ts';
import { type Far, filling, type Volumes } from './volumes.ts';

/** Of the line of names and sizes; a name in it may be escaped letter by letter. */
const LIST_BYTES_MAX = 16 * 2 ** 20;
const LF = 10;

export async function clonedRoom(
  far: Far,
  volumes: Volumes,
  { place, part, tree, plan }: Checked,
  signal: AbortSignal,
): Promise<CheckRoom> {
  const { engine } = far;
  const name = sandboxName(place, part);
  const out = `${name}-out`;
  const laid = { plan, tree: tree === null ? null : { id: tree, attempt: place.attempt } };
  const held = await volumes.lay(name, place, laid, signal);
  await engine.removeVolume(out);
  await engine.ensureVolume(out, place.run);
  const errand = { place, part: `${part}-out`, code: 'engine_failed' } as const;
  const mounts = [filling(out)];
  // Its first mount gives it the rights to be written to.
  await send(far, { ...errand, script: 'nothing.sh', mounts, bytesMax: 0 }, signal);
  return {
    mounts: [
      volumeMount(name, '/workspace', true),
      await volumes.history(place, signal),
      volumeMount(out, '/out', true),
    ],
    follow: async ({ spec, onLine }, until) => {
      const counted = {
        place,
        spec,
        volumes: [name, out],
        laid: held,
        size: WORKSPACE_SIZE,
      } as const;
      const { end, isOver } = await followCounted(far, counted, onLine, until);
      return { end, full: isOver ? fullText(WORKSPACE_SIZE) : null };
    },
    read: async () => {
      const args = [JSON.stringify({ root: '/out', ...SEEN, ...OUT })];
      const bytesMax = OUT.bytes + LIST_BYTES_MAX;
      const reading = { ...errand, script: 'collect.mjs', args, bytesMax };
      return filesIn(await send(far, { ...reading, mounts: [volumeMount(out, '/out')] }, signal));
    },
    clear: async () => {
      await engine.removeVolume(name);
      await engine.removeVolume(out);
    },
  };
}

const Listed = z.union([
  z.strictObject({ tooMuch: z.literal(true) }),
  z.strictObject({
    files: z
      .array(z.strictObject({ name: z.string(), size: z.int().min(0).max(OUT.fileBytes) }))
      .max(OUT.files),
    left: z.int().min(0).max(SEEN.entries),
  }),
]);

/** One line with names and sizes, then as many bytes. Throws where the two do not agree. */
export function filesIn(printed: Buffer): OutFolder {
  const end = printed.indexOf(LF);
  const listed = Listed.parse(JSON.parse(printed.subarray(0, Math.max(0, end)).toString()));
  if ('tooMuch' in listed) {
    const tooMuch = `the output folder has more than ${SEEN.entries} entries or ${SEEN.depth} levels; nothing in it was read`;
    return { tooMuch };
  }
  let at = end + 1;
  const files = listed.files.map(({ name, size }): OutFile => {
    at += size;
    return { name, bytes: printed.subarray(at - size, at) };
  });
  if (at !== printed.length)
    throw new Fault('engine_failed', 'the output folder came with other bytes than it lists');
  return { files, left: listed.left };
}
