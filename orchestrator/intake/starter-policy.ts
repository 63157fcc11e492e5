/** The starter policy: who decides, what is guarded, how much is too much, what proves a change. Pure. */
import type { Person } from '../domain/ids.ts';
import { starterGates } from './starter-gates.ts';
import { starterValidators } from './starter-validators.ts';
import type { Survey } from './survey.ts';
import { oneLine, quoted } from './yaml-line.ts';

export function policyFile(survey: Survey, person: Person): string {
  return [
    ...head(survey),
    ...people(person),
    ...ownersFound(survey),
    ...CLASSES,
    ...starterGates(survey),
    ...LIMITS,
    ...starterValidators(survey),
    ...NETWORK_AND_BUDGETS,
  ].join('\n');
}

function head({ name, defaultBranch }: Survey): string[] {
  const branch = oneLine(defaultBranch ?? 'the base branch');
  return [
    '# What may happen to a change that an agent made. Proofhouse reads this file from the base commit',
    `# (the tip of ${branch}), so an edit counts once it is merged. Unknown keys are errors.`,
    '# Look at it with:  proofhouse policy lint   and   proofhouse policy explain PATH',
    'apiVersion: proofhouse/v1',
    'kind: Policy',
    'metadata:',
    `  name: ${quoted(oneLine(name) || 'repository')}`,
    '  layer: standalone # the only layer; an organisation may put another one above it',
    '  owner: platform # the group to ask about this file',
    '',
  ];
}

function people(person: Person): string[] {
  return [
    '# Who may say yes. Nobody can approve what they asked for themselves, so add a second person to',
    '# each group before you queue a task that a gate below holds.',
    'groups:',
    `  platform: { members: [${quoted(person)}] }`,
    `  security: { members: [${quoted(person)}] }`,
    '',
  ];
}

const OWNERS_SHOWN_MAX = 20;

function ownersFound({ owners }: Survey): string[] {
  const entries = owners?.entries ?? [];
  if (!owners || entries.length === 0) return [];
  const shown = entries
    .slice(0, OWNERS_SHOWN_MAX)
    .map(
      ({ pattern, owners: who }) =>
        `#   ${oneLine(pattern)}  ${oneLine(who.join(' ')) || '(nobody)'}`,
    );
  const more = entries.length - shown.length;
  return [
    `# ${owners.path} already says who owns what. To have a gate ask the same people, make them a group`,
    '# (members are written provider:login, as in github:ana) and name it under approvals of a gate.',
    '# All gates that match count here; in CODEOWNERS only the last line that matches does.',
    ...shown,
    ...(more > 0 ? [`#   and ${more} more`] : []),
    '',
  ];
}

const CLASSES = [
  '# How much care a class takes. `hold`: no pull request before the people named said yes.',
  '# `distinct`: one person counts for one group only. `expires`: how long a yes stays good.',
  'classes:',
  '  low: { approvals: [], surface: ready-pr }',
  '  medium: { approvals: [], surface: ready-pr }',
  '  high: { approvals: [{ group: platform, count: 1 }], surface: hold, expires: 72h }',
  '  critical:',
  '    approvals: [{ group: security, count: 1 }]',
  '    distinct: true',
  '    surface: hold',
  '    expires: 24h',
  '',
  '# The class of every path that no gate below covers.',
  'unmatched: { class: medium }',
  '',
];

const LIMITS = [
  '# How large a change may be. Above the first numbers people are asked; above `absolute` it is refused.',
  'limits:',
  '  max_files: 60',
  '  max_changed_lines: 1500',
  '  max_file_bytes: 1MiB',
  '  max_binary_bytes: 256KiB',
  '  over: { class: high }',
  '  absolute: { max_files: 500, max_changed_lines: 20000 }',
  '',
];

const NETWORK_AND_BUDGETS = [
  '# Sandboxes have no network. Each phase reaches what is named here, through one door, and nothing else.',
  'network:',
  '  default: deny',
  '  phases:',
  '    setup: { allow: [{ via: package-registry }] }',
  '    agent: { allow: [{ via: model-gateway }] }',
  '    validate: { allow: [] }',
  '',
  '# What one task may use up. `wall` is the time of one attempt; 2 retries are 3 attempts. You can limit',
  '# money too (usd: 2), once PROOFHOUSE_MODEL_PRICE says what your model costs.',
  'budgets:',
  '  per_task: { tokens: 2M, wall: 20m, turns: 60, retries: 2 }',
  '',
];
