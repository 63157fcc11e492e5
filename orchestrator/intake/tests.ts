/** How a repository tests itself, and what told us. Pure. */
import type { Packages } from './packages.ts';
import type { Repo } from './repo.ts';
import { commandsOf } from './script-words.ts';

export const TEST_FILES_READ_MAX = 10;

export const RUNNERS = ['vitest', 'jest', 'mocha', 'ava', 'tape', 'tap', 'node-test'] as const;
export type Runner = (typeof RUNNERS)[number];

export type Tests = {
  readonly runner: Runner | null;
  /** What told us, as in ``the script `test` ``; or what was looked for in vain. */
  readonly because: string;
  /** Name of the script that runs the tests; null when no script does. */
  readonly script: string | null;
  /** The one command of that script that starts the runner. */
  readonly command: string | null;
  /** Whatever else `npm test` does, which a validator would leave out. */
  readonly leftOut: readonly string[];
  /** Every file that looks like a test. */
  readonly files: readonly string[];
  /** Files that say which tests are run. */
  readonly configs: readonly string[];
  /** Runners that only packages below the root depend on. */
  readonly below: readonly Runner[];
};

const CONFIG =
  /(^|\/)((vitest|jest|ava)\.(config|workspace)\.[cm]?[jt]s(on)?|\.mocharc(\.[a-z]+)?|\.taprc)$/;
const TEST_FILE =
  /(^|\/)(tests?|__tests__|specs?)\/.*\.[cm]?[jt]sx?$|[._-](test|spec)\.[cm]?[jt]sx?$|(^|\/)test\.[cm]?[jt]s$/;
const OTHERS_CODE = /(^|\/)(node_modules|vendor|fixtures)\//;

/** Root configurations by the runner they are for. */
const CONFIG_OF: Partial<Record<Runner, RegExp>> = {
  vitest: /^vitest\./,
  jest: /^jest\./,
  mocha: /^\.mocharc/,
  ava: /^ava\./,
  tap: /^\.taprc/,
};

export function testFilesIn(paths: readonly string[]): string[] {
  return paths.filter((path) => TEST_FILE.test(path) && !OTHERS_CODE.test(path));
}

export function testsOf(repo: Repo, packages: Packages): Tests {
  const files = testFilesIn(repo.paths);
  const configs = repo.paths.filter((path) => CONFIG.test(path) && !OTHERS_CODE.test(path));
  const below = RUNNERS.filter((runner) => packages.nestedDependencies.includes(runner));
  const rest = { files, configs, below };
  const script = fromScripts(packages.scripts);
  if (script) return { ...script, ...rest };
  const told = fromDependencies(packages) ?? fromConfigs(configs) ?? fromSources(repo, files);
  const none = { runner: null, because: lookedFor(packages, files) };
  return { ...(told ?? none), script: null, command: null, leftOut: [], ...rest };
}

type FromScript = Pick<Tests, 'runner' | 'because' | 'script' | 'command' | 'leftOut'>;

function fromScripts(scripts: Readonly<Record<string, string>>): FromScript | null {
  const rank = (name: string): number =>
    name === 'test' ? 0 : name === 'test:unit' || name === 'unit' ? 1 : 2;
  const names = Object.keys(scripts)
    .filter((name) => name === 'unit' || /^test($|[:_-])/.test(name))
    .sort((a, b) => rank(a) - rank(b));
  for (const script of names) {
    const commands = commandsOf(scripts[script] ?? '');
    for (const command of commands) {
      const runner = RUNNERS.find((candidate) => starts(candidate, command));
      if (runner === undefined) continue;
      const others = [scripts[`pre${script}`], ...commands, scripts[`post${script}`]];
      const leftOut = others.filter((other) => other !== undefined && other !== command);
      return {
        runner,
        because: `the script \`${script}\``,
        script,
        command,
        leftOut,
      } as FromScript;
    }
  }
  return null;
}

function starts(runner: Runner, command: string): boolean {
  const words = command.split(/\s+/);
  if (runner === 'node-test') {
    return words.includes('--test') && (words.includes('node') || words.includes('tsx'));
  }
  return words.some((word) => word === runner || word.endsWith(`/${runner}`));
}

type Told = Pick<Tests, 'runner' | 'because'>;

function fromDependencies({ dependencies }: Packages): Told | null {
  const runner = RUNNERS.find((name) => dependencies.includes(name));
  return runner ? { runner, because: `the dependency \`${runner}\` in package.json` } : null;
}

function fromConfigs(configs: readonly string[]): Told | null {
  for (const runner of RUNNERS) {
    const config = configs.find((path) => CONFIG_OF[runner]?.test(path));
    if (config !== undefined) return { runner, because: `the file \`${config}\`` };
  }
  return null;
}

function fromSources(repo: Repo, files: readonly string[]): Told | null {
  for (const path of files.slice(0, TEST_FILES_READ_MAX)) {
    if (!/['"]node:test['"]/.test(repo.read(path) ?? '')) continue;
    return { runner: 'node-test', because: `\`${path}\`, which uses node:test` };
  }
  return null;
}

function lookedFor({ scripts }: Packages, files: readonly string[]): string {
  const script = scripts['test'] ?? '';
  // `npm init` writes a script that says there is none.
  if (script !== '' && !/no test specified/.test(script)) {
    return `the script \`test\` is \`${script}\`, and that starts no runner known here`;
  }
  return files.length === 0
    ? 'no script, no dependency and no file looks like a test'
    : `${files.length} files look like tests, and nothing says what runs them`;
}
