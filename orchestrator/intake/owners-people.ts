/** The owners of CODEOWNERS as groups of a policy: a team is one, and the people of a line are one. */
import type { OwnersEntry, OwnersProblem } from '../../policies/codeowners.ts';

/** Who a line asks: any one of some groups. */
export type Asked = {
  readonly groups: readonly string[];
  /** The same for lines that ask the same. */
  readonly key: string;
  /** What could not be said exactly. */
  readonly notes: readonly string[];
};

export type People = {
  readonly groups: readonly {
    readonly name: string;
    /** As organisation/team; null for people that are named. */
    readonly team: string | null;
    readonly members: readonly string[];
  }[];
  /** Null for a line without owners. */
  of(owners: readonly string[]): Asked | null;
};

/** A choice among more is no requirement of the policy language. */
const CHOICES_MAX = 5;
const NAME_MAX = 40;

export function askedBy(
  entries: readonly OwnersEntry[],
  logins: ReadonlyMap<string, string>,
): People | { problems: OwnersProblem[] } {
  const problems = entries
    .filter(({ owners }) => owners.length > 0 && owners.every((owner) => isUnknown(owner, logins)))
    .map(({ line, owners }) => {
      const message = `${owners.join(' and ')}: a policy knows people by login; give it as --login ${owners[0]}=LOGIN`;
      return { line, message };
    });
  if (problems.length > 0) return { problems };
  const names: Names = new Map();
  const asked = new Map(
    entries.map(({ owners }) => [owners.join(' '), ask(owners, logins, names)]),
  );
  return { groups: [...names.values()], of: (owners) => asked.get(owners.join(' ')) ?? null };
}

type Names = Map<string, { name: string; team: string | null; members: string[] }>;

function ask(
  owners: readonly string[],
  logins: ReadonlyMap<string, string>,
  names: Names,
): Asked | null {
  if (owners.length === 0) return null;
  const unknown = owners.filter((owner) => isUnknown(owner, logins));
  const known = owners
    .filter((owner) => !isUnknown(owner, logins))
    .map((owner) => bare(owner, logins));
  const teams = [...new Set(known.filter((owner) => owner.includes('/')))];
  const people = [...new Set(known.filter((owner) => !owner.includes('/')))].sort();
  const all = [
    ...(people.length > 0 ? [named(names, null, people)] : []),
    ...teams.map((team) => named(names, team, [])),
  ];
  const groups = all.slice(0, CHOICES_MAX);
  const left = all.slice(CHOICES_MAX);
  const notes = [
    ...unknown.map((owner) => `${owner} is left out: no login was given for this address.`),
    ...left.map((group) => `${group} is left out: a gate chooses among ${CHOICES_MAX} groups.`),
  ];
  return { groups, key: [...groups].sort().join(' '), notes };
}

function isUnknown(owner: string, logins: ReadonlyMap<string, string>): boolean {
  return !owner.startsWith('@') && !logins.has(owner.toLowerCase());
}

/** A login, or organisation/team. Forges tell neither by letter case. */
function bare(owner: string, logins: ReadonlyMap<string, string>): string {
  const found = owner.startsWith('@') ? owner.slice(1) : (logins.get(owner.toLowerCase()) ?? '');
  return found.toLowerCase();
}

function named(names: Names, team: string | null, logins: readonly string[]): string {
  const key = team === null ? `@${logins.join(' ')}` : team;
  const known = names.get(key);
  if (known !== undefined) return known.name;
  const plain = (team ?? logins.join('-')).replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '');
  const name = free(plain || 'group', [...names.values()]);
  names.set(key, { name, team, members: logins.map((login) => `github:${login}`) });
  return name;
}

function free(wanted: string, taken: readonly { readonly name: string }[]): string {
  const isFree = (name: string): boolean => taken.every((one) => one.name !== name);
  if (wanted.length <= NAME_MAX && isFree(wanted)) return wanted;
  for (let number = 2; ; number += 1) {
    const name = `${wanted.slice(0, NAME_MAX - String(number).length - 1)}-${number}`;
    if (isFree(name)) return name;
  }
}
