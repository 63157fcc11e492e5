/** Differences of who is asked, who never counts, and what is never left to an agent. */
import { Assurance, RiskClass } from '../../orchestrator/domain/judgement.ts';
import type { PolicyChange } from '../../orchestrator/domain/policy-change.ts';
import { lasting } from '../looser.ts';
import type { LoadedPolicy } from '../parse.ts';
import type { ExemptionRule, GroupRule, Policy } from '../schema.ts';
import { separationOf } from '../settings.ts';
import { type Both, byName, cameAt, goneFrom, paired, told } from './both.ts';
import { classDifferences } from './classes.ts';
import {
  allowing,
  asking,
  ceiling,
  type Difference,
  excusing,
  flag,
  floor,
  ordered,
  other,
  requiring,
} from './compare.ts';

export function peopleChanges(both: Both): PolicyChange[] {
  const { before, after } = both;
  return [
    ...groupChanges(both),
    ...classChanges(both),
    ...neverChanges(both),
    ...told(both, 'separation', ['separation'], separation(before, after)),
    ...exemptionChanges(both),
    ...told(both, 'break_glass', ['break_glass'], glass(before.policy, after.policy)),
    ...told(both, 'delegation', ['delegation'], delegation(before.policy, after.policy)),
  ];
}

function groupChanges(both: Both): PolicyChange[] {
  const { before, after } = both;
  return paired(before.policy.groups, after.policy.groups).flatMap(({ name, old, now }) => {
    const about = `group ${name}`;
    const at = ['groups', name];
    if (now === null) {
      const what = 'is gone; what asks for it stays shut';
      return [goneFrom(both, about, at, { effect: 'tighter', what })];
    }
    if (old === null) return [cameAt(both, about, at, { effect: 'neither', what: 'is new' })];
    return told(both, about, at, group(old, now));
  });
}

function group(old: GroupRule, now: GroupRule): Difference[] {
  const members =
    old.members && now.members
      ? allowing('members', [old.members, now.members])
      : other(
          'where its members come from',
          [old, now].map(source) as [string, string],
          'may be looser',
        );
  return [
    ...members,
    ...ordered('min_assurance', Assurance.options, [old.minAssurance, now.minAssurance]),
  ];
}

function source({ from, members }: GroupRule): string {
  return from ?? (members ?? []).join(' ');
}

function classChanges(both: Both): PolicyChange[] {
  return RiskClass.options.flatMap((name) => {
    const [old, now] = [both.before.policy.classes[name], both.after.policy.classes[name]];
    return told(both, `class ${name}`, ['classes', name], classDifferences(old, now));
  });
}

function neverChanges(both: Both): PolicyChange[] {
  const name = ({ action }: Policy['neverDelegate'][number]): string => action;
  const [old, now] = [both.before, both.after].map(({ policy }) =>
    byName(policy.neverDelegate, name),
  );
  return paired(old ?? {}, now ?? {}).flatMap(({ name: action, old: was, now: is }) => {
    const about = `never_delegate ${action}`;
    if (is === null) {
      const at = ['never_delegate', was?.index ?? 0];
      return [goneFrom(both, about, at, { effect: 'looser', what: 'is gone' })];
    }
    const at = ['never_delegate', is.index];
    if (was === null) return [cameAt(both, about, at, { effect: 'tighter', what: 'is new' })];
    const slots = ({ gate }: typeof is.item) => (gate === undefined ? [] : [gate]);
    // Absolute is tighter than any number of people.
    const people =
      was.item.absolute || is.item.absolute
        ? []
        : requiring('gate', [slots(was.item), slots(is.item)]);
    return told(both, about, at, [
      ...flag('absolute', [was.item.absolute, is.item.absolute]),
      ...people,
    ]);
  });
}

/** What holds is compared, and not what is written: nothing written excludes everybody involved. */
function separation(before: LoadedPolicy, after: LoadedPolicy): Difference[] {
  const [old, now] = [separationOf([before]), separationOf([after])];
  const [[was = null], [is = null]] = [old.escalation, now.escalation];
  const escalation = ((): Difference[] => {
    if (was === null && is !== null) {
      return [{ effect: 'looser', what: `escalation: ${is} may lift vetoes now` }];
    }
    if (was !== null && is === null) {
      return [{ effect: 'tighter', what: `escalation: ${was} may no longer lift vetoes` }];
    }
    return other('escalation', [was, is], 'may be looser');
  })();
  return [
    ...asking('exclude', [old.exclude, now.exclude]),
    ...ordered('unknown_operator', ['allow', 'block'], [old.unknownOperator, now.unknownOperator]),
    ...flag('bots_never_approve', [old.botsNeverApprove, now.botsNeverApprove]),
    ...escalation,
  ];
}

function exemptionChanges(both: Both): PolicyChange[] {
  const name = ({ id }: ExemptionRule): string => id;
  const [old, now] = [both.before, both.after].map(({ policy }) => byName(policy.exemptions, name));
  return paired(old ?? {}, now ?? {}).flatMap(({ name: id, old: was, now: is }) => {
    const about = `exemption ${id}`;
    if (is === null) {
      const at = ['exemptions', was?.index ?? 0];
      return [goneFrom(both, about, at, { effect: 'tighter', what: 'is gone' })];
    }
    const at = ['exemptions', is.index];
    if (was === null) {
      const what = `is new: ${is.item.paths.join(', ')} of gate ${is.item.gate} until ${is.item.expires}`;
      return [cameAt(both, about, at, { effect: 'looser', what })];
    }
    return told(both, about, at, exemption(was.item, is.item));
  });
}

function exemption(old: ExemptionRule, now: ExemptionRule): Difference[] {
  const days = ({ expires }: ExemptionRule): number => Date.parse(`${expires}T00:00:00Z`);
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  return [
    ...other('gate', [old.gate, now.gate], 'may be looser'),
    ...excusing('paths', [old.paths, now.paths]),
    ...ceiling('expires', [days(old), days(now)], day),
    // Who granted it never approves what uses it.
    ...other('granted_by', [old.grantedBy, now.grantedBy], 'may be looser'),
    ...other('why', [old.why, now.why]),
    ...other('ticket', [old.ticket, now.ticket]),
  ];
}

function glass({ breakGlass: old }: Policy, { breakGlass: now }: Policy): Difference[] {
  if (old === undefined && now === undefined) return [];
  if (old === undefined) return [{ effect: 'looser', what: 'an emergency may open gates now' }];
  if (now === undefined) return [{ effect: 'tighter', what: 'no emergency opens gates any more' }];
  return [
    ...allowing('groups', [old.groups, now.groups]),
    ...floor('count', [old.count, now.count]),
    ...ceiling('max_duration', [old.maxDurationMs, now.maxDurationMs], lasting),
    ...floor('reason_min_chars', [old.reasonMinChars, now.reasonMinChars]),
    ...other('incident_url', [old.incidentUrl, now.incidentUrl], 'may be looser'),
    ...asking('never', [old.never, now.never]),
    ...ceiling('review_within', [old.reviewWithinMs, now.reviewWithinMs], lasting),
  ];
}

function delegation({ delegation: old }: Policy, { delegation: now }: Policy): Difference[] {
  if (old === undefined && now === undefined) return [];
  if (old === undefined) return [{ effect: 'looser', what: 'a vote may be handed on now' }];
  if (now === undefined) return [{ effect: 'tighter', what: 'no vote may be handed on any more' }];
  return [
    ...ceiling('max_days', [old.maxMs, now.maxMs], lasting),
    ...allowing('scope', [old.scope, now.scope]),
  ];
}
