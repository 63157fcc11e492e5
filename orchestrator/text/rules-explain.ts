/** Which rule files an agent would get, as people read it: path and agent first, then file by file. */
import type { Digest, Sha } from '../domain/ids.ts';
import { columns, printable } from './columns.ts';

export type RulesAnswer = {
  readonly commit: Sha;
  readonly chains: readonly {
    readonly path: string;
    readonly agent: string;
    readonly sources: readonly {
      readonly path: string;
      readonly bytes: number;
      readonly digest: Digest;
      readonly why: string;
      /** Less than `bytes` where the agent stops reading. */
      readonly readBytes: number;
    }[];
  }[];
  /** What a run gives its agent, whatever the paths. */
  readonly run: {
    /** As the journal holds it; null when there are no rules. */
    readonly digest: Digest | null;
    readonly bytes: number;
    readonly files: readonly {
      readonly path: string;
      /** Null when the commit lacks it. */
      readonly digest: Digest | null;
      readonly bytes: number;
    }[];
    /** No run starts then. */
    readonly isTooLong: boolean;
  };
};

type Chain = RulesAnswer['chains'][number];

export function rulesText({ commit, chains, run }: RulesAnswer): string {
  return [`at ${commit.slice(0, 12)}`, ...chains.map(chainText), runText(run)].join('\n\n');
}

function chainText({ path, agent, sources }: Chain): string {
  const total = sources.reduce((sum, { readBytes }) => sum + readBytes, 0);
  const rows = sources.map(({ path: file, bytes, digest, why, readBytes }) => {
    return [`  ${file}`, shortDigest(digest), sizeText(bytes, readBytes), why];
  });
  const count = sources.length === 1 ? '1 file' : `${sources.length} files`;
  const sum = sources.length === 0 ? 'no rules' : `${count}, ${total} bytes read`;
  const head = printable(`${path}   ${agent}   ${sum}`);
  return rows.length === 0 ? head : `${head}\n${columns(rows)}`;
}

function sizeText(bytes: number, readBytes: number): string {
  if (readBytes === bytes) return `${bytes} bytes`;
  return readBytes === 0 ? `${bytes} bytes, not read` : `${bytes} bytes, cut at ${readBytes}`;
}

function runText({ digest, bytes, files, isTooLong }: RulesAnswer['run']): string {
  const rows = files.map((file) => [
    `  ${file.path}`,
    file.digest === null ? 'is not there, and is left out' : shortDigest(file.digest),
    file.digest === null ? '' : `${file.bytes} bytes`,
  ]);
  const told = isTooLong
    ? `a run does not start: its rules are ${bytes} bytes, more than agents read`
    : `a run is given ${digest === null ? 'no rules' : `${bytes} bytes, ${digest}`}`;
  return rows.length === 0 ? told : `${told}\n${columns(rows)}`;
}

function shortDigest(digest: Digest): string {
  return digest.slice(0, 'sha256:'.length + 12);
}
