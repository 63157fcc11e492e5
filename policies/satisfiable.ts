/** Whether a gate could ever be opened by the people there are: quorum, asked before anybody voted. */
import type { Person } from '../orchestrator/domain/ids.ts';
import type { Requirement } from '../orchestrator/domain/judgement.ts';
import { groupsOf } from './join.ts';
import { openSlots } from './quorum.ts';

type Lock = { readonly approvals: readonly Requirement[]; readonly distinct: boolean };

export function isSatisfiable(
  { approvals, distinct }: Lock,
  members: (group: string) => readonly Person[],
): boolean {
  if (approvals.length === 0) return true;
  const groups = groupsOf(approvals);
  const people = new Set(groups.flatMap((group) => members(group)));
  const votes = [...people].map((person) => ({
    gate: GATE,
    person,
    groups: groups.filter((group) => members(group).includes(person)),
  }));
  const gates = [{ id: GATE, approvals: [...approvals] }];
  return openSlots({ gates, distinct }, votes).length === 0;
}

const GATE = 'gate';
