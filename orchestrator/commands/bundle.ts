/** `run bundle RUN`: writes the evidence of a published change to a folder, to be handed over and checked. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Manifest } from '../../validators/evidence/bundle/manifest.ts';
import { MANIFEST, MANIFEST_ENVELOPE } from '../../validators/evidence/bundle/paths.ts';
import { asFault, Fault } from '../domain/faults.ts';
import { Digest } from '../domain/ids.ts';
import type { JournalEntry } from '../ports.ts';
import { type Context, type Exit, knownRun, show } from './context.ts';

export async function runBundle(context: Context, run: string, out: string | null): Promise<Exit> {
  const { store } = context.ledgers();
  const { id, journal } = await knownRun(store, run);
  const named = bundleIn(journal);
  if (named === null)
    throw new Fault('not_now', `${id} has no bundle; one is made when its change is published`);
  const folder = path.resolve(context.cwd, out ?? `evidence-${id}`);
  await newFolder(folder);
  try {
    const files = await writeAll(context, folder, named);
    show(
      context,
      () =>
        `${folder}  ${files} files, bundle ${named.manifest}\ncheck it with: ${context.command} verify ${folder}`,
      () => ({ folder, files, bundle: named.manifest }),
    );
    return 0;
  } catch (thrown) {
    // Half a bundle is told apart from a whole one by nobody but its check.
    await rm(folder, { recursive: true, force: true });
    throw thrown;
  }
}

type Named = { readonly manifest: Digest; readonly envelope: Digest };

function bundleIn(journal: readonly JournalEntry[]): Named | null {
  const opened = journal.findLast(({ event }) => event.type === 'pull_request_opened')?.event;
  return opened?.type === 'pull_request_opened' ? (opened.bundle ?? null) : null;
}

async function newFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    if ((await readdir(folder)).length === 0) return;
  } catch (cause) {
    throw new Fault('usage', `${folder}: ${asFault(cause).message}`, { cause });
  }
  throw new Fault('usage', `${folder} is not empty; name a new folder with --out`);
}

async function writeAll(context: Context, folder: string, named: Named): Promise<number> {
  const { evidence } = context.reading();
  const bytesOf = async (name: string, digest: Digest): Promise<Uint8Array> => {
    const bytes = await evidence.get(digest);
    if (bytes !== null) return bytes;
    throw new Fault(
      'evidence_missing',
      `${name} (${digest}) is not in the evidence store any more`,
    );
  };
  const listed = await bytesOf(MANIFEST, named.manifest);
  const { files } = Manifest.parse(JSON.parse(Buffer.from(listed).toString('utf8')));
  const all = [
    { path: MANIFEST, digest: named.manifest },
    { path: MANIFEST_ENVELOPE, digest: named.envelope },
    ...files.map((file) => ({ path: file.path, digest: Digest.parse(`sha256:${file.sha256}`) })),
  ];
  for (const file of all) {
    context.signal.throwIfAborted();
    const place = path.join(folder, file.path);
    await mkdir(path.dirname(place), { recursive: true });
    await writeFile(place, await bytesOf(file.path, file.digest), { flag: 'wx' });
  }
  return all.length;
}
