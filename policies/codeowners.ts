/**
 * CODEOWNERS as a list: who a repository already asks to look at what.
 *
 * The last line that matches a path counts, alone; one without owners takes ownership away. What
 * forges read differently, or not at all, is a problem with its line, and never a line left out.
 */
import { globProblem } from './glob.ts';

/** Where forges look, in the order in which GitHub does. The first one found counts. */
export const OWNERS_FILES = [
  '.github/CODEOWNERS',
  'CODEOWNERS',
  'docs/CODEOWNERS',
  '.gitlab/CODEOWNERS',
] as const;

/** Forges read no more: GitHub stops at 3 MB, and no policy can hold what is in a tenth of that. */
const SOURCE_MAX = 300_000;

export type OwnersEntry = {
  readonly pattern: string;
  /** Logins, teams and addresses as written; empty takes ownership away. */
  readonly owners: readonly string[];
  readonly line: number;
};
export type OwnersProblem = { readonly line: number; readonly message: string };
export type Owners = {
  readonly path: string;
  readonly entries: readonly OwnersEntry[];
  readonly problems: readonly OwnersProblem[];
};

export function ownersFrom(path: string, text: string): Owners {
  if (text.length > SOURCE_MAX) {
    const message = `the file is longer than ${SOURCE_MAX} characters`;
    return { path, entries: [], problems: [{ line: 1, message }] };
  }
  const entries: OwnersEntry[] = [];
  const problems: OwnersProblem[] = [];
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    const [pattern, ...owners] = words(written);
    if (pattern === undefined) continue;
    const message = sectionProblem(written) ?? patternProblem(pattern) ?? ownerProblem(owners);
    if (message === null) entries.push({ pattern, owners, line });
    else problems.push({ line, message });
  }
  return { path, entries, problems };
}

/** Up to a comment. A blank inside a path has a backslash in front, and so has a `#`. */
function words(line: string): string[] {
  const found: string[] = [];
  let word = '';
  const end = (): void => {
    if (word !== '') found.push(word);
    word = '';
  };
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    const next = line[at + 1] ?? '';
    if (character === '\\' && /[\s#]/.test(next)) {
      word += next;
      at += 1;
    } else if (character === '#' && word === '') break;
    else if (/\s/.test(character)) end();
    else word += character;
  }
  end();
  return found;
}

/** `[Name]`, `^[Name]` and `[Name][2]`: each of them has rules of its own, and several lines count. */
function sectionProblem(written: string): string | null {
  return /^\s*\^?\[[^\]/]*\](\[[0-9]*\])?(\s|$)/.test(written)
    ? 'a section of GitLab, in which lines count beside those of other sections; import each by itself'
    : null;
}

function patternProblem(pattern: string): string | null {
  if (pattern.startsWith('!'))
    return '`!` takes nothing back in CODEOWNERS, and forges skip the line';
  const problem = globProblem(pattern);
  return problem === null ? null : `\`${pattern}\`: ${problem}`;
}

const OWNER =
  /^(@[A-Za-z0-9][A-Za-z0-9._-]*|@[A-Za-z0-9-]+\/[A-Za-z0-9._-]+|[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190})$/;

function ownerProblem(owners: readonly string[]): string | null {
  const wrong = owners.find((owner) => !OWNER.test(owner));
  return wrong === undefined
    ? null
    : `\`${wrong}\` is no owner: expected @user, @organisation/team or an address`;
}
