/** Groups that are not there, that are empty, or that have fewer people than are asked for. */
import type { Person } from '../../orchestrator/domain/ids.ts';
import { type Requirement, RiskClass } from '../../orchestrator/domain/judgement.ts';
import { groupsOf } from '../join.ts';
import type { LoadedPolicy } from '../parse.ts';
import { named } from '../schema.ts';
import type { YamlPath } from '../yaml-source.ts';
import type { Found, Linting } from './report.ts';

export function peopleFindings(linting: Linting): Found[] {
  return [
    ...groupFindings(linting.loaded),
    ...asking(linting.loaded).flatMap((asked) => [
      ...unknownGroups(linting, asked),
      ...unfillable(linting, asked),
    ]),
  ];
}

/** A place where people are asked for. */
type Asked = {
  readonly by: string;
  readonly path: YamlPath;
  readonly approvals: readonly Requirement[];
};

function asking({ policy, packs }: LoadedPolicy): Asked[] {
  const { classes, gates, content, neverDelegate, breakGlass, separation } = policy;
  const one = (group: string): Requirement[] => [{ group, count: 1 }];
  return [
    ...usedClasses(policy, packs).map((name) => ({
      by: `class ${name}`,
      path: ['classes', name, 'approvals'],
      approvals: classes[name].approvals,
    })),
    ...gates.map(({ id, approvals }, index) => ({
      by: `gate ${id}`,
      path: ['gates', index, 'approvals'],
      approvals,
    })),
    ...content.map(({ id, approvals }, index) => ({
      by: `rule ${id}`,
      path: ['content', index, 'approvals'],
      approvals,
    })),
    ...neverDelegate.flatMap(({ action, gate }, index) =>
      gate ? [{ by: action, path: ['never_delegate', index, 'gate'], approvals: [gate] }] : [],
    ),
    ...(breakGlass?.groups ?? []).map((group, index) => ({
      by: 'break_glass',
      path: ['break_glass', 'groups', index],
      approvals: one(group),
    })),
    ...(separation?.escalation
      ? [
          {
            by: 'separation',
            path: ['separation', 'escalation'],
            approvals: one(separation.escalation),
          },
        ]
      : []),
  ];
}

/** Critical is always in use: a path told apart by letter case only takes it; so is high, for symlinks. */
function usedClasses(policy: LoadedPolicy['policy'], packs: LoadedPolicy['packs']): RiskClass[] {
  const rules = [policy, ...packs.map((pack) => pack.policy)];
  const used = new Set<RiskClass>([
    'high',
    'critical',
    policy.unmatched,
    policy.limits.over,
    ...rules.flatMap(({ gates, content }) => [...gates, ...content].map((rule) => rule.class)),
  ]);
  return RiskClass.options.filter((name) => used.has(name));
}

function groupFindings({ policy }: LoadedPolicy): Found[] {
  return Object.entries(policy.groups).flatMap(([id, { members }]): Found[] => {
    const path = ['groups', id];
    if (members?.length === 0) {
      return [{ code: 'P0302', severity: 'error', path, message: `the group \`${id}\` is empty` }];
    }
    // Members are kept in another order than they are written in.
    return (members ?? []).filter(isBot).map((member) => ({
      code: 'P0305',
      severity: 'warning',
      path: [...path, 'members'],
      message: `${member} looks like a bot; no bot's approval counts`,
    }));
  });
}

function isBot(person: Person): boolean {
  return /^(bot|agent):|[-_.]bot$/.test(person);
}

function unknownGroups({ loaded, layers }: Linting, { by, path, approvals }: Asked): Found[] {
  return groupsOf(approvals).flatMap((group): Found[] => {
    if (layers.some(({ policy }) => named(policy.groups, group))) return [];
    // A repository's own layer may ask for people whom the organisation's layer names.
    const isAlone = loaded.policy.metadata.layer === 'repo' && layers.length === 1;
    const known = layers.flatMap(({ policy }) => Object.keys(policy.groups));
    const message = `${by} asks for the group \`${group}\`, which is not declared`;
    const hint = `known: ${known.join(', ') || 'none'}`;
    return [{ code: 'P0301', severity: isAlone ? 'warning' : 'error', path, message, hint }];
  });
}

/** More people than there are, whoever they are. */
function unfillable({ layers }: Linting, { by, path, approvals }: Asked): Found[] {
  return approvals.flatMap((item): Found[] => {
    if (!('group' in item)) return [];
    const people = peopleOf(layers, item.group);
    if (people === null || people.length === 0 || people.length >= item.count) return [];
    const message = `${by} asks for ${item.count} of \`${item.group}\`, which has ${people.length}: nobody could ever fill it`;
    return [{ code: 'P0303', severity: 'error', path, message }];
  });
}

/** Members of a group; null when they are known only later, or nobody declares it. */
export function peopleOf(layers: readonly LoadedPolicy[], group: string): readonly Person[] | null {
  for (const { policy } of layers) {
    const found = named(policy.groups, group);
    if (found !== undefined) return found.from === null ? (found.members ?? []) : null;
  }
  return null;
}
