/** What is read of repositories: the controller's own bare copies, and a person's own. */
import type { Change, Entry, Facts } from '../domain/change.ts';
import type { Sha } from '../domain/ids.ts';
import type { Place } from '../ports.ts';

/** The controller's own bare copies. Nothing here touches a work tree. */
export type Source = {
  /** Brings the mirror of a repository up to date from the forge's remote. */
  update(repository: string, remote: string): Promise<void>;
  /** A file's bytes at a commit; null when there is none. */
  read(repository: string, commit: Sha, path: string): Promise<Uint8Array | null>;
  paths(repository: string, commit: Sha): Promise<readonly string[]>;
  /** `diff-tree -r -z --raw --no-renames` of a sealed tree against its base, as git wrote it. */
  rawEntries(place: Place, tree: Sha): Promise<Uint8Array>;
  /** Every path of a sealed tree. */
  treePaths(place: Place, tree: Sha): Promise<readonly string[]>;
  /**
   * Sizes, kinds, texts of both sides and line counts, read from the objects and not from what the
   * tree says of itself; and the names at the root of the base.
   */
  measure(place: Place, tree: Sha, entries: readonly Entry[]): Promise<Measured>;
  /** The tree of the base commit. */
  baseTree(place: Place): Promise<Sha>;
  /**
   * The sealed tree with every file of the base commit at a path that is `taken` put over it, and every
   * other file at such a path left out.
   */
  withBaseFiles(place: Place, tree: Sha, taken: (path: string) => boolean): Promise<Sha>;
  /** A diff for people: text only, no filters, at most `maxBytes`. */
  diff(place: Place, tree: Sha, maxBytes: number): Promise<string>;
  /** Writes the one commit that is published. The same input gives the same commit. */
  commit(
    place: Place,
    tree: Sha,
    message: string,
    at: string,
  ): Promise<{ commit: Sha; from: string }>;
  /** The tree that results when the base has moved on; the paths in conflict when there is none. */
  rebase(
    place: Place,
    tree: Sha,
    onto: Sha,
  ): Promise<{ tree: Sha } | { conflicts: readonly string[] }>;
};

export type Measured = Pick<Facts, 'blobBytes' | 'binary' | 'texts' | 'roots'> &
  Pick<Change, 'addedLines' | 'removedLines'>;

/** A repository of a person, read without running git in it: nothing it configures has any say. */
export type LocalRepository = {
  /** The commit that a name, a tag or a short id stands for. Throws `usage` when there is none. */
  resolve(revision: string): Promise<Sha>;
  read(commit: Sha, path: string): Promise<Uint8Array | null>;
  /** Every path of a commit or tree. */
  paths(commit: Sha): Promise<readonly string[]>;
  /** Texts of files of a commit or tree; what is no text, or beyond so many bytes in all, is left out. */
  texts(
    commit: Sha,
    wanted: readonly string[],
    bytesMax: number,
  ): Promise<ReadonlyMap<string, string>>;
  /** What `head` changes since it parted from `base`. Throws `usage` when they have nothing in common. */
  change(base: Sha, head: Sha): Promise<RawChange>;
  /** What a tree changes against a commit, both by their ids; what of the two is not there. */
  between(base: Sha, tree: Sha): Promise<RawChange | { lacks: string }>;
  /** A commit with its whole message; null when there is none of that name. */
  commit(revision: string): Promise<{ id: Sha; tree: Sha; message: string } | null>;
  /** What would land if `head` were merged now; the paths in conflict when nothing would. */
  landing(tip: Sha, head: Sha): Promise<RawChange | { conflicts: readonly string[] }>;
  /** What has landed, newest first, along first parents: merges, and commits made straight there. */
  landed(from: Sha, last: number, since: Date | null): AsyncIterable<LandedChange>;
  /** Removes what was made to read with. Safe to call twice. */
  close(): Promise<void>;
};

export type RawChange = {
  readonly base: Sha;
  readonly tree: Sha;
  /** As `Source.rawEntries`. */
  readonly raw: Uint8Array;
  /** The same of every commit that the change came from, as far as it is not in a parent already. */
  readonly history: Uint8Array;
  readonly measured: Measured;
};

export type LandedChange = RawChange & {
  readonly commit: Sha;
  readonly title: string;
  /** Commit time, ISO 8601. */
  readonly when: string;
};
