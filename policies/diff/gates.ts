/** Differences of gates and content rules, those of packs among them. */
import { RiskClass, Surface } from '../../orchestrator/domain/judgement.ts';
import type { Effect, PolicyChange } from '../../orchestrator/domain/policy-change.ts';
import { maxSurface } from '../join.ts';
import type { LoadedPack, LoadedPolicy } from '../parse.ts';
import type { ClassRule, ContentRule, GateRule, Policy } from '../schema.ts';
import type { YamlPath } from '../yaml-source.ts';
import { type Both, byName, cameAt, goneFrom, paired } from './both.ts';
import { classDifferences, risk } from './classes.ts';
import {
  asking,
  covering,
  type Difference,
  excusing,
  isSame,
  ordered,
  other,
  requiring,
} from './compare.ts';

type Rule = GateRule | ContentRule;
type Sections = { readonly gates: readonly GateRule[]; readonly content: readonly ContentRule[] };

export function gateChanges(both: Both): PolicyChange[] {
  const { before, after } = both;
  const shared = packsOfBoth(both);
  return [
    ...listed(both, before.policy, after.policy),
    ...packChanges(both),
    // The gates of a pack have no line in the policy; the line that names the pack stands for them.
    ...shared.flatMap(({ old, now, index }) =>
      listed(both, old.policy, now.policy).map((change) => {
        return { ...change, where: after.where(['packs', index]) };
      }),
    ),
  ];
}

function listed(both: Both, before: Sections, after: Sections): PolicyChange[] {
  const order = (rules: readonly { id: string }[]): string[] => rules.map(({ id }) => id);
  const isReordered =
    !isSame(order(before.gates), order(after.gates)) &&
    isSame(order(before.gates).sort(), order(after.gates).sort());
  return [
    ...rules(both, 'gates', [before.gates, after.gates]),
    ...rules(both, 'content', [before.content, after.content]),
    ...(isReordered
      ? [cameAt(both, 'gates', ['gates'], { effect: 'neither', what: 'another order' })]
      : []),
  ];
}

function rules(
  both: Both,
  section: 'gates' | 'content',
  [before, after]: readonly [readonly Rule[], readonly Rule[]],
): PolicyChange[] {
  const noun = section === 'gates' ? 'gate' : 'content rule';
  const name = ({ id }: Rule): string => id;
  return paired(byName(before, name), byName(after, name)).flatMap(({ name: id, old, now }) => {
    const about = `${noun} ${id}`;
    const at = (index: number): YamlPath => [section, index];
    if (now === null) return old ? [ruleGone(both, about, at(old.index), old.item)] : [];
    if (old === null) return [ruleCame(both, about, at(now.index), now.item)];
    return differences(both, old.item, now.item).map(({ key, ...one }) =>
      cameAt(both, about, [...at(now.index), ...(key === '' ? [] : [key])], one),
    );
  });
}

/** Whoever has a gate with another name and the same in it was not heard less. */
function twinOf({ policy }: LoadedPolicy, rule: Rule): Rule | undefined {
  return [...policy.gates, ...policy.content].find((one) =>
    isSame({ ...one, id: '', why: '' }, { ...rule, id: '', why: '' }),
  );
}

function ruleGone(both: Both, about: string, at: YamlPath, rule: Rule): PolicyChange {
  const twin = twinOf(both.after, rule);
  if (twin) {
    return goneFrom(both, about, at, { effect: 'neither', what: `is called ${twin.id} now` });
  }
  const asks = asksAnything(both.before.policy, rule);
  const what = asks ? 'is gone' : 'is gone; it asked for nothing';
  return goneFrom(both, about, at, { effect: asks ? 'looser' : 'tighter', what });
}

function ruleCame(both: Both, about: string, at: YamlPath, rule: Rule): PolicyChange {
  const twin = twinOf(both.before, rule);
  if (twin) return cameAt(both, about, at, { effect: 'neither', what: `was called ${twin.id}` });
  const effect = coverEffect(both, rule);
  const what = effect === 'tighter' ? 'is new' : `is new and ${FREES}`;
  return cameAt(both, about, at, { effect, what });
}

const FREES = 'asks for less than `unmatched`, which its paths no longer take';

type Keyed = Difference & { readonly key: string };

function differences(both: Both, old: Rule, now: Rule): Keyed[] {
  const at = (key: string, found: readonly Difference[]): Keyed[] =>
    found.map((one) => ({ ...one, key }));
  const covers = (found: readonly Difference[]): Difference[] => found.map(freeing(both, now));
  return [
    ...at('class', risk('class', both.after.policy, [old.class, now.class])),
    ...at('surface', ordered('surface', Surface.options, [surfaceOf(old), surfaceOf(now)])),
    ...at('paths', covers(pathDifferences(old.paths, now.paths))),
    ...at('except', covers(excusing('except', [old.except, now.except]))),
    ...at('operations', covers(asking('operations', [old.operations, now.operations]))),
    ...at('branches', covers(branches(old.branches, now.branches))),
    ...at('approvals', requiring('approvals', [old.approvals, now.approvals])),
    ...at('validators', asking('validators', [old.validators, now.validators])),
    ...ownDifferences(old, now),
    ...at('why', other('why', [old.why, now.why])),
  ];
}

function surfaceOf({ surface }: Rule): Surface {
  return surface ?? 'ready-pr';
}

/** A rule without paths reads what its detector says, and that nobody can compare here. */
function pathDifferences(old: Rule['paths'], now: Rule['paths']): Difference[] {
  if (old !== undefined && now !== undefined) return covering('paths', [old, now]);
  return other('paths', [old, now], 'may be looser');
}

function branches(old: Rule['branches'], now: Rule['branches']): Difference[] {
  if (old !== undefined && now !== undefined) return covering('branches', [old, now]);
  if (old === now) return [];
  return now === undefined
    ? [{ effect: 'tighter', what: 'branches: now every one' }]
    : [{ effect: 'looser', what: `branches: only ${now.join(', ')} now` }];
}

function ownDifferences(old: Rule, now: Rule): Keyed[] {
  if ('require_with' in old && 'require_with' in now) {
    const found = covering('require_with', [old.require_with, now.require_with]);
    return found.map((one) => ({ ...one, key: 'require_with' }));
  }
  if ('require_with' in old || 'require_with' in now) return [];
  const text = (key: 'added_re2' | 'removed_re2'): Keyed[] =>
    covering(`text.${key}`, [old.text?.[key] ?? [], now.text?.[key] ?? []]).map((one) => {
      return { ...one, key: 'text' };
    });
  return [
    ...other('detect', [old.detect, now.detect], 'may be looser').map(keyed('detect')),
    ...other('with', [old.with, now.with], 'may be looser').map(keyed('with')),
    ...text('added_re2'),
    ...text('removed_re2'),
  ];
}

function keyed(key: string): (one: Difference) => Keyed {
  return (one) => ({ ...one, key });
}

/** What a gate covers does not take `unmatched`, so covering more is not always tighter. */
function freeing(both: Both, rule: Rule): (one: Difference) => Difference {
  const effect = coverEffect(both, rule);
  return (one) =>
    one.effect === 'tighter' && effect !== 'tighter'
      ? { effect, what: `${one.what}; it ${FREES}` }
      : one;
}

function coverEffect({ after: { policy } }: Both, rule: Rule): Effect {
  // A content rule covers nothing: its paths stay unmatched.
  if (!('require_with' in rule)) return 'tighter';
  const own = policy.classes[rule.class];
  const asks: ClassRule = {
    ...own,
    approvals: [...own.approvals, ...rule.approvals],
    surface: maxSurface(own.surface, surfaceOf(rule)),
  };
  const isLower =
    RiskClass.options.indexOf(rule.class) < RiskClass.options.indexOf(policy.unmatched);
  const less = classDifferences(policy.classes[policy.unmatched], asks);
  return isLower || less.some(({ effect }) => effect === 'looser') ? 'may be looser' : 'tighter';
}

function asksAnything({ classes }: Policy, rule: Rule): boolean {
  const { approvals, surface } = classes[rule.class];
  const withs = 'require_with' in rule ? rule.require_with : [];
  return (
    rule.class !== 'low' ||
    approvals.length + rule.approvals.length + rule.validators.length + withs.length > 0 ||
    maxSurface(surface, surfaceOf(rule)) !== 'ready-pr'
  );
}

type Shared = { readonly old: LoadedPack; readonly now: LoadedPack; readonly index: number };

function packsOfBoth({ before, after }: Both): Shared[] {
  return after.packs.flatMap((now, index) => {
    const old = before.packs.find((pack) => nameOf(pack) === nameOf(now));
    return old === undefined ? [] : [{ old, now, index }];
  });
}

function packChanges(both: Both): PolicyChange[] {
  const { before, after } = both;
  const gates = ({ policy }: LoadedPack): string =>
    [...policy.gates, ...policy.content].map(({ id }) => id).join(', ');
  const isIn =
    (packs: readonly LoadedPack[]) =>
    (pack: LoadedPack): boolean =>
      packs.some((one) => nameOf(one) === nameOf(pack));
  const lost = before.packs.flatMap((pack, index) => {
    if (isIn(after.packs)(pack)) return [];
    const what = `is gone, with ${gates(pack)}`;
    return [goneFrom(both, `pack ${pack.name}`, ['packs', index], { effect: 'looser', what })];
  });
  const more = after.packs.flatMap((pack, index) => {
    if (isIn(before.packs)(pack)) return [];
    const lower = pack.policy.gates.some((rule) => coverEffect(both, rule) !== 'tighter');
    const effect = lower ? 'may be looser' : 'tighter';
    const what = `is new, with ${gates(pack)}`;
    return [cameAt(both, `pack ${pack.name}`, ['packs', index], { effect, what })];
  });
  const moved = packsOfBoth(both).flatMap(({ old, now, index }) => {
    if (old.name === now.name) return [];
    const what = `was ${old.name}`;
    return [cameAt(both, `pack ${now.name}`, ['packs', index], { effect: 'neither', what })];
  });
  return [...lost, ...more, ...moved];
}

/** Without its version. */
function nameOf({ name }: LoadedPack): string {
  return name.split('@', 1)[0] ?? name;
}
