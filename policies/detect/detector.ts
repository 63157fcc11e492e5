/**
 * What a detector is given and what it says: a rule about what changed, where a gate's paths say
 * only where. A detector sees both sides of every file, decoded and bounded, and never asks git.
 *
 * Pure. A side that should be readable and is not makes it fire: what nobody could look at is not
 * harmless. Its `key` names what was found by content and never by line, so that a rebase that
 * moves lines leaves an approval of the finding alone.
 */
import type { z } from 'zod';
import type { Operation } from '../../orchestrator/domain/change.ts';

/** One side of a file. */
export type Side = {
  readonly mode: string;
  readonly oid: string;
  /** Null when it is binary, too large or was not read. */
  readonly text: string | null;
};

export type FileChange = {
  readonly path: string;
  readonly operation: Operation;
  /** Null when the file is not there on this side. */
  readonly before: Side | null;
  readonly after: Side | null;
};

export type Subject = {
  /** The files the rule is about. */
  readonly files: readonly FileChange[];
  /** Every file of the change, for rules such as "a lockfile without its manifest". */
  readonly all: readonly FileChange[];
  /** Names at the root of the base tree. */
  readonly roots: readonly string[];
};

export type Firing = {
  readonly path: string;
  /** Counts from 1: in the new text, or in the old one for what was taken away; null for a whole file. */
  readonly line: number | null;
  /** Names what was found by its content, at most 200 characters. */
  readonly key: string;
  /** One sentence for a reviewer: what changed and why it matters. */
  readonly message: string;
};

export type Detector<Options = unknown> = {
  /** What it fires on, one line, as the reference of the policy language shows it. */
  readonly summary: string;
  /** Path-globs it reads when the rule names none. */
  readonly paths: readonly string[];
  /** The keys a rule may give under `with`. Strict. */
  readonly options: z.ZodType<Options>;
  detect(subject: Subject, options: Options): Firing[];
};

/** What is said of a side that cannot be read. */
export function unreadable(path: string, why: string): Firing {
  return { path, line: null, key: 'unreadable', message: `${path} cannot be looked at: ${why}` };
}
