/**
 * A tree put together out of two, without a work tree: in an index of our own, in the quarantine, which
 * is there only as long as it is written. Names are bytes all the way.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Sha } from '../../orchestrator/domain/ids.ts';
import type { RunGit } from './blobs.ts';

const NUL = 0;
const TAB = 9;
const NOTHING = '0'.repeat(40);

type Composing = {
  readonly base: Sha;
  readonly tree: Sha;
  readonly taken: (path: string) => boolean;
  /** Where the index may lie. */
  readonly folder: string;
};

export async function composeTree(
  run: RunGit,
  { base, tree, taken, folder }: Composing,
): Promise<Sha> {
  const index = path.join(folder, `index.${tree}`);
  const env = { GIT_INDEX_FILE: index };
  const isTaken = ({ name }: Listed): boolean => taken(name.toString('utf8'));
  await rm(index, { force: true });
  try {
    const gone = (await listed(run, tree)).filter(isTaken);
    const put = (await listed(run, base)).filter(isTaken);
    const lines = [
      ...gone.map(({ name }) => line(`0 ${NOTHING}`, name)),
      ...put.map(({ head, name }) => line(head, name)),
    ];
    await run(['read-tree', tree], { env });
    await run(['update-index', '--replace', '-z', '--index-info'], {
      env,
      input: Buffer.concat(lines),
    });
    const { stdout } = await run(['write-tree'], { env });
    return Sha.parse(stdout.toString().trim());
  } finally {
    await rm(index, { force: true });
    await rm(`${index}.lock`, { force: true });
  }
}

/** `head` is `MODE TYPE OID`, as both commands write and read it. */
type Listed = { readonly head: string; readonly name: Buffer };

function line(head: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${head}\t`), name, Buffer.from([NUL])]);
}

async function listed(run: RunGit, tree: Sha): Promise<Listed[]> {
  const { stdout } = await run(['ls-tree', '-r', '-z', '--full-tree', tree]);
  const all: Listed[] = [];
  for (let at = 0; at < stdout.length; ) {
    const end = stdout.indexOf(NUL, at);
    const row = stdout.subarray(at, end);
    const tab = row.indexOf(TAB);
    all.push({ head: row.subarray(0, tab).toString('latin1'), name: row.subarray(tab + 1) });
    at = end + 1;
  }
  return all;
}
