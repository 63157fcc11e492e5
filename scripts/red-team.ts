/**
 * Tries every attack of the red team on the real engine, and says of each row whether the file that tries
 * it held in this run. A test shows the attack at work on the weak side first, so one mark is for both.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROOFS } from '../test/red-team/proofs.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = ['test/docs-security.test.ts', 'test/policies/hostile-repositories.test.ts'];
const all = new Set([...files, 'test/red-team', ...PROOFS.map(({ file }) => file)]);
const scratch = mkdtempSync(path.join(tmpdir(), 'proofhouse-red-team-'));
const told = path.join(scratch, 'results.json');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${told}`];
const argv = ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...all];
const { status } = spawnSync(process.execPath, argv, { cwd: root, stdio: 'inherit' });

type Told = {
  testResults: { name: string; status: string; assertionResults: { status: string }[] }[];
};
const { testResults } = JSON.parse(readFileSync(told, 'utf8')) as Told;
rmSync(scratch, { recursive: true });
const lines = PROOFS.map(({ row, file }) => {
  const [found] = testResults.filter(({ name }) => name === path.join(root, file));
  return [stateOf(found), row.id, row.attack, `weak: ${row.weak}`, `ours: ${row.ours}`].join(' | ');
});
process.stdout.write(`${lines.sort().join('\n')}\n`);
process.exitCode = status === 0 ? 0 : 1;

/** A file that skipped all it has, as for want of root, proved nothing. */
function stateOf(found: Told['testResults'][number] | undefined): string {
  if (found === undefined) return 'not run';
  if (found.status !== 'passed') return 'FAILED';
  return found.assertionResults.some((one) => one.status === 'passed') ? 'held' : 'not run';
}
