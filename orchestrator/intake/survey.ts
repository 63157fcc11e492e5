/**
 * What a repository is made of, as far as a first policy needs to know. Pure: files in, facts out.
 *
 * Nothing of the repository is run and nothing is guessed: what could not be told apart is null.
 * Every fact carries what told us, because the person who reads the starter files must be able to
 * disagree.
 */

import { OWNERS_FILES, type Owners, ownersFrom } from '../../policies/codeowners.ts';
import { type BrowserTests, browserConfigIn, browserTestsOf } from './browser-tests.ts';
import { MANIFESTS_MAX, manifestsIn, type Packages, packagesOf } from './packages.ts';
import type { Repo } from './repo.ts';
import { type Sensitive, sensitiveIn } from './sensitive.ts';
import { TEST_FILES_READ_MAX, type Tests, testFilesIn, testsOf } from './tests.ts';

export type Survey = {
  readonly name: string;
  readonly defaultBranch: string | null;
  readonly paths: readonly string[];
  readonly packages: Packages;
  readonly tests: Tests;
  readonly browserTests: BrowserTests | null;
  readonly owners: Owners | null;
  readonly sensitive: Sensitive;
  /** Files that agents read as instructions, the one to hand on first. */
  readonly rules: readonly string[];
};

/** In the order of how many agents read them. */
const RULES_FILES = [
  'AGENTS.md',
  'CLAUDE.md',
  'GEMINI.md',
  '.github/copilot-instructions.md',
  '.cursorrules',
  '.windsurfrules',
  '.clinerules',
];

export function survey(repo: Repo): Survey {
  const packages = packagesOf(repo);
  return {
    name: repo.name,
    defaultBranch: repo.defaultBranch,
    paths: repo.paths,
    packages,
    tests: testsOf(repo, packages),
    browserTests: browserTestsOf(repo, packages),
    owners: ownersOf(repo),
    sensitive: sensitiveIn(repo.paths),
    rules: RULES_FILES.filter((path) => repo.paths.includes(path)),
  };
}

/** The only files that `survey` reads; bounded, however large the repository is. */
export function filesToRead(paths: readonly string[]): string[] {
  const config = browserConfigIn(paths);
  return [
    ...manifestsIn(paths).slice(0, MANIFESTS_MAX),
    ...OWNERS_FILES.filter((path) => paths.includes(path)),
    ...testFilesIn(paths).slice(0, TEST_FILES_READ_MAX),
    ...(config === null ? [] : [config]),
  ];
}

function ownersOf(repo: Repo): Owners | null {
  const path = OWNERS_FILES.find((candidate) => repo.paths.includes(candidate));
  const text = path === undefined ? null : repo.read(path);
  return path === undefined || text === null ? null : ownersFrom(path, text);
}
