/** Gates that nobody could ever open, or that nobody is left to open once somebody asked. */
import { canonical } from '../../orchestrator/domain/canonical.ts';
import type { Person } from '../../orchestrator/domain/ids.ts';
import type { Requirement, RiskClass } from '../../orchestrator/domain/judgement.ts';
import { groupsOf, maxSurface, mergeRequirements } from '../join.ts';
import type { LoadedPolicy } from '../parse.ts';
import { isSatisfiable } from '../satisfiable.ts';
import type { ContentRule, GateRule } from '../schema.ts';
import type { YamlPath } from '../yaml-source.ts';
import { peopleOf } from './people.ts';
import type { Found, Linting } from './report.ts';

/** What one or several gates ask for together with their class. */
type Lock = {
  readonly by: readonly string[];
  /** Of the first of them. */
  readonly path: YamlPath;
  readonly approvals: readonly Requirement[];
  readonly distinct: boolean;
};

type People = ReadonlyMap<string, readonly Person[]>;

export function deadlockFindings({ loaded, layers, requester }: Linting): Found[] {
  return merged(locks(loaded)).flatMap((lock): Found[] => {
    const people = membersFor(lock, layers);
    if (!isJudgeable(lock, people)) return [];
    const opens = (without: Person | null): boolean =>
      isSatisfiable(lock, (group) =>
        (people.get(group) ?? []).filter((person) => person !== without),
      );
    const { path } = lock;
    if (!opens(null)) {
      const message = `${nameOf(lock)} asks for more different people than its groups have: nobody could ever open it`;
      return [{ code: 'P0307', severity: 'error', path, message }];
    }
    const stuck = scarce(lock, people)
      .filter((person) => requester === null || person === requester)
      .filter((person) => !opens(person));
    if (stuck.length === 0) return [];
    const who = stuck.length > 3 ? `one of ${stuck.length} people` : stuck.join(' or ');
    const message = `nobody is left to open ${nameOf(lock)} when ${who} asked for the change`;
    // Somebody else may ask, as long as it is not known who does.
    const severity = requester === null ? 'warning' : 'error';
    return [{ code: 'P0304', severity, path, message }];
  });
}

function nameOf({ by: [first, ...more] }: Lock): string {
  return more.length === 0 ? `${first}` : `${first} and ${more.length} more like it`;
}

/** A group that is unknown, empty, too small or resolved later has a problem of its own. */
function isJudgeable({ approvals }: Lock, people: People): boolean {
  const size = (group: string): number => people.get(group)?.length ?? 0;
  return (
    groupsOf(approvals).every((group) => size(group) > 0) &&
    approvals.every((item) => !('group' in item) || size(item.group) >= item.count)
  );
}

/** One more than there are places do for all: whoever is missing, somebody else steps in. */
function membersFor(lock: Lock, layers: readonly LoadedPolicy[]): People {
  const enough = placesOf(lock) + 1;
  return new Map(
    groupsOf(lock.approvals).map((group) => {
      return [group, (peopleOf(layers, group) ?? []).slice(0, enough)];
    }),
  );
}

function placesOf({ approvals }: Lock): number {
  const slots = approvals.flatMap((item) => ('anyOf' in item ? item.anyOf.flat() : [item]));
  return slots.reduce((sum, { count }) => sum + count, 0);
}

/** Who could be missed: those of groups without somebody to spare. */
function scarce(lock: Lock, people: People): readonly Person[] {
  const places = placesOf(lock);
  const small = [...people.values()].filter((members) => members.length <= places);
  return [...new Set(small.flat())].sort();
}

/** Many gates ask the same; that nobody can open them is said once. */
function merged(locks: readonly Lock[]): Lock[] {
  const same = new Map<string, Lock>();
  for (const lock of locks) {
    const { approvals, distinct } = lock;
    const key = canonical({ approvals, distinct });
    const known = same.get(key);
    same.set(key, known === undefined ? lock : { ...known, by: [...known.by, ...lock.by] });
  }
  return [...same.values()];
}

type Rule = Pick<GateRule | ContentRule, 'id' | 'class' | 'approvals' | 'surface'>;

/** What is forbidden is opened by nobody anyway. */
function locks({ policy, packs }: LoadedPolicy): Lock[] {
  const lock = (by: string, path: YamlPath, name: RiskClass, extra: readonly Requirement[]) => {
    const { approvals, distinct } = policy.classes[name];
    return { by: [by], path, approvals: mergeRequirements([...approvals, ...extra]), distinct };
  };
  const rule = (kind: string, one: Rule, path: YamlPath): Lock[] => {
    const surface = maxSurface(policy.classes[one.class].surface, one.surface ?? 'ready-pr');
    if (surface === 'forbid') return [];
    return [lock(`${kind} ${one.id}`, path, one.class, one.approvals)];
  };
  return [
    ...policy.gates.flatMap((gate, index) => rule('gate', gate, ['gates', index])),
    ...policy.content.flatMap((one, index) => rule('rule', one, ['content', index])),
    ...packs.flatMap((pack, index) => [
      ...pack.policy.gates.flatMap((gate) => rule('gate', gate, ['packs', index])),
      ...pack.policy.content.flatMap((one) => rule('rule', one, ['packs', index])),
    ]),
    lock('what no gate covers', ['unmatched'], policy.unmatched, []),
  ];
}
