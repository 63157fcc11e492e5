/** `run bundle` and `verify` as they are called, on a real repository, a real store and real folders. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runBundle } from '../../../orchestrator/commands/bundle.ts';
import { readBundleFolder } from '../../../orchestrator/commands/bundle-folder.ts';
import { verify } from '../../../orchestrator/commands/verify.ts';
import type { Verification } from '../../../validators/evidence/bundle/verify.ts';
import { type Published, published } from '../../validators/bundle/published.ts';
import { RUN, WAITING } from '../fixtures.ts';
import { git, temporaryFolder } from '../intake/repositories.ts';
import { desk, journaled } from './context.ts';

async function checked(
  { one, keys, repository }: Published,
  bundle: string,
  over: Partial<Parameters<typeof verify>[1]> = {},
): Promise<{ exit: number; report: Verification; wrong: string }> {
  // Somebody else: their data directory is empty.
  const { context, said } = desk({ cwd: one.context.cwd });
  const options = { bundle, repository, commit: null, trust: [keys], ...over };
  const exit = await verify({ ...context, json: true }, options);
  const report = JSON.parse(said.at(-1) ?? '') as Verification;
  return { exit, report, wrong: report.steps.flatMap(({ problems }) => problems).join('\n') };
}

test('who has the folder, the keys and the repository can check what was published', async () => {
  const change = await published();
  const folder = await change.bundle('one');
  const { exit, report, wrong } = await checked(change, folder);
  expect(wrong).toBe('');
  expect(exit).toBe(0);
  const { event, draft, message } = change;
  if (event.type !== 'pull_request_opened') throw new Error('the sample is published');
  expect(report.bundle).toBe(event.bundle?.manifest);
  expect(draft.body).toContain(`| Bundle | \`${report.bundle}\` |`);
  expect(message).toContain(`\nProofhouse-Bundle: ${report.bundle}\n`);
  expect(message).toMatch(/\nProofhouse-Audit: \d+:sha256:[0-9a-f]{64}\n/);
  const records = await change.one.store.audit.of(RUN);
  expect(
    records.filter(({ data }) => data['bundle'] === report.bundle).map(({ type }) => type),
  ).toEqual(['pr.intended', 'pr.opened']);
  const subjects = report.steps.find(({ id }) => id === 'subjects');
  expect(subjects?.note).toContain(`in commit ${event.commit}`);

  const main = await checked(change, folder, { commit: 'main' });
  expect(main).toMatchObject({
    exit: 1,
    wrong: expect.stringContaining('and the bundle is about tree'),
  });
  const none = await checked(change, folder, { repository: null });
  expect(none.exit).toBe(0);

  await verify(change.one.context, { bundle: folder, repository: null, commit: null, trust: null });
  expect(change.one.said.at(-1)).toContain('Everything that was looked at holds.');

  rmSync(join(folder, 'report.html'));
  symlinkSync('/etc/hostname', join(folder, 'report.html'));
  writeFileSync(join(folder, 'approvals', 'more.json'), '{}');
  const broken = await checked(change, folder);
  expect(broken.exit).toBe(1);
  expect(broken.wrong).toContain('report.html is a symlink, which is not followed');
  expect(broken.wrong).toContain('approvals/more.json is not listed');

  const foreign = temporaryFolder();
  git(foreign, 'init', '--quiet');
  execFileSync('git', [
    '-C',
    foreign,
    '-c',
    'user.name=x',
    '-c',
    'user.email=x@x',
    'commit',
    '-q',
    '--allow-empty',
    '-m',
    'x',
  ]);
  const elsewhere = await checked(change, await change.bundle('two'), { repository: foreign });
  expect(elsewhere).toMatchObject({
    exit: 1,
    wrong: expect.stringMatching(/this repository has no commit \w{40}; fetch/),
  });
});

test('a file that is not in the store any more is said, and no half bundle stays', async () => {
  const change = await published();
  await change.bundle('whole');
  const digest =
    readFileSync(join(change.one.context.home, 'bundles', 'whole', 'manifest.json'), 'utf8').match(
      /"sha256":"([0-9a-f]{64})"/,
    )?.[1] ?? '';
  rmSync(join(change.one.context.home, 'evidence', 'sha256', digest.slice(0, 2), digest.slice(2)));
  const folder = join(change.one.context.home, 'bundles', 'half');
  await expect(runBundle(change.one.context, RUN, folder)).rejects.toMatchObject({
    code: 'evidence_missing',
  });
  expect(readdirSync(join(change.one.context.home, 'bundles'))).toEqual(['whole']);
});

test('a run that is not published has no bundle, and a folder that holds something takes none', async () => {
  const one = desk();
  await journaled(one, WAITING);
  await expect(runBundle(one.context, RUN, null)).rejects.toMatchObject({
    code: 'not_now',
    exit: 2,
  });
});

test('without keys nothing is checked, and a bundle does not bring its own', async () => {
  const one = desk();
  const asked = { bundle: one.context.home, repository: null, commit: null, trust: null };
  await expect(verify(one.context, asked)).rejects.toMatchObject({
    ...{ code: 'usage', message: expect.stringContaining('--trust KEYS.json') },
  });
});

test('what is no bundle is told as such, and nothing in it is followed', async () => {
  const folder = temporaryFolder();
  await expect(readBundleFolder(join(folder, 'gone'))).rejects.toMatchObject({
    code: 'bundle_unreadable',
  });
  writeFileSync(join(folder, 'file'), 'x');
  await expect(readBundleFolder(join(folder, 'file'))).rejects.toMatchObject({
    code: 'bundle_unreadable',
  });
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  mkdirSync(join(folder, Array(14).fill('d').join('/')), { recursive: true });
  symlinkSync('/etc', join(folder, 'link'));
  const { found, kept } = await readBundleFolder(folder);
  expect(found.map(({ path, problem }) => `${path.slice(0, 4)} ${problem ?? 'read'}`)).toEqual([
    'd/d/ is nested too deeply',
    'file read',
    'link is a symlink, which is not followed',
    'pipe is no plain file',
  ]);
  expect([...kept.keys()]).toEqual(['file']);
});
