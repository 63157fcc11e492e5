/**
 * The gates a repository starts with. Pure.
 *
 * Three stand whether or not their files exist yet, because adding such a file is the attack:
 * what agents are told, what runs with the repository's secrets, and what decides which code is
 * fetched. The others cover what was found.
 */
import type { Kind } from './sensitive.ts';
import { patternOf } from './sensitive.ts';
import type { Survey } from './survey.ts';
import { oneLine, quoted } from './yaml-line.ts';

type Gate = {
  readonly id: string;
  readonly why: string;
  readonly class: 'high' | 'critical';
  readonly surface?: 'forbid';
  readonly paths: readonly string[];
  /** Comments above the gate. */
  readonly notes?: readonly string[];
};

export function starterGates(survey: Survey): string[] {
  const gates = [...standing(survey), ...found(survey)];
  return [
    '# Paths that people should see changes to. Every gate that matches counts, in any order. A pattern',
    '# with a slash inside starts at the root, one without matches at any depth; folders end in a slash.',
    'gates:',
    ...gates.flatMap(written),
  ];
}

const AGENT_RULES = [
  ...['AGENTS.md', 'CLAUDE.md', 'GEMINI.md', '.cursorrules', '.windsurfrules', '.clinerules'],
  ...['.mcp.json', '.claude/', '.codex/', '.cursor/', '.gemini/'],
];
const CI = ['/.github/', 'CODEOWNERS'];
const MANIFESTS = ['package.json', '.npmrc'];
const NPM_LOCK = 'package-lock.json';

function standing({ sensitive, packages }: Survey): Gate[] {
  const ci = sensitive.ci.map(({ pattern }) => pattern);
  const locks = packages.locks.length === 0 ? [NPM_LOCK] : packages.locks;
  return [
    {
      id: 'policy',
      why: 'An agent never edits the rules it is judged by.',
      class: 'critical',
      surface: 'forbid',
      paths: ['/.proofhouse/'],
      notes: [
        '`forbid`: such a change is refused, whoever would agree. Edit these files yourself.',
      ],
    },
    {
      id: 'agent-rules',
      why: 'What every later agent is told, and which tools it starts.',
      class: 'high',
      paths: AGENT_RULES,
      notes: [
        'Guarded before they exist, because adding one is the attack; `policy lint` therefore',
        'warns that some match no file yet.',
      ],
    },
    {
      id: 'ci',
      why: "What runs with the repository's own secrets, and who must review.",
      class: 'high',
      paths: [...new Set([...CI, ...ci])],
    },
    {
      id: 'dependencies',
      why: 'Which code of other people is fetched and run, and what the scripts do.',
      class: 'high',
      paths: [
        ...MANIFESTS,
        ...locks,
        ...(packages.manager === 'pnpm' ? ['/pnpm-workspace.yaml'] : []),
      ],
    },
  ];
}

const FOUND: Record<Exclude<Kind, 'ci'>, Pick<Gate, 'why' | 'class'>> = {
  auth: { why: "Who is let in as whom; one bug is everyone's account.", class: 'critical' },
  payments: { why: 'Money moves here.', class: 'critical' },
  migrations: { why: 'Changes data that a revert does not bring back.', class: 'high' },
  infrastructure: { why: 'What is built, where it runs and what it may reach.', class: 'high' },
};

function found({ sensitive, tests }: Survey): Gate[] {
  const kinds = Object.keys(FOUND) as (keyof typeof FOUND)[];
  const gates = kinds.map((kind) => {
    const covered = sensitive[kind];
    const paths = covered.map(({ pattern }) => pattern);
    const files = covered.reduce((sum, path) => sum + path.files, 0);
    const notes = [
      `Found by name alone (${files} ${files === 1 ? 'file' : 'files'}); correct it freely.`,
    ];
    return { id: kind, ...FOUND[kind], ...bounded(paths, notes) };
  });
  const configs = tests.configs.flatMap((path) => patternOf(path) ?? []);
  return [
    ...gates,
    {
      id: 'test-setup',
      why: 'Decides which tests are run, and so what a green check means.',
      class: 'high' as const,
      ...bounded(configs, []),
    },
  ].filter((gate) => gate.paths.length > 0);
}

const PATHS_MAX = 40;

/** A gate that covers less than was found says so. */
function bounded(
  paths: readonly string[],
  notes: readonly string[],
): Pick<Gate, 'paths' | 'notes'> {
  const left = paths.slice(PATHS_MAX);
  if (left.length === 0) return { paths, notes };
  const more = `NOT covered, because the list would be too long: ${left.length} more, from ${oneLine(left[0] ?? '')} on.`;
  return { paths: paths.slice(0, PATHS_MAX), notes: [...notes, more] };
}

function written({ id, why, class: name, surface, paths, notes = [] }: Gate): string[] {
  return [
    ...notes.map((note) => `  # ${note}`),
    `  - id: ${id}`,
    `    why: ${quoted(why)}`,
    `    class: ${name}`,
    ...(surface === undefined ? [] : [`    surface: ${surface}`]),
    '    paths:',
    ...paths.map((path) => `      - ${quoted(path)}`),
    '',
  ];
}
