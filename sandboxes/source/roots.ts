/** Names at the root of many commits, from the bytes of their trees: one run of git for all. */
import type { Sha } from '../../orchestrator/domain/ids.ts';
import type { RunGit } from './blobs.ts';

const OID_BYTES = 20;

/** The names of each commit or tree, in the order asked for. */
export async function rootNames(run: RunGit, commits: readonly Sha[]): Promise<string[][]> {
  if (commits.length === 0) return [];
  const input = Buffer.from(commits.map((commit) => `${commit}^{tree}\n`).join(''));
  const { stdout } = await run(['cat-file', '--batch', '--buffer'], { input });
  let at = 0;
  return commits.map(() => {
    // `OID tree SIZE`, the bytes, and a line feed.
    const start = stdout.indexOf(10, at) + 1;
    const end = start + Number(stdout.toString('latin1', at, start).split(' ')[2]);
    at = end + 1;
    return namesIn(stdout.subarray(start, end));
  });
}

/** `MODE NAME`, a NUL and the object id, over and over. */
function namesIn(tree: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; at < tree.length; ) {
    const blank = tree.indexOf(32, at);
    const end = tree.indexOf(0, blank);
    names.push(tree.toString('utf8', blank + 1, end));
    at = end + 1 + OID_BYTES;
  }
  return names;
}
