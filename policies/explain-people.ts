/** Who a judgement asks, and who of them could answer: members without whoever is excluded. */
import type { AskedGroup, People, Terms } from '../orchestrator/domain/explanation.ts';
import type { Person } from '../orchestrator/domain/ids.ts';
import { Bind, type Judgement, type Slot } from '../orchestrator/domain/judgement.ts';
import { slotsOf, sorted } from './join.ts';
import type { LoadedPolicy } from './parse.ts';
import { named } from './schema.ts';

/** `requester` is a person, `github:ana`, or a name whoever knows them, `ana`. */
export function peopleOf(
  layers: readonly LoadedPolicy[],
  judgement: Judgement,
  requester: string | null,
): People {
  const excluded = excludedBy(judgement, requester);
  const names = excluded.flatMap(({ people }) => people);
  const asked = (slot: Slot, gates: readonly string[]): AskedGroup => {
    const members = judgement.groups[slot.group]?.members ?? [];
    const left = members.filter((member) => !names.some((name) => isSame(name, member)));
    const from = members.length === 0 ? sourceOf(layers, slot.group) : null;
    return { ...slot, gates: [...gates], members: left, from };
  };
  return {
    needs: judgement.needs.map((slot) => asked(slot, gatesAsking(judgement, slot.group))),
    choices: judgement.gates.flatMap(({ id, approvals }) =>
      approvals.flatMap((item) => {
        if (!('anyOf' in item)) return [];
        return [{ gate: id, anyOf: item.anyOf.map((list) => list.map((one) => asked(one, [id]))) }];
      }),
    ),
    distinct: judgement.distinct,
    excluded,
  };
}

/** Null when nobody is asked. */
export function termsOf({ gates }: Judgement): Terms | null {
  const asking = gates.filter(({ approvals }) => approvals.length > 0);
  if (asking.length === 0) return null;
  const binds = Bind.options.filter((bind) => asking.some((gate) => gate.bind === bind));
  return {
    bind: binds.at(-1) ?? 'change',
    expiresMs: Math.min(...asking.map(({ expiresMs }) => expiresMs)),
  };
}

function excludedBy(
  { separation, exemptions }: Judgement,
  requester: string | null,
): People['excluded'] {
  return separation.exclude.map((word) => {
    if (word === 'requester') return { as: word, people: requester === null ? [] : [requester] };
    const isAuthor = word === 'exemption-author';
    return { as: word, people: isAuthor ? sorted(exemptions.map((one) => one.grantedBy)) : [] };
  });
}

function isSame(name: string, person: Person): boolean {
  return name.includes(':') ? name === person : person.endsWith(`:${name}`);
}

function gatesAsking({ gates }: Judgement, group: string): string[] {
  const asking = gates.filter(({ approvals }) =>
    slotsOf(approvals).some((slot) => slot.group === group),
  );
  return asking.map(({ id }) => id);
}

/** Where the first layer that names a group keeps its members. */
function sourceOf(layers: readonly LoadedPolicy[], group: string): string | null {
  for (const { policy } of layers) {
    const rule = named(policy.groups, group);
    if (rule !== undefined) return rule.from;
  }
  return null;
}
