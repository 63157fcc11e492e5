/** A mount's source is what it says: nobody put a link in its place. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { misled } from '../../sandboxes/deny-mounts.ts';

const bind = (source: string) => ({ Type: 'bind', Source: source });

test('a link in the place of a folder, or of one above it, is told', async () => {
  const home = realpathSync(mkdtempSync(path.join(tmpdir(), 'proofhouse-misled-')));
  onTestFinished(() => rmSync(home, { recursive: true }));
  mkdirSync(path.join(home, 'real/below'), { recursive: true });
  symlinkSync('/etc', path.join(home, 'etc'));
  symlinkSync(path.join(home, 'real'), path.join(home, 'above'));
  expect(await misled([bind(path.join(home, 'real/below'))])).toEqual([]);
  expect(await misled([bind(path.join(home, 'etc'))])).toEqual([`${home}/etc leads to /etc`]);
  expect(await misled([bind(path.join(home, 'above/below'))])).toHaveLength(1);
});

test('a volume is no path, and a folder that is not here is left to the engine', async () => {
  expect(await misled([{ Type: 'volume', Source: 'proofhouse-x' }])).toEqual([]);
  expect(await misled([bind('/nowhere/at/all')])).toEqual([]);
});
