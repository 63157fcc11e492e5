/** CODEOWNERS as a list: who a repository already asks to look at what. Pure. */

/** Where forges look, in the order in which GitHub does. The first one found counts. */
export const OWNERS_FILES = [
  '.github/CODEOWNERS',
  'CODEOWNERS',
  'docs/CODEOWNERS',
  '.gitlab/CODEOWNERS',
] as const;

export type OwnersEntry = {
  readonly pattern: string;
  /** Logins, teams and addresses as written; empty takes ownership away. */
  readonly owners: readonly string[];
  readonly line: number;
};
export type Owners = { readonly path: string; readonly entries: readonly OwnersEntry[] };

export function ownersFrom(path: string, text: string): Owners {
  const entries = text.split(/\r?\n/).flatMap((line, index) => entryOf(line, index + 1));
  return { path, entries };
}

function entryOf(text: string, line: number): OwnersEntry[] {
  const written = text.replace(/(^|\s)#.*$/, '').trim();
  // A blank inside a path is written with a backslash.
  const [pattern, ...owners] = written.split(/(?<!\\)\s+/);
  // GitLab's `[Section]` and `^[Section]` lines group entries and name no path.
  if (!pattern || /^\^?\[/.test(pattern)) return [];
  return [{ pattern: pattern.replaceAll('\\ ', ' '), owners, line }];
}
