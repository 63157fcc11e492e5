/**
 * Where things lie in the data directory.
 *
 *   users/<uid>                                which repository's sandboxes are this user
 *   repositories/<key>/mirror.git              bare copy of the forge's repository
 *   repositories/<key>/snapshots/<commit>      checked-out base commits, never written again
 *   repositories/<key>/histories/<commit>      their past and nothing else, never written again
 *   repositories/<key>/dependencies/<key>      what the dependency commands made, never written again
 *   repositories/<key>/trees/<base>-<tree>     what turns the base's snapshot into a sealed tree
 *   runs/<run>/<attempt>/change.git            quarantine with the attempt's new objects
 *   runs/<run>/<attempt>/workspace/{upper,work}   on a file system of its own where one can be mounted
 *   runs/<run>/<attempt>/out-<part>            what a sandbox left for the controller
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Digest, RunId, Sha } from '../../orchestrator/domain/ids.ts';

export type Folders = ReturnType<typeof folders>;

export function folders(home: string) {
  const repository = (named: string): string => path.join(home, 'repositories', keyOf(named));
  const attempt = (run: RunId, number: number): string =>
    path.join(home, 'runs', run, String(number));
  return {
    home,
    users: path.join(home, 'users'),
    key: keyOf,
    repository,
    mirror: (named: string) => path.join(repository(named), 'mirror.git'),
    snapshot: (named: string, commit: Sha) => path.join(repository(named), 'snapshots', commit),
    histories: (named: string) => path.join(repository(named), 'histories'),
    history: (named: string, commit: Sha) => path.join(repository(named), 'histories', commit),
    dependencies: (named: string, key: Digest) =>
      path.join(repository(named), 'dependencies', key.slice(7, 39)),
    tree: (named: string, base: Sha, tree: Sha) =>
      path.join(repository(named), 'trees', `${base}-${tree}`),
    runs: path.join(home, 'runs'),
    run: (run: RunId) => path.join(home, 'runs', run),
    attempt,
    quarantine: (run: RunId, number: number) => path.join(attempt(run, number), 'change.git'),
    /** What the quota holds: both of the folders below. */
    workspace: (run: RunId, number: number) => path.join(attempt(run, number), 'workspace'),
    upper: (run: RunId, number: number) => path.join(attempt(run, number), 'workspace', 'upper'),
    work: (run: RunId, number: number) => path.join(attempt(run, number), 'workspace', 'work'),
    out: (run: RunId, number: number, part: string) =>
      path.join(attempt(run, number), `out-${part}`),
  };
}

/** Names made of hex digits only: overlay options split on characters that a repository's name may hold. */
function keyOf(repository: string): string {
  return createHash('sha256').update(repository).digest('hex').slice(0, 16);
}
