/** The commands of docs/evidence.md are what they are said to be: they pass on a bundle, and find what was changed. */
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { published } from './validators/bundle/published.ts';

const PAGE = new URL('../docs/evidence.md', import.meta.url);
const COMMANDS = [...readFileSync(PAGE, 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(
  ([, block]) => block,
);

test('the commands of the page pass on a bundle, and fail on one that was changed', async () => {
  expect(COMMANDS.length).toBeGreaterThan(6);
  const change = await published();
  const folder = await change.bundle('one');
  const ran = (bundle: string) => {
    const script = `set -eu\n${COMMANDS.join('\n')}\necho done\n`;
    const env = { ...process.env, KEYS: change.keys, REPO: change.repository };
    const { status, stdout, stderr } = spawnSync('sh', ['-c', script], {
      ...{ cwd: bundle, env, encoding: 'utf8' as const },
    });
    return { status, stdout, stderr };
  };
  const good = ran(folder);
  expect(good.stderr).toBe('');
  expect(good).toMatchObject({ status: 0, stdout: expect.stringMatching(/done\n$/) });
  expect(good.stdout).toContain('https://slsa.dev/verification_summary/v1\tPASSED');

  const broken: Record<string, (bundle: string) => void> = {
    edited: (bundle) => edit(join(bundle, 'inputs/facts.json'), (text) => text.replace('"', "'")),
    gone: (bundle) => rmSync(join(bundle, 'report.html')),
    added: (bundle) => writeFileSync(join(bundle, 'more.txt'), 'x'),
    relisted: (bundle) =>
      edit(join(bundle, 'manifest.json'), (text) => text.replace('"v":1', '"v":2')),
  };
  for (const [name, damage] of Object.entries(broken)) {
    const copy = `${folder}-${name}`;
    cpSync(folder, copy, { recursive: true });
    damage(copy);
    expect(ran(copy).status, name).not.toBe(0);
  }
});

function edit(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}
