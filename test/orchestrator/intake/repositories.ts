/** Real git repositories of the shapes that `init` meets, each in a folder of its own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

export type Files = Readonly<Record<string, string>>;

/** A folder that is gone when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'proofhouse-intake-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function git(folder: string, ...args: string[]): string {
  return execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', stdio: 'pipe' });
}

/** A repository with one commit that holds these files. */
export function repositoryWith(files: Files, branch = 'main'): string {
  const folder = join(temporaryFolder(), 'shop');
  mkdirSync(folder);
  git(folder, 'init', '--quiet', `--initial-branch=${branch}`);
  writeAll(folder, files);
  commitAll(folder);
  return folder;
}

export function writeAll(folder: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

export function commitAll(folder: string): void {
  const who = [
    '-c',
    'user.name=Pia',
    '-c',
    'user.email=pia@example.com',
    '-c',
    'commit.gpgsign=false',
  ];
  git(folder, 'add', '--all');
  git(folder, ...who, 'commit', '--quiet', '--allow-empty', '--no-verify', '--message=First');
}

const manifest = (keys: object): string => JSON.stringify({ name: 'shop', ...keys });

export const SHAPES = {
  'plain JavaScript with node:test and no lock': {
    'package.json': manifest({ type: 'module', dependencies: { pino: '^10.0.0' } }),
    'src/auth/login.js': 'export const login = () => true;\n',
    'src/cart.js': 'export const cart = [];\n',
    'test/cart.test.js': "import test from 'node:test';\ntest('a cart', () => {});\n",
  },
  'TypeScript with vitest and an npm lock': {
    'package.json': manifest({
      scripts: { test: 'vitest run --coverage' },
      devDependencies: { vitest: '5.1.1' },
    }),
    'package-lock.json': '{}',
    'vitest.config.ts': 'export default {};\n',
    'AGENTS.md': '# Rules\n',
    'CLAUDE.md': '# Rules\n',
    'src/payments/charge.ts': 'export const charge = 1;\n',
    'src/payments/charge.test.ts': "import { test } from 'vitest';\n",
    Dockerfile: 'FROM scratch\n',
  },
  mocha: {
    'package.json': manifest({
      scripts: {
        test: 'eslint . && NODE_ENV=test mocha --recursive --reporter dot "spec/**/*.js"',
      },
      devDependencies: { mocha: '11.0.0' },
    }),
    'package-lock.json': '{}',
    '.mocharc.yml': 'timeout: 5000\n',
    'spec/cart.js': "it('works', () => {});\n",
    'lib/session.js': 'module.exports = {};\n',
  },
  'a pnpm monorepo': {
    'package.json': manifest({ scripts: { test: 'pnpm -r test' }, packageManager: 'pnpm@10.1.0' }),
    'pnpm-lock.yaml': 'lockfileVersion: 9\n',
    'pnpm-workspace.yaml': 'packages: [packages/*]\n',
    'packages/web/package.json': manifest({ devDependencies: { vitest: '5.1.1' } }),
    'packages/web/app/(auth)/login.tsx': 'export {};\n',
    'packages/db/package.json': manifest({}),
    'packages/db/prisma/schema.prisma': 'model User {}\n',
    'packages/db/prisma/migrations/1_first/migration.sql': 'CREATE TABLE a (b INT);\n',
    '.github/workflows/ci.yml': 'on: push\n',
    '.github/CODEOWNERS':
      '# who owns what\n* @acme/everyone\n/packages/db/ @acme/data ana@example.com # careful\n/docs/\n',
  },
  'one empty commit': {},
  'no tests': {
    'package.json': manifest({ scripts: { test: 'echo "Error: no test specified" && exit 1' } }),
    'index.js': 'console.log(1);\n',
  },
} as const satisfies Record<string, Files>;
export type Shape = keyof typeof SHAPES;
export const SHAPE_NAMES = Object.keys(SHAPES) as Shape[];
