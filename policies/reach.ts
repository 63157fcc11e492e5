/**
 * What a change reaches without touching it: guarded files that import a changed one that no gate
 * guards, and guarded files that a changed one brings in, as where code is registered under a name.
 * A report for whoever decides; no verdict hangs on it, as imports can be hidden from any reader.
 */
import type { Facts } from '../orchestrator/domain/change.ts';
import type { Reach, ReachLine } from '../orchestrator/domain/explanation.ts';
import { gateMatcher, keyed } from './gates.ts';
import { guardsOf } from './layer.ts';
import type { LoadedPolicy } from './parse.ts';
import { importsOf } from './reach/imports.ts';
import { ALIAS_FILES, resolverOf } from './reach/resolve.ts';

/** A tree after a change. */
export type ReadTree = {
  readonly paths: readonly string[];
  /** Texts of its sources, by path. */
  readonly texts: ReadonlyMap<string, string>;
};

const SOURCES_MAX = 5_000;
export const SOURCES_BYTES_MAX = 32 * 1_024 * 1_024;
/** Of the whole tree: each is looked for under some thirty names. */
const IMPORTS_MAX = 200_000;
/** Changed files that are followed, and what is told of each and in all. */
const CHANGED_MAX = 500;
const OF_EACH_MAX = 3;
const LINES_MAX = 20;
const WAY_MAX = 5;

const SOURCE = /\.(?:[cm]?[jt]sx?|vue|svelte)$/;
const NOT_OURS = /(?:^|\/)(?:node_modules|vendor|dist|build)\//;

/** The files whose texts are needed, and whether that is all there are. */
export function sourcesOf(paths: readonly string[]): { wanted: string[]; isWhole: boolean } {
  const sources = paths.filter((path) => SOURCE.test(path) && !NOT_OURS.test(path));
  const aliases = ALIAS_FILES.filter((path) => paths.includes(path));
  const wanted = [...aliases, ...sources.slice(0, SOURCES_MAX)];
  return { wanted, isWhole: sources.length <= SOURCES_MAX };
}

export function reachOf(
  layers: readonly LoadedPolicy[],
  facts: Pick<Facts, 'entries' | 'target'>,
  tree: ReadTree,
): Reach {
  const gatesOn = gatesOnPaths(layers, facts.target);
  const changed = facts.entries.map(({ path }) => path).filter((path) => !gatesOn(path).length);
  const { imports, isCut } = importGraph(tree, changed);
  const importers = reversed(imports);
  const followed = changed.slice(0, CHANGED_MAX);
  const into = shortened(followed.map((path) => guardedImporters(path, importers, gatesOn)));
  const outOf = shortened(followed.map((path) => guardedImports(path, imports, gatesOn)));
  const { wanted, isWhole } = sourcesOf(tree.paths);
  return {
    reaches: into.lines,
    uses: outOf.lines,
    more: into.more + outOf.more,
    isWhole:
      isWhole &&
      !isCut &&
      changed.length <= CHANGED_MAX &&
      wanted.every((path) => tree.texts.has(path)),
  };
}

type GatesOn = (path: string) => readonly string[];

/** Gates that ask somebody about a path, each path asked about once. */
function gatesOnPaths(layers: readonly LoadedPolicy[], target: string): GatesOn {
  const guards = layers.flatMap((layer) => guardsOf(layer, target));
  const known = new Map<string, readonly string[]>();
  return (path) => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const on = keyed(path);
    const gates = guards.filter((guard) => gateMatcher(guard)(on) !== null).map(({ id }) => id);
    const ids = [...new Set(gates)].sort();
    known.set(path, ids);
    return ids;
  };
}

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** What each source imports. A file that the change takes away is still what its importers mean. */
function importGraph(
  { paths, texts }: ReadTree,
  changed: readonly string[],
): { imports: Graph; isCut: boolean } {
  const resolve = resolverOf(new Set([...paths, ...changed]), texts);
  const imports = new Map<string, ReadonlySet<string>>();
  let room = IMPORTS_MAX;
  for (const [path, text] of texts) {
    if (!SOURCE.test(path) || room < 0) continue;
    const names = importsOf(path, text);
    room -= names.length;
    imports.set(path, new Set(names.flatMap((name) => resolve(path, name))));
  }
  return { imports, isCut: room < 0 };
}

function reversed(graph: Graph): Map<string, string[]> {
  const importers = new Map<string, string[]>();
  for (const [path, imports] of graph) {
    for (const imported of imports) {
      const known = importers.get(imported);
      if (known === undefined) importers.set(imported, [path]);
      else known.push(path);
    }
  }
  return importers;
}

type Step = { readonly path: string; readonly before: Step | null };

/** The nearest first. What a guarded file hands on is behind its own gate, so nobody looks further. */
function guardedImporters(
  changed: string,
  importers: ReadonlyMap<string, readonly string[]>,
  gatesOn: GatesOn,
): ReachLine[] {
  const found: ReachLine[] = [];
  const seen = new Set([changed]);
  const waiting: Step[] = [{ path: changed, before: null }];
  for (const step of waiting) {
    for (const importer of importers.get(step.path) ?? []) {
      if (seen.has(importer)) continue;
      seen.add(importer);
      const gates = gatesOn(importer);
      if (gates.length === 0) waiting.push({ path: importer, before: step });
      else found.push({ changed, guarded: importer, via: wayTo(step), gates });
    }
  }
  return found;
}

/** From the file that a guarded one imports to the one before the changed file, not all of a long way. */
function wayTo(step: Step): string[] {
  const way: string[] = [];
  for (let at = step; at.before !== null && way.length < WAY_MAX; at = at.before) way.push(at.path);
  return way;
}

function guardedImports(changed: string, imports: Graph, gatesOn: GatesOn): ReachLine[] {
  return [...(imports.get(changed) ?? [])]
    .map((guarded) => ({ changed, guarded, via: [], gates: gatesOn(guarded) }))
    .filter(({ gates }) => gates.length > 0);
}

function shortened(byFile: readonly (readonly ReachLine[])[]): {
  lines: ReachLine[];
  more: number;
} {
  const lines = byFile.flatMap((found) => found.slice(0, OF_EACH_MAX)).slice(0, LINES_MAX);
  return { lines, more: byFile.flat().length - lines.length };
}
