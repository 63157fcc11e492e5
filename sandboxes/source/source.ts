/** The `Source` port: what the controller reads from its own bare repositories. */
import { Sha } from '../../orchestrator/domain/ids.ts';
import type { Source } from '../../orchestrator/ports/source.ts';
import { onceEach } from '../once-each.ts';
import { composeTree } from './compose-tree.ts';
import type { Folders } from './folders.ts';
import { listPaths, readFile, updateMirror } from './mirror.ts';
import {
  lineCounts,
  measureBlobs,
  mergeOnto,
  type Quarantine,
  rawDiff,
  runIn,
  textDiff,
  treePaths,
  writeCommit,
} from './quarantine.ts';
import { rootNames } from './roots.ts';

export function openSource(folders: Folders): Source {
  const once = onceEach<void>();
  const quarantine = (place: {
    run: Parameters<Folders['quarantine']>[0];
    attempt: number;
    repository: string;
  }): Quarantine => ({
    folder: folders.quarantine(place.run, place.attempt),
    mirror: folders.mirror(place.repository),
  });
  return {
    // Runs of one repository start together, and two fetches at once would lock each other out.
    update: (repository, remote) => {
      const mirror = folders.mirror(repository);
      return once(mirror, () => updateMirror(mirror, remote));
    },
    read: (repository, commit, path) => readFile(folders.mirror(repository), commit, path),
    paths: (repository, commit) => listPaths(folders.mirror(repository), commit),
    rawEntries: (place, tree) => rawDiff(quarantine(place), place.base, tree),
    treePaths: (place, tree) => treePaths(quarantine(place), tree),
    measure: async (place, tree, entries) => ({
      ...(await lineCounts(quarantine(place), place.base, tree)),
      ...(await measureBlobs(quarantine(place), entries)),
      roots: (await rootNames(runIn(quarantine(place)), [place.base])).flat(),
    }),
    baseTree: async (place) => {
      const { stdout } = await runIn(quarantine(place))(['rev-parse', `${place.base}^{tree}`]);
      return Sha.parse(stdout.toString().trim());
    },
    withBaseFiles: (place, tree, taken) => {
      const at = quarantine(place);
      return composeTree(runIn(at), { base: place.base, tree, taken, folder: at.folder });
    },
    diff: (place, tree, maxBytes) => textDiff(quarantine(place), place.base, tree, maxBytes),
    commit: async (place, tree, message, at) => ({
      commit: await writeCommit(quarantine(place), place.base, tree, message, at),
      from: quarantine(place).folder,
    }),
    rebase: async (place, tree, onto) => {
      const at = quarantine(place);
      const ours = await writeCommit(at, place.base, tree, 'change', '2000-01-01T00:00:00Z');
      return mergeOnto(at, ours, onto);
    },
  };
}
