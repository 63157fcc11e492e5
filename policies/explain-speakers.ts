/** Which layers and packs speak of a path, and where each of them does. */
import type { Speaker } from '../orchestrator/domain/explanation.ts';
import type { Exemption, Judgement } from '../orchestrator/domain/judgement.ts';
import { readBy } from './content.ts';
import { isForTarget, keyed, matchGate, patternOf } from './gates.ts';
import { type Asked, type Declared, declaredGates, type Rules, rulesOf } from './layer.ts';
import type { LoadedPolicy } from './parse.ts';
import { type ContentRule, OWN_GATES } from './schema.ts';
import type { YamlPath } from './yaml-source.ts';

/** Layer by layer: its gates, its content rules, those of its packs, and what takes the rest. */
export function speakersOf(loaded: LoadedPolicy, path: string, asked: Asked): Speaker[] {
  const gates = declaredGates(loaded, asked);
  const rules = rulesOf(loaded);
  const isCovered = gates.some(({ matches }) => matches.covered.length > 0);
  return [
    ...gates.flatMap((gate) => gateSpeaker(loaded, gate, path)),
    ...rules.flatMap((from) =>
      from.content.flatMap((rule, index) => ruleSpeaker(loaded, { from, rule, index }, asked)),
    ),
    ...(isCovered ? [] : [unmatchedSpeaker(loaded)]),
  ];
}

/** Gates of a judgement that no policy had to write. */
export function addedSpeakers({ gates }: Judgement): Speaker[] {
  return gates.flatMap(({ id, sources }) => {
    if (id === 'unmatched' || !OWN_GATES.some((own) => own === id)) return [];
    return sources.map(({ layer, where, why, riskClass }) => ({
      ...{ layer, pack: null, kind: 'added', id, pattern: null, where, riskClass, why, note: why },
    }));
  });
}

function gateSpeaker(
  loaded: LoadedPolicy,
  { rule, candidate, matches, exemptions }: Declared,
  path: string,
): Speaker[] {
  if (matches.paths.length === 0 && exemptions.length === 0) return [];
  const at = [...candidate.at, 'paths'];
  return [
    {
      ...spoken(loaded, candidate.origin, { at, path, patterns: rule.paths }),
      ...{ kind: 'gate', id: rule.id, riskClass: rule.class, why: rule.why ?? '' },
      note: exemptions.map(excuse).join('; '),
    },
  ];
}

function excuse({ id, expires, grantedBy }: Exemption): string {
  return `excused until ${expires} by exemption ${id} of ${grantedBy}`;
}

type OneRule = { from: Rules; rule: ContentRule; index: number };

function ruleSpeaker(
  loaded: LoadedPolicy,
  { from, rule, index }: OneRule,
  { facts, subjects }: Asked,
): Speaker[] {
  const reading = readBy(rule);
  const isRead = matchGate(reading, subjects).paths.length > 0;
  if (!isRead || !isForTarget(rule.branches, facts.target)) return [];
  const looks = rule.detect ?? 'text';
  // Patterns that its detector brings stand in no file, so the rule itself is pointed at.
  const at = ['content', index, ...(rule.paths === undefined ? [] : ['paths'])];
  const path = facts.entries[0]?.path ?? '';
  return [
    {
      ...spoken(loaded, from.origin, { at, path, patterns: reading.paths }),
      ...{ kind: 'content rule', id: rule.id, riskClass: rule.class, why: rule.why ?? '' },
      note: `would look (${looks})`,
    },
  ];
}

type Spot = { at: YamlPath; path: string; patterns: readonly string[] };

function spoken(
  loaded: LoadedPolicy,
  origin: Rules['origin'],
  { at, path, patterns }: Spot,
): Pick<Speaker, 'layer' | 'pack' | 'pattern' | 'where'> {
  const index = patternOf(patterns, keyed(path));
  return {
    layer: loaded.name,
    pack: origin === loaded ? null : origin.name,
    pattern: index === null ? null : (patterns[index] ?? null),
    where: origin.where(at.at(-1) === 'paths' && index !== null ? [...at, index] : at),
  };
}

function unmatchedSpeaker(loaded: LoadedPolicy): Speaker {
  return {
    ...{ layer: loaded.name, pack: null, kind: 'unmatched', id: 'unmatched', pattern: null },
    ...{ where: loaded.where(['unmatched']), riskClass: loaded.policy.unmatched, why: '' },
    note: 'no gate covers it',
  };
}
