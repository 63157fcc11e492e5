/**
 * What an approval is bound to, and whether it still counts.
 *
 * An approval names digests, never a time or a branch, and is asked again each time it is used. It
 * counts only while everything the person saw is still so; it never counts from who asked.
 */
import type { Approval, Binding } from '../orchestrator/domain/approval.ts';
import type { Change } from '../orchestrator/domain/change.ts';
import { Fault } from '../orchestrator/domain/faults.ts';
import type { Digest, Person } from '../orchestrator/domain/ids.ts';
import type { GateJudgement, Judgement } from '../orchestrator/domain/judgement.ts';
import { named } from './schema.ts';

/** Clocks of two machines differ; an approval from further ahead is a forged or broken one. */
const CLOCK_SKEW_MS = 5 * 60_000;

export type Standing =
  | { readonly counts: true }
  | { readonly counts: false; readonly reason: string };

export type Moment = {
  readonly change: Change;
  readonly judgement: Judgement;
  readonly evidence: Digest;
  readonly requester: Person;
  /** ISO 8601, UTC. */
  readonly now: string;
};

export function bind(
  judgement: Judgement,
  change: Change,
  evidence: Digest,
  gateId: string,
): Binding {
  const gate = judgement.gates.find(({ id }) => id === gateId);
  if (!gate) throw new Fault('not_eligible', `The change has no gate named ${gateId}.`);
  return bindingOf(gate, { judgement, change, evidence });
}

export function standing(approval: Approval, moment: Moment): Standing {
  const { by, binding } = approval;
  const gate = moment.judgement.gates.find(({ id }) => id === binding.gate);
  if (!gate) return lapsed(`Gate ${binding.gate}, which ${by} approved, is not on this change.`);
  const reason =
    excludedReason(by, moment.requester) ??
    memberReason(by, gate, moment.judgement) ??
    timeReason(approval, gate, moment.now) ??
    changedReason(binding, bindingOf(gate, moment), by);
  return reason === null ? { counts: true } : lapsed(reason);
}

/** The gates on which this person may decide, or why there is none. */
export function eligible(
  judgement: Judgement,
  person: Person,
  requester: Person,
): { gates: string[] } | { reason: string } {
  const excluded = excludedReason(person, requester);
  if (excluded) return { reason: excluded };
  const asking = judgement.gates.filter(({ approvals }) => approvals.length > 0);
  if (asking.length === 0) return { reason: 'No gate of this change asks for anybody.' };
  const gates = asking.filter((gate) => memberReason(person, gate, judgement) === null);
  if (gates.length > 0) return { gates: gates.map(({ id }) => id) };
  const groups = [...new Set(asking.flatMap(groupsOf))].sort().join(', ');
  return { reason: `${person} is in none of the groups this change asks for: ${groups}.` };
}

function bindingOf(
  { id, scope, definition }: GateJudgement,
  { judgement, change, evidence }: Pick<Moment, 'judgement' | 'change' | 'evidence'>,
): Binding {
  const { base, tree, entries } = change;
  return { base, tree, entries, gate: id, scope, definition, policy: judgement.policy, evidence };
}

function excludedReason(person: Person, requester: Person): string | null {
  return person === requester ? `${person} asked for this change and cannot approve it.` : null;
}

function memberReason(person: Person, gate: GateJudgement, judgement: Judgement): string | null {
  const groups = groupsOf(gate);
  const isMember = groups.some((group) => named(judgement.groups, group)?.includes(person));
  if (isMember) return null;
  return groups.length === 0
    ? `Gate ${gate.id} asks for nobody.`
    : `${person} is not in ${groups.join(' or ')}, which gate ${gate.id} asks for.`;
}

function timeReason(
  { by, at, expiresAt }: Approval,
  gate: GateJudgement,
  now: string,
): string | null {
  const given = Date.parse(at);
  const moment = Date.parse(now);
  const ends = Math.min(Date.parse(expiresAt), given + gate.expiresMs);
  if (Number.isNaN(given) || Number.isNaN(moment) || Number.isNaN(ends)) {
    return `The time of ${by}'s approval cannot be read.`;
  }
  if (given > moment + CLOCK_SKEW_MS) return `${by}'s approval is dated in the future, ${at}.`;
  return moment < ends ? null : `${by}'s approval expired at ${new Date(ends).toISOString()}.`;
}

const CHANGED: readonly (readonly [keyof Binding, string])[] = [
  ['base', 'the base commit moved'],
  ['tree', 'the change has another tree'],
  ['entries', 'the change has other entries'],
  ['scope', 'what the gate covers changed'],
  ['definition', 'the gate is defined differently'],
  ['policy', 'the policy changed'],
  ['evidence', 'the checks came to another result'],
];

function changedReason(given: Binding, wanted: Binding, by: Person): string | null {
  const changed = CHANGED.filter(([key]) => given[key] !== wanted[key]).map(([, what]) => what);
  if (changed.length === 0) return null;
  return `${by} approved gate ${given.gate} before ${changed.join(' and ')}.`;
}

function groupsOf({ approvals }: GateJudgement): string[] {
  return approvals.map(({ group }) => group);
}

function lapsed(reason: string): Standing {
  return { counts: false, reason };
}
