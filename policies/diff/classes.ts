/** Differences of what classes ask for, and what it means to take another class. */
import { Bind, CarryForward, RiskClass, Surface } from '../../orchestrator/domain/judgement.ts';
import { lasting } from '../looser.ts';
import type { ClassRule, Policy } from '../schema.ts';
import { asking, ceiling, type Difference, flag, ordered, requiring } from './compare.ts';

export function classDifferences(old: ClassRule, now: ClassRule): Difference[] {
  return [
    ...released(old, now),
    ...requiring('approvals', [old.approvals, now.approvals]),
    ...asking('validators', [old.validators ?? [], now.validators ?? []]),
    ...flag('distinct', [old.distinct, now.distinct]),
    ...ordered('surface', Surface.options, [old.surface, now.surface]),
    ...ordered('bind', Bind.options, [old.bind, now.bind]),
    ...ordered('carry_forward', CarryForward.options, [old.carryForward, now.carryForward]),
    ...ceiling('expires', [old.expiresMs, now.expiresMs], lasting),
  ];
}

/** What is held and names nobody is denied, so to name somebody is to let it go. */
function released(old: ClassRule, now: ClassRule): Difference[] {
  if (old.surface !== 'hold' || old.approvals.length > 0 || now.approvals.length === 0) return [];
  return [
    { effect: 'looser', what: 'approvals: nobody could release it before, and somebody can now' },
  ];
}

/** A higher class is tighter where it asks for all that the lower one does, which nothing makes it do. */
export function risk(
  key: string,
  { classes }: Pick<Policy, 'classes'>,
  [before, after]: readonly [RiskClass, RiskClass],
): Difference[] {
  const found = ordered(key, RiskClass.options, [before, after]);
  const asksLess = classDifferences(classes[before], classes[after]).some(
    ({ effect }) => effect === 'looser',
  );
  return found.map((one) =>
    one.effect === 'tighter' && asksLess
      ? { effect: 'may be looser', what: `${one.what}, which asks for less in part` }
      : one,
  );
}
