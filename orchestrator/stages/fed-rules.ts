/**
 * The rules that a run gives its agent: the files that the workspace file names, or `AGENTS.md` at the
 * root where it names none. One text, whatever agent reads it, so that a run can say by one digest
 * what its agent was told.
 */
import { sha256 } from '../domain/canonical.ts';
import { Fault } from '../domain/faults.ts';
import type { Digest } from '../domain/ids.ts';
import {
  NO_WORKSPACE_FILE,
  parseWorkspaceFile,
  WORKSPACE_FILE,
  type WorkspaceFile,
} from '../intake/workspace-file.ts';

/** What agents read of rules, in all; more than this displaces the task. */
export const RULES_BYTES_MAX = 32_768;

/** Text of a file at the base commit; null when it has none of that name. */
type Read = (path: string) => Promise<string | null>;

export type FedRules = {
  /** Each file under its path; empty when there is none. */
  readonly text: string;
  /** Of the text. This is what the journal holds. Null when there is none. */
  readonly digest: Digest | null;
  readonly bytes: number;
  readonly files: readonly FedFile[];
  /** Those that are there, as they are. */
  readonly texts: readonly {
    readonly path: string;
    readonly digest: Digest;
    readonly text: string;
  }[];
};

export type FedFile = {
  readonly path: string;
  /** Of the file as it is. Null when the base commit lacks it; it is left out then. */
  readonly digest: Digest | null;
  readonly bytes: number;
};

export async function readWorkspaceFile(read: Read): Promise<WorkspaceFile> {
  const source = await read(WORKSPACE_FILE);
  return source === null ? NO_WORKSPACE_FILE : parseWorkspaceFile(source, WORKSPACE_FILE);
}

/** Throws `workspace_invalid` when they hold too much. */
export async function fedRules(file: Pick<WorkspaceFile, 'rules'>, read: Read): Promise<FedRules> {
  const fed = await rulesIn(file, read);
  if (fed.bytes <= RULES_BYTES_MAX) return fed;
  throw new Fault(
    'workspace_invalid',
    `the rule files named in ${WORKSPACE_FILE} hold more than ${RULES_BYTES_MAX} bytes`,
  );
}

/** The same, whatever its size: for whoever tells about it. */
export async function rulesIn(
  { rules }: Pick<WorkspaceFile, 'rules'>,
  read: Read,
): Promise<FedRules> {
  const parts: string[] = [];
  const files: FedFile[] = [];
  const texts: FedRules['texts'][number][] = [];
  for (const path of rules) {
    const text = await read(path);
    if (text !== null) parts.push(`<!-- ${path} -->\n${text.trim()}\n`);
    const digest = text === null ? null : sha256(text);
    if (text !== null) texts.push({ path, digest: sha256(text), text });
    files.push({ path, digest, bytes: Buffer.byteLength(text ?? '') });
  }
  const text = parts.join('\n');
  const digest = text === '' ? null : sha256(text);
  return { text, digest, bytes: Buffer.byteLength(text), files, texts };
}
