/** A change is `(base commit, tree id)` and the facts that were read from the two. */
import { z } from 'zod';
import { Digest, Person, Sha } from './ids.ts';

/** What a raw entry does to its path. A rename is a delete and an add: both sides are judged. */
export const Operation = z.enum(['add', 'modify', 'delete', 'mode', 'type']);
export type Operation = z.infer<typeof Operation>;

/** One line of `diff-tree -r -z --raw --no-renames`; modes are six octal digits, `000000` for absent. */
export const Entry = z.object({
  path: z.string(),
  operation: Operation,
  oldMode: z.string(),
  newMode: z.string(),
  oldOid: Sha,
  newOid: Sha,
});
export type Entry = z.infer<typeof Entry>;

export const Change = z.object({
  base: Sha,
  tree: Sha,
  /** Digest of the raw entries: what an approval for "this change" means. */
  entries: Digest,
  files: z.int().nonnegative(),
  addedLines: z.int().nonnegative(),
  removedLines: z.int().nonnegative(),
});
export type Change = z.infer<typeof Change>;

/** Everything a policy may look at. Pure data: `decide` sees nothing else. */
export const Facts = z.object({
  change: Change,
  entries: z.array(Entry),
  /** Size in bytes of every new blob, by object id. */
  blobBytes: z.record(z.string(), z.int().nonnegative()),
  /** Object ids of new blobs with a NUL in their first 8,000 bytes or invalid UTF-8. */
  binary: z.array(Sha),
  /** Fully qualified ref the change is meant for. */
  target: z.string(),
  /**
   * Decoded text of blobs on either side, by object id; symlink targets too. What is binary, over
   * 1 MiB, or beyond 32 MiB in all is left out, and a rule that needs it fires.
   */
  texts: z.record(z.string(), z.string()),
  /** Names at the root of the base tree. */
  roots: z.array(z.string()),
  /** Entries of commits in between, where the change has a history: a secret that was taken back. */
  history: z.array(Entry),
  /** Members of groups that a policy names by team or file, under `github_team:…` or `file:…`. */
  groups: z.record(z.string(), z.array(Person)),
  /** Role of the agent whose rights the change was made with; null for a change made by people. */
  madeBy: z.string().nullable(),
});
export type Facts = z.infer<typeof Facts>;
