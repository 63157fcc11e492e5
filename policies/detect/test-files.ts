/**
 * Which files are tests, which are recordings that tests compare with, and which configure the
 * program that runs them. By name alone: what a runner really collects, only the runner knows.
 */

/** At any depth, as packages of one repository each have their own. */
export const TEST_PATHS = [
  ...['*.test.*', '*.spec.*', '*.cy.*', '*-test.*', '*_test.*', '*_spec.*', 'test_*.py'],
  ...['*Test.*', '*Tests.*', '*Spec.*', '*IT.java', 'conftest.py', '*.snap', '*.ambr'],
  ...['__tests__/', '__snapshots__/', 'test/', 'tests/', 'spec/', 'specs/', 'e2e/', 'cypress/'],
];

export const CONFIG_PATHS = [
  ...['vitest.*', 'vite.config.*', 'jest.config.*', 'playwright.config.*', 'cypress.config.*'],
  ...['karma.conf.*', 'wdio.conf.*', 'ava.config.*', 'web-test-runner.config.*'],
  ...['.mocharc*', '.nycrc*', '.c8rc*', 'nyc.config.*', '.taprc', 'package.json'],
  ...['pytest.ini', '.pytest.ini', 'pyproject.toml', 'setup.cfg', 'tox.ini', '.coveragerc'],
  ...['codecov.yml', '.codecov.yml', 'codecov.yaml', '.codecov.yaml'],
];

const CONFIG_NAME =
  /^(?:vitest\.\w+(?:\.\w+)?|(?:vite|jest|playwright|cypress|ava|nyc|web-test-runner)\.config\.\w+|(?:karma|wdio)\.conf\.\w+|\.(?:mocha|nyc|c8)rc(?:\.\w+)?|\.taprc|package\.json|\.?pytest\.ini|pyproject\.toml|setup\.cfg|tox\.ini|\.coveragerc|\.?codecov\.ya?ml)$/i;

export type TestFileKind = 'config' | 'snapshot' | 'prose' | 'test';

export function testFileKind(path: string): TestFileKind {
  if (CONFIG_NAME.test(nameOf(path))) return 'config';
  if (
    /(?:^|\/)__(?:image_)?snapshots__\/|-snapshots\/|\.snap$|\.ambr$|\.approved\.\w+$/i.test(path)
  ) {
    return 'snapshot';
  }
  return /\.(?:md|rst|adoc)$/i.test(path) ? 'prose' : 'test';
}

/** True when a runner that collects one of two names collects the other: same mark, same ending. */
export function isCollectedLike(path: string, other: string): boolean {
  return marks(path).every((mark) => marks(other).includes(mark));
}

function marks(path: string): string[] {
  const name = nameOf(path);
  const found =
    name.match(/\.(?:test|spec|cy)\.|[-_](?:test|spec)\.|^test_|(?:Tests?|Spec|IT)\./g) ?? [];
  // In a folder of tests a runner takes every name, so the name has to stay.
  return [name.slice(name.lastIndexOf('.')), ...(found.length > 0 ? found : [name])];
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
