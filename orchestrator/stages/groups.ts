/**
 * Members of the groups that a policy keeps in files, one person a line. They are read from the base
 * commit like the policy, so no change adds its own reviewers. What cannot be read whole names nobody.
 */
import type { LoadedPolicy } from '../../policies/parse.ts';
import { Fault } from '../domain/faults.ts';
import { Person } from '../domain/ids.ts';
import { printable } from '../text/columns.ts';

const PEOPLE_MAX = 1_000;

/** The files that policies name for their groups. */
export function groupFiles(layers: readonly LoadedPolicy[]): string[] {
  const groups = layers.flatMap(({ policy }) => Object.values(policy.groups));
  return groups.flatMap(({ file }) => file ?? []);
}

/** Each file's people under `file:PATH`. */
export async function groupSnapshot(
  read: (path: string) => Promise<string | null>,
  files: readonly string[],
): Promise<Record<string, Person[]>> {
  const groups: [string, Person[]][] = [];
  for (const file of new Set(files)) {
    const text = await read(file);
    if (text === null) {
      throw new Fault(
        'policy_invalid',
        `the policy names ${printable(file)} for a group, and the base commit has no such file`,
      );
    }
    groups.push([`file:${file}`, peopleIn(file, text)]);
  }
  return Object.fromEntries(groups);
}

function peopleIn(file: string, text: string): Person[] {
  const people = new Set<Person>();
  for (const [at, line] of text.split('\n').entries()) {
    const name = (line.split('#', 1)[0] ?? '').trim();
    if (name === '') continue;
    const person = Person.safeParse(name);
    const where = `${printable(file)}:${at + 1}`;
    if (!person.success) {
      throw new Fault(
        'policy_invalid',
        `${where}: "${printable(name.slice(0, 60))}" is nobody; a person is written provider:login, as in local:rita`,
      );
    }
    people.add(person.data);
    if (people.size > PEOPLE_MAX) {
      throw new Fault('policy_invalid', `${where}: a group has at most ${PEOPLE_MAX} people`);
    }
  }
  return [...people];
}
