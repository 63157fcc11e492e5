/** The measurements run on a bare machine and print every row. What they say is not judged here. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { CHECKOUT } from '../support.ts';

const run = promisify(execFile);
const BENCH = path.join(CHECKOUT, 'bench/run.ts');
const WORKSPACES = path.join(CHECKOUT, 'bench/run-sandbox.ts');
const ROWS = [
  ['reading 3000 entries', 'floor'],
  ['deciding on 3000 entries x 200 gates', '<= 100 ms'],
  ['model call of 3 KB, direct', 'floor'],
  ['model call of 3 KB, gateway, ledger on disk', '<= +0.70 ms'],
  ['model call of 100 KB, gateway, ledger on disk', '<= +0.70 ms'],
  ['bare container, create to first output', 'floor'],
  ['hardened sandbox, create to first output', '<= 1.15 x'],
  ['workspace of 1 file, open to first output', 'floor'],
  ['workspace of 13000 files, open to first output', '<= +50 ms'],
  ['git write-tree + one bare container', 'floor'],
  ['seal of a small change', '<= 1.5 x'],
  ['shop run, controller, peak memory', 'MiB'],
  ['shop run, preparing', ' s'],
  ['shop run, working', ' s'],
  ['shop run, validating', ' s'],
  ['shop run, claimed to pull request', ' s'],
] as const;

const WORKSPACE_ROWS = [
  ['first workspace of a base, 1000 files, 200 commits', ' ms'],
  ['workspace of 1 file, open to first output', 'floor'],
  ['workspace of 1000 files, 200 commits, open to first output', '<= +50 ms'],
  ['git write-tree of 1000 changes + one bare container', 'floor'],
  ['seal of 1000 changes', '<= 1.5 x'],
  ['1 sandboxes at once, all at their first output', 'floor'],
  ['8 sandboxes at once, all at their first output', '<= 8 x'],
  ['workspace opened and closed, nothing left after 5', ' ms'],
] as const;

describe('npm run bench:sandbox', () => {
  it('prints a row for everything it measures, and leaves nothing', async () => {
    const { stdout } = await run(process.execPath, [WORKSPACES, '--quick']);
    for (const [what, beside] of WORKSPACE_ROWS) {
      expect(
        stdout.split('\n').find((line) => line.startsWith(what)),
        stdout,
      ).toContain(beside);
    }
  });
});

describe('npm run bench', () => {
  it('prints a row for everything it measures', async () => {
    const { stdout } = await run(process.execPath, [BENCH, '--quick']);
    const lines = stdout.split('\n');
    for (const [what, beside] of ROWS) {
      const line = lines.find((one) => one.startsWith(`${what} `)) ?? '';
      expect(line, `${what}\n${stdout}`).toContain(beside);
      expect(line).toMatch(/ 1 +\d+(\.\d+)? +\d+(\.\d+)? +\d+(\.\d+)? +(ms|s|MiB)/);
    }
  });
});
