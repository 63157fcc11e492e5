/** The starter workspace file: what is installed before an agent starts, and which agent. Pure. */
import { lockOf } from './packages.ts';
import type { Survey } from './survey.ts';
import { flowList, oneLine, word } from './yaml-line.ts';

/** More manifests than this would make the key unreadable; the lock file speaks for the rest. */
const KEYS_MAX = 24;

export function workspaceFile(survey: Survey): string {
  return [
    '# How Proofhouse prepares a workspace for an agent. Read from the base commit, never from a workspace.',
    'apiVersion: proofhouse/v1',
    'kind: Workspace',
    '',
    '# The program that edits. Any other one: { kind: command, run: [node, tools/fix.js] }',
    'agent: { kind: codex }',
    '',
    ...dependencies(survey),
    '',
    ...rules(survey),
    '',
  ].join('\n');
}

function dependencies({ packages }: Survey): string[] {
  if (packages.problem !== null) return nothingInstalled(packages.problem);
  switch (packages.manager) {
    case null:
      return nothingInstalled(
        packages.manifests.length === 0
          ? 'There is no package.json here.'
          : `There is no package.json at the root (but ${oneLine(packages.manifests[0] ?? '')}).`,
      );
    case 'npm':
      return npmDependencies(packages);
    default:
      return otherManager(packages, packages.manager);
  }
}

function nothingInstalled(why: string): string[] {
  return [
    `# Nothing is installed before the agent starts: ${why}`,
    '# If your code needs something, say how it is installed and which files decide what:',
    ...example([['npm', 'ci']], ['package.json', 'package-lock.json']),
  ];
}

function npmDependencies(packages: Survey['packages']): string[] {
  if (packages.dependencies.length === 0 && !packages.hasWorkspaces) {
    return nothingInstalled('package.json names no dependency.');
  }
  const lock = lockOf(packages);
  const manifests = packages.hasWorkspaces ? packages.manifests : packages.manifests.slice(0, 1);
  return [
    '# Run once for each content of the files in keyed_by, in a sandbox that reaches only the package',
    '# registry; agents and checks then find node_modules ready and have no network.',
    ...(lock === null
      ? [
          '# Only what a lock file names can be fetched, and there is none yet: write one with',
          '#   npm install --package-lock-only',
          '# and commit it with this file.',
        ]
      : []),
    'dependencies:',
    ...block([['npm', 'ci']], [...manifests.slice(0, KEYS_MAX), lock ?? 'package-lock.json']),
  ];
}

function otherManager(packages: Survey['packages'], manager: string): string[] {
  const lock = lockOf(packages);
  return [
    `# This repository uses ${manager}${lock === null ? '' : ` (${lock})`}, and the sandbox image has npm only, so nothing is`,
    '# installed yet and checks that need node_modules fail. Only a lock file of npm names what can be',
    '# checked against the registry: commit one as well (npm install --package-lock-only), and take the',
    '# marks off these lines.',
    ...example([['npm', 'ci']], ['package.json', 'package-lock.json']),
  ];
}

function block(run: readonly string[][], keys: readonly string[]): string[] {
  return [
    `  run: [${run.map(flowList).join(', ')}]`,
    '  keyed_by:',
    ...keys.map((key) => `    - ${word(key)}`),
  ];
}

function example(run: readonly string[][], keys: readonly string[]): string[] {
  return ['dependencies:', ...block(run, keys)].map((line) => `# ${line}`);
}

function rules({ rules: found }: Survey): string[] {
  const [first, ...others] = found;
  const about = '# Files whose text every agent is given, read from the base commit.';
  if (first === undefined) {
    return [
      about,
      '# AGENTS.md is not there yet; once you write one, agents follow it.',
      'rules: [AGENTS.md]',
    ];
  }
  const also =
    others.length === 0 ? [] : [`# Also here, and not given: ${oneLine(others.join(', '))}.`];
  return [about, ...also, `rules: ${flowList([first])}`];
}
