/** Rules on what changed: which detectors and expressions of a layer fire on a change. */
import type { Entry, Facts } from '../orchestrator/domain/change.ts';
import { type Candidate, type Origin, writtenGate } from './candidate.ts';
import type { FileChange, Firing, Side } from './detect/detector.ts';
import { DETECTORS, HISTORY_READERS } from './detect/registry.ts';
import { compileTextRule, type TextRule, textFirings } from './detect/text-rule.ts';
import { isForTarget, matchGate, type Subject, subjectsOf } from './gates.ts';
import type { ContentRule } from './schema.ts';

const EVERYTHING = ['**'];
const ABSENT = '000000';
const EVERY_OPERATION = ['add', 'modify', 'delete', 'mode', 'type', 'link', 'gitlink'] as const;

export function contentGates(
  origin: Origin,
  rules: readonly ContentRule[],
  { facts, subjects }: { readonly facts: Facts; readonly subjects: readonly Subject[] },
): Candidate[] {
  if (rules.length === 0) return [];
  const all = subjects.map(({ entry }) => fileChange(facts, entry));
  return rules.flatMap((rule, index) => {
    if (!isForTarget(rule.branches, facts.target)) return [];
    const firings = firingsOfRule(rule, facts, { subjects, all });
    return firings.length > 0 ? [gateOf(origin, rule, index, firings)] : [];
  });
}

/** Both sides of an entry. A side whose text nobody read has none, and rules that need it fire. */
export function fileChange({ texts }: Pick<Facts, 'texts'>, entry: Entry): FileChange {
  const side = (mode: string, oid: string): Side | null => {
    if (mode === ABSENT) return null;
    return { mode, oid, text: Object.hasOwn(texts, oid) ? (texts[oid] ?? null) : null };
  };
  return {
    path: entry.path,
    operation: entry.operation,
    before: side(entry.oldMode, entry.oldOid),
    after: side(entry.newMode, entry.newOid),
  };
}

/** What one detector says of a change, where it looks when no rule names paths. */
export function detected(id: string, facts: Facts): Firing[] {
  const detector = DETECTORS.get(id);
  if (detector === undefined) throw new TypeError(`there is no detector ${id}`);
  const covering = { paths: [...detector.paths], except: [], operations: [...EVERY_OPERATION] };
  const subjects = subjectsOf(facts.entries);
  const all = subjects.map(({ entry }) => fileChange(facts, entry));
  const past = HISTORY_READERS.has(id) ? filesOf(covering, subjectsOf(facts.history), facts) : [];
  const files = [...filesOf(covering, subjects, facts), ...past];
  return detector.fire({ files, all, roots: facts.roots }, {});
}

type Around = { readonly subjects: readonly Subject[]; readonly all: readonly FileChange[] };

function firingsOfRule(rule: ContentRule, facts: Facts, { subjects, all }: Around): Firing[] {
  const detector = detectorOf(rule);
  const covering = readBy(rule);
  const files = filesOf(covering, subjects, facts);
  if (detector === undefined) return textFirings(compiled(rule), files);
  const past = HISTORY_READERS.has(rule.detect ?? '')
    ? filesOf(covering, subjectsOf(facts.history), facts)
    : [];
  return detector.fire({ files: [...files, ...past], all, roots: facts.roots }, rule.with);
}

const COMPILED = new WeakMap<ContentRule, TextRule>();

/** Compiled once for each policy that was read: the engine is not cheap to set up. */
function compiled(rule: ContentRule): TextRule {
  const known = COMPILED.get(rule);
  if (known !== undefined) return known;
  const fresh = compileTextRule(rule.text ?? {});
  if ('problem' in fresh) throw new TypeError(`rule ${rule.id} was let in: ${fresh.problem}`);
  COMPILED.set(rule, fresh);
  return fresh;
}

/** Where a rule looks: at its own paths, else at its detector's, else everywhere. */
export function readBy(rule: ContentRule): Parameters<typeof matchGate>[0] {
  const { except, operations } = rule;
  return { paths: rule.paths ?? [...(detectorOf(rule)?.paths ?? EVERYTHING)], except, operations };
}

function detectorOf({ detect }: ContentRule) {
  return detect === undefined ? undefined : DETECTORS.get(detect);
}

/** What a rule reads. A path told from a covered one by case or form only is read as well. */
function filesOf(
  covering: Parameters<typeof matchGate>[0],
  subjects: readonly Subject[],
  facts: Facts,
): FileChange[] {
  const { paths, confusable } = matchGate(covering, subjects);
  const wanted = new Set([...paths, ...confusable]);
  return subjects
    .filter(({ entry }) => wanted.has(entry.path))
    .map(({ entry }) => fileChange(facts, entry));
}

function gateOf(
  origin: Origin,
  rule: ContentRule,
  index: number,
  firings: readonly Firing[],
): Candidate {
  const found = new Map(firings.map(({ path, key, message }) => [`${path}: ${key}`, message]));
  const findings = [...found]
    .map(([key, message]) => ({ key, message, detector: rule.detect ?? null }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const paths = firings.map(({ path }) => path);
  return writtenGate(origin, ['content', index], rule, { paths, findings });
}
