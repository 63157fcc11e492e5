/**
 * The house rules that no compiler knows: who imports whom, how long a file may be, where the
 * environment is read, what no file may hold. Each rule is also shown a violation, because a rule
 * that sees nothing passes everything.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FAULT_CODES, FAULTS } from '../orchestrator/domain/faults.ts';
import { outcomesPage } from '../scripts/outcomes.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const rulesFile = path.join(root, '.dependency-cruiser.cjs');
const ENOUGH_FILES = 20;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

const files = (await gitFiles()).filter((file) => existsSync(path.join(root, file)));
const sources = files.filter((file) => /\.(ts|mjs|cjs)$/.test(file) && !/^examples\//.test(file));
const shipped = sources.filter((file) => !/^(test|bench)\//.test(file));

describe('imports', () => {
  const here = cruise(root);

  it('no file imports what its room may not', async () => {
    expect((await here).violations).toEqual([]);
  }, 120_000);

  it('the tool saw every source file', async () => {
    const { seen } = await here;
    expect(seen.length).toBeGreaterThan(ENOUGH_FILES);
    expect(sources.filter((file) => !seen.includes(file))).toEqual([]);
  });

  /** A rule, a file, and what the file imports against the rule. */
  const planted: readonly (readonly [rule: string, file: string, specifier: string])[] = [
    ['room-domain', 'orchestrator/domain/a.ts', '../ports.ts'],
    ['room-ports', 'orchestrator/ports.ts', './log.ts'],
    ['room-text', 'orchestrator/text/a.ts', '../../policies/decide.ts'],
    ['room-policies', 'policies/a.ts', '../sandboxes/spec.ts'],
    ['room-policies', 'policies/b.ts', '../orchestrator/ports.ts'],
    ['room-sandboxes', 'sandboxes/a.ts', '../validators/command.ts'],
    ['room-sandboxes', 'sandboxes/b.ts', '../test/made-up.ts'],
    ['room-agents', 'agents/a.ts', '../gateway/model.ts'],
    ['room-gateway', 'gateway/a.ts', '../orchestrator/store/sqlite.ts'],
    ['room-gateway', 'gateway/b.ts', '../policies/decide.ts'],
    ['room-validators', 'validators/a.ts', '../sandboxes/spec.ts'],
    ['room-validators', 'validators/b.ts', '../orchestrator/stages/seal.ts'],
    ['room-bundle', 'validators/evidence/bundle/a.ts', '../store.ts'],
    ['room-bundle', 'validators/evidence/bundle/b.ts', '../../../orchestrator/stages/seal.ts'],
    ['room-store', 'orchestrator/store/a.ts', '../forge/local.ts'],
    ['room-store', 'orchestrator/store/b.ts', '../cli.ts'],
    ['room-forge', 'orchestrator/forge/a.ts', '../compose.ts'],
    ['room-forge', 'orchestrator/forge/b.ts', '../commands/show.ts'],
    ['room-stages', 'orchestrator/stages/a.ts', '../../sandboxes/spec.ts'],
    ['room-intake', 'orchestrator/intake/a.ts', '../forge/local.ts'],
    ['room-drivers', 'orchestrator/runner.ts', './compose.ts'],
    ['room-compose', 'orchestrator/compose.ts', './commands/show.ts'],
    ['room-commands', 'orchestrator/commands/a.ts', '../store/sqlite.ts'],
    ['room-cli', 'orchestrator/cli.ts', '../gateway/model.ts'],
    ['every-file-has-a-room', 'plugins/a.ts', '../orchestrator/domain/run.ts'],
    ['every-file-has-a-room', 'orchestrator/plugins/a.ts', '../domain/run.ts'],
    ['every-package-has-a-home', 'gateway/c.ts', 'left-pad'],
    ['every-package-has-a-home', 'gateway/d.ts', 'vitest'],
    ['home-of-dockerode', 'sandboxes/c.ts', 'dockerode'],
    ['home-of-simple-git', 'orchestrator/forge/c.ts', 'simple-git'],
    ['home-of-yaml', 'policies/c.ts', 'yaml'],
    ['home-of-fast-xml-parser', 'validators/c.ts', 'fast-xml-parser'],
    ['home-of-yauzl', 'validators/d.ts', 'yauzl'],
    ['home-of-commander', 'orchestrator/commands/c.ts', 'commander'],
    ['home-of-p-queue', 'orchestrator/log.ts', 'p-queue'],
    ['home-of-pino', 'orchestrator/scheduler.ts', 'pino'],
    ['home-of-re2js', 'policies/f.ts', 're2js'],
    ['home-of-@secretlint/core', 'validators/d.ts', '@secretlint/core'],
    [
      'home-of-@secretlint/secretlint-rule-preset-recommend',
      'validators/e.ts',
      '@secretlint/secretlint-rule-preset-recommend',
    ],
    ['home-of-node-sqlite', 'orchestrator/forge/d.ts', 'node:sqlite'],
    ['home-of-node-child_process', 'orchestrator/stages/b.ts', 'node:child_process'],
    ['pure-domain', 'orchestrator/domain/b.ts', 'node:fs'],
    ['pure-policies', 'policies/d.ts', 'node:fs/promises'],
    ['pure-text', 'orchestrator/text/b.ts', 'node:os'],
    ['pure-routing', 'gateway/routing/b.ts', 'node:fs'],
    ['pure-bundle', 'validators/evidence/bundle/c.ts', 'node:fs'],
    ['resolves', 'agents/b.ts', './gone.ts'],
    ['no-cycles', 'agents/c.ts', './d.ts'],
  ];

  /** What the rules allow, next to what they refuse. */
  const allowed: readonly (readonly [file: string, specifier: string])[] = [
    // The other half of the planted cycle, which is reported once.
    ['agents/d.ts', './c.ts'],
    ['orchestrator/domain/c.ts', 'zod'],
    ['orchestrator/domain/c.ts', 'node:crypto'],
    ['policies/yaml-source.ts', 'yaml'],
    ['policies/yaml-data.ts', 'yaml'],
    ['policies/e.ts', '../orchestrator/domain/run.ts'],
    ['sandboxes/docker.ts', 'dockerode'],
    ['sandboxes/docker.ts', '../orchestrator/ports.ts'],
    ['sandboxes/images/build.ts', 'node:child_process'],
    ['orchestrator/stages/c.ts', '../../policies/decide.ts'],
    ['orchestrator/stages/d.ts', '../../validators/evidence/bundle/d.ts'],
    ['validators/evidence/bundle/d.ts', '../../../policies/decide.ts'],
    ['orchestrator/compose.ts', '../sandboxes/docker.ts'],
    ['orchestrator/compose.ts', './store/sqlite.ts'],
    ['orchestrator/commands/b.ts', '../compose.ts'],
    ['orchestrator/cli.ts', './commands/b.ts'],
    ['test/a.test.ts', '../sandboxes/docker.ts'],
    ['test/a.test.ts', 'vitest'],
  ];

  it('every rule fires where it must, and nowhere else', async () => {
    const folder = plant([...planted.map(([, ...edge]) => edge), ...allowed]);
    const { violations } = await cruise(folder);
    expect(new Set(violations.map(({ rule, from }) => `${rule} in ${from}`))).toEqual(
      new Set(planted.map(([rule, file]) => `${rule} in ${file}`)),
    );
  });

  it('every rule of the file has a planted violation', () => {
    const { forbidden } = z
      .object({ forbidden: z.array(z.object({ name: z.string(), severity: z.literal('error') })) })
      .parse(createRequire(import.meta.url)(rulesFile));
    expect(new Set(forbidden.map(({ name }) => name))).toEqual(
      new Set(planted.map(([rule]) => rule)),
    );
  });

  it('an import of a type counts like any other', async () => {
    const folder = plant([['agents/a.ts', '../gateway/model.ts']], 'import type { A } from');
    expect((await cruise(folder)).violations.map(({ rule }) => rule)).toEqual(['room-agents']);
  });
});

type TextRule = {
  readonly name: string;
  readonly files: readonly string[];
  broken(text: string): boolean;
  /** Texts that must be refused. Put together from pieces, so that this file passes its own rules. */
  readonly refused: readonly string[];
  readonly fine: readonly string[];
};

const configured = await configuredRegistry();
const registryHost =
  /\b(registry|registries|pypi|crates|ghcr|quay|gcr|mcr|deb|archive|mirrors?|packages)\.(?!example\b)([a-z0-9-]+\.)*(org|com|io|net|dev)\b/i;

const textRules: readonly TextRule[] = [
  {
    // SBX-16, SBX-14: what an agent left in a sandbox has run as root of the host in these calls.
    name: 'no file runs anything in a sandbox, or copies files in or out of one, by the engine',
    files: shipped.filter((file) => /^sandboxes\//.test(file)),
    broken: (text) =>
      /\b(?:get|put|info)Archive\b|\bgetExec\b|ontainer(?:\([^)]*\))?\s*\.(?:exec|export)\(/.test(
        text,
      ),
    refused: [
      ['await container', '.exec({ Cmd })'].join(''),
      ['container(name)', '.exec({})'].join(''),
      ['docker.getContainer(id)', '.export({})'].join(''),
      ['x.put', 'Archive(tar)'].join(''),
      ['x.get', 'Archive({ path })'].join(''),
    ],
    // Whoever joins a sandbox's streams runs nothing in it.
    fine: ['/a/.exec(text)', 'container.attach({ stdin: true })', 'exportTree(house)'],
  },
  {
    name: 'no file has more than 400 lines',
    files: shipped,
    broken: (text) => text.trimEnd().split('\n').length > 400,
    refused: ['a\n'.repeat(401)],
    fine: ['a\n'.repeat(400)],
  },
  {
    name: 'no file puts work off with a mark',
    files: sources,
    broken: (text) => /\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b/.test(text),
    refused: ['// TO'.concat('DO: later'), '// FIX'.concat('ME')],
    fine: ['a todo list'],
  },
  {
    name: 'no file silences the compiler',
    files: sources,
    broken: (text) => /@ts-(ignor[e]|nochec[k])|\bas unknown a[s]\b/.test(text),
    refused: ['// @ts-'.concat('ignore'), 'a as unknown '.concat('as B')],
    fine: ['// @ts-expect-error: refused', 'a as unknown'],
  },
  {
    name: 'no module keeps state in a let',
    files: shipped,
    broken: (text) => /^(export )?let /m.test(text),
    refused: ['let a = 1;', 'const a = 1;\nexport let b = 2;'],
    fine: ['function a() {\n  let b = 1;\n}', '// let a be'],
  },
  {
    name: 'the environment is read in orchestrator/cli.ts only',
    // What an image holds runs inside a sandbox, where the environment is the controller's own.
    files: shipped.filter(
      (file) =>
        file !== 'orchestrator/cli.ts' && !/^sandboxes\/images\/[^/]+\/sandbox\//.test(file),
    ),
    broken: (text) =>
      /\bprocess\s*(\?\.|\.)\s*en[v]\b|\bprocess\s*\[|\}\s*=\s*process\b|['"](node:)?proces[s]['"]/.test(
        text,
      ),
    refused: [
      'process.'.concat('env["A"]'),
      'process?.'.concat('env'),
      'const { env } '.concat('= process;'),
      'import { env } from '.concat("'node:", "process';"),
    ],
    fine: ['process.stdout.write(environment)', 'process.envelope'],
  },
  {
    // A door that lets everything through, or a token that nobody made, is for showing that an attack works.
    name: 'only tests of attacks open a door that is weak',
    files: sources.filter(
      (file) => !/^test\/gateway\/(weak-door|model\/token\.test|secrets-out\.test)\.ts$/.test(file),
    ),
    broken: (text) => /\bas RunToke[n]\b|\/weak-doo[r]\.ts'|\bsecretSearch(es)?\(\[\]/.test(text),
    refused: [
      "token: '' as Run".concat('Token,'),
      "import { LOOKS } from '../weak-".concat("door.ts';"),
      'secretSearch('.concat('[], false)'),
    ],
    fine: ['RunToken.parse(text)', 'secretSearch([OURS], false)'],
  },
  {
    name: 'no file names the host of a package registry',
    files,
    broken: (text) => registryHost.test(text) || (configured !== null && text.includes(configured)),
    refused: [
      'https://registry.'.concat('npmjs.org/a'),
      'FROM ghcr.'.concat('io/a/b'),
      'pypi.'.concat('org'),
    ],
    fine: ['https://github.com/a/b', 'https://registry.example.com/', 'apt-get install docker.io'],
  },
];

describe('texts', () => {
  it('there are files to look at', () => {
    expect(shipped.length).toBeGreaterThan(ENOUGH_FILES);
  });

  describe.each(textRules)('$name', ({ files: looked, broken, refused, fine }) => {
    it('holds in this tree', () => {
      expect(looked.filter((file) => broken(read(file)))).toEqual([]);
    });

    it('refuses a planted violation and nothing else', () => {
      expect(refused.filter((text) => !broken(text))).toEqual([]);
      expect(fine.filter(broken)).toEqual([]);
    });
  });

  it('no package may run code when it is installed', () => {
    expect(read('.npmrc').split('\n')).toContain('ignore-scripts=true');
  });
});

describe('docs/outcomes.md', () => {
  it('is what `node scripts/outcomes.ts` writes', () => {
    expect(read('docs/outcomes.md')).toBe(outcomesPage());
  });

  it('gives every code a meaning, someone who acts, and something to do', () => {
    const rows = FAULT_CODES.map((code) => {
      const { meaning, acts, todo, exit } = FAULTS[code];
      return `| \`${code}\` | ${meaning} | ${acts} | ${todo} | ${exit} |`;
    });
    const lines = read('docs/outcomes.md').split('\n');
    expect(rows.filter((row) => !lines.includes(row))).toEqual([]);
  });
});

const temporary: string[] = [];
afterAll(() => {
  for (const folder of temporary) rmSync(folder, { recursive: true });
});

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

async function gitFiles(): Promise<string[]> {
  const argv = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { stdout } = await run('git', argv, { cwd: root });
  return stdout.split('\0').filter((file) => file !== '');
}

/** The host this machine's npm is set to, so that a private one is found as well. */
async function configuredRegistry(): Promise<string | null> {
  const { stdout } = await run('npm', ['config', 'get', 'registry'], { cwd: root });
  const { hostname } = new URL(stdout.trim());
  return /^(localhost|127\.|\[)/.test(hostname) ? null : hostname;
}

const Cruised = z.object({
  modules: z.array(z.object({ source: z.string() })),
  summary: z.object({
    violations: z.array(
      z.object({ rule: z.object({ name: z.string() }), from: z.string(), to: z.string() }),
    ),
  }),
});

/** Runs the tool as `npm run check` does, with the same rules, in a folder of choice. */
async function cruise(folder: string) {
  const tool = path.join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const argv = [tool, '--config', rulesFile, '--output-type', 'json', '.'];
  const options = { cwd: folder, maxBuffer: OUTPUT_BYTES_MAX };
  const { stdout } = await run(process.execPath, argv, options);
  const { modules, summary } = Cruised.parse(JSON.parse(stdout));
  return {
    seen: modules.map(({ source }) => source),
    violations: summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
}

/** A small tree of files that import just what is asked, with hollow packages to import. */
function plant(edges: readonly (readonly [string, string])[], how = 'import'): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'proofhouse-rooms-'));
  temporary.push(folder);
  const texts = new Map<string, string>([['tsconfig.json', '{"compilerOptions":{}}']]);
  for (const [file, specifier] of edges) {
    texts.set(file, `${texts.get(file) ?? ''}${how} '${specifier}';\n`);
    const target = path.posix.join(path.posix.dirname(file), specifier);
    if (specifier.startsWith('.')) {
      if (specifier !== './gone.ts') texts.set(target, texts.get(target) ?? '');
    } else if (!specifier.startsWith('node:')) {
      texts.set(`node_modules/${specifier}/index.js`, '');
      texts.set(`node_modules/${specifier}/package.json`, `{"name":"${specifier}"}`);
    }
  }
  for (const [file, text] of texts) {
    mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  return folder;
}
