/** Tries every attack of the red team on the real engine, and prints the tables of what was tried. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const suites = [
  ['--project', 'unit', 'test/docs-security.test.ts', 'test/sandboxes/deny.test.ts'],
  ['--project', 'scenarios', 'test/red-team'],
];

const failed = suites.filter((suite) => {
  const argv = ['node_modules/vitest/vitest.mjs', 'run', ...suite];
  return spawnSync(process.execPath, argv, { cwd: root, stdio: 'inherit' }).status !== 0;
});
const page = readFileSync(`${root}/docs/security.md`, 'utf8');
const tables = page.split('\n').filter((line) => /^(\||###? )/.test(line));
process.stdout.write(`${tables.join('\n')}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
