/** The demo's repository: a copy of the shop with one commit, the same commit every time. */
import { execFile } from 'node:child_process';
import { cp, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const SHOP = fileURLToPath(new URL('../../examples/shop', import.meta.url));
/** The scripted model's answers to the demo's tasks. */
export const SHOP_MODELS = path.join(SHOP, 'models');
/** What people and the scripted model read, and agents do not. */
const NOT_IN_REPOSITORY = ['tasks', 'models', 'node_modules'];
/** A fixed time gives a fixed commit, so that layers made for it once are found again. */
const WHEN = '2026-01-01T00:00:00Z';

export async function makeShop(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(SHOP, folder, {
    recursive: true,
    filter: (from) =>
      !NOT_IN_REPOSITORY.includes(path.relative(SHOP, from).split(path.sep)[0] ?? ''),
  });
  const who = { name: 'Shop', email: 'shop@localhost.invalid' };
  const env = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: who.name,
    GIT_AUTHOR_EMAIL: who.email,
    GIT_AUTHOR_DATE: WHEN,
    GIT_COMMITTER_NAME: who.name,
    GIT_COMMITTER_EMAIL: who.email,
    GIT_COMMITTER_DATE: WHEN,
  };
  for (const args of [
    ['init', '--quiet', '--initial-branch=main'],
    ['add', '--all'],
    ['commit', '--quiet', '--message=The shop as it is'],
  ]) {
    await run('git', args, { cwd: folder, env });
  }
}
