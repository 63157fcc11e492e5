/** What a survey found, in sentences for the person who ran `init`. Pure. */
import { lockOf } from './packages.ts';
import { KINDS } from './sensitive.ts';
import type { Survey } from './survey.ts';
import { testCommand } from './test-command.ts';
import { oneLine } from './yaml-line.ts';

const SHOWN_MAX = 3;
const SENTENCE_MAX = 400;

export function explained(survey: Survey): string[] {
  return [
    packages(survey),
    tests(survey),
    ...browser(survey),
    ...owners(survey),
    ...guarded(survey),
  ].map((line) => oneLine(line, SENTENCE_MAX));
}

function packages({ packages: found }: Survey): string {
  const { manager, problem } = found;
  if (problem !== null) return problem;
  if (manager === null) return 'No package.json at the root: nothing is installed.';
  const lock = lockOf(found);
  const locked = lock === null ? 'no lock file' : lock;
  return manager === 'npm'
    ? `Packages: npm, ${locked}.`
    : `Packages: ${manager}, ${locked}; see workspace.yaml for how to install them.`;
}

function tests({ tests: found, packages: all }: Survey): string {
  const command = testCommand(found, all);
  if (command.run !== null) return `Tests: ${found.runner}, by ${found.because}.`;
  const what = found.runner === null ? found.because : `${found.runner} without a JUnit reporter`;
  return `Tests: to be filled in under validators in policy.yaml (${what}).`;
}

function browser({ browserTests }: Survey): string[] {
  return browserTests === null ? [] : [`Browser tests: Playwright, by ${browserTests.because}.`];
}

function owners({ owners: found }: Survey): string[] {
  if (found === null) return [];
  return [`Owners: ${found.entries.length} entries in ${found.path}, listed in policy.yaml.`];
}

function guarded({ sensitive }: Survey): string[] {
  return KINDS.flatMap((kind) => {
    const patterns = sensitive[kind].map(({ pattern }) => pattern);
    if (patterns.length === 0) return [];
    const more = patterns.length > SHOWN_MAX ? ` and ${patterns.length - SHOWN_MAX} more` : '';
    return [`Looks like ${kind}: ${patterns.slice(0, SHOWN_MAX).join(', ')}${more}.`];
  });
}
