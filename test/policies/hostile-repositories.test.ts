/**
 * Every known way past a gate that reads what git prints, in a real repository each: first shown to
 * pass such a gate, then seen by ours. One test for each row of the table in the specification.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Facts } from '../../orchestrator/domain/change.ts';
import type { Judgement } from '../../orchestrator/domain/judgement.ts';
import { landingFacts, localFacts } from '../../orchestrator/stages/local-facts.ts';
import { decide } from '../../policies/decide.ts';
import { openLocal } from '../../sandboxes/source/local-change.ts';
import { ingest } from '../../sandboxes/source/quarantine.ts';
import { git, temporaryFolder } from '../orchestrator/intake/repositories.ts';
import { bench, packOfObjects, rawObject, treeEntry } from '../sandboxes/source/bench.ts';
import { load, minimal } from './sample.ts';

/** One file of a tree: mode, bytes of its path, and content; of a submodule its commit. */
type File = readonly [mode: string, path: string | Buffer, content: string];

const LOGIN: File = ['100644', 'src/auth/login.ts', 'export const login = 1;\nexport {};\n'];
const FREE: File = ['100644', 'lib/free.ts', 'export const free = 1;\n'];
const BASE = [LOGIN, FREE];

const POLICY = load(
  minimal(`groups: { security: { members: [local:rita] }, platform: { members: [local:pia] } }
classes:
  low: { approvals: [], surface: ready-pr }
  high: { approvals: [{ group: platform, count: 1 }] }
  critical: { approvals: [{ group: security, count: 1 }] }
unmatched: { class: low }
gates:
  - { id: auth, why: Who may log in., class: critical, paths: ["src/auth/"] }
  - { id: executable, why: What is run., class: high, paths: ["**"], operations: [mode] }
limits: { max_changed_lines: 100, over: { class: high }, absolute: { max_files: 500 } }
validators: { unit: { kind: command, run: [npm, test], image: base, timeout: 5m, memory: 1GiB, reports: { junit: junit.xml }, required_for: ["**"] } }
`),
);

/** A gate as scripts have it: lines that git printed, and the folder that is guarded. */
function naivelyGated(names: readonly string[]): boolean {
  return names.some((name) => name.startsWith('src/auth/'));
}

function printed(folder: string, ...args: string[]): string[] {
  return git(folder, 'diff', ...args, 'base', 'head')
    .split('\n')
    .filter(Boolean);
}

/** A repository with a branch for each of these trees; `head` comes after `base`. */
function repository(trees: Readonly<Record<string, readonly File[]>>): string {
  const folder = temporaryFolder();
  git(folder, 'init', '--quiet', '--initial-branch=none', '.');
  grow(folder, trees);
  return folder;
}

/** Written by `fast-import`, which takes names that no checkout would make. */
function grow(folder: string, trees: Readonly<Record<string, readonly File[]>>): void {
  const parts = Object.entries(trees).flatMap(([branch, files], at) => {
    return [
      `commit refs/heads/${branch}\nmark :${at + 1}\ncommitter Pia <pia@example.com> 1772359200 +0000\ndata 0\n`,
      ...(at === 0 ? [] : [`from :${at}\n`]),
      'deleteall\n',
      ...files.flatMap(filePart),
    ].map((part) => Buffer.from(part));
  });
  execFileSync('git', ['fast-import', '--quiet', '--force'], {
    cwd: folder,
    input: Buffer.concat(parts),
  });
}

function filePart([mode, path, content]: File): string[] {
  const octal = [...Buffer.from(path)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`);
  const name = `"${octal.join('')}"`;
  if (mode === '160000') return [`M 160000 ${content} ${name}\n`];
  return [`M ${mode} inline ${name}\ndata ${Buffer.byteLength(content)}\n${content}\n`];
}

async function read(folder: string, from = 'base', to = 'head') {
  const local = await openLocal(folder);
  onTestFinished(() => local.close());
  return localFacts(local, await local.resolve(from), await local.resolve(to), 'refs/heads/main');
}

async function seen(folder: string, from = 'base', to = 'head'): Promise<Facts> {
  const answer = await read(folder, from, to);
  if ('refused' in answer) throw new Error(answer.refused.map(({ message }) => message).join('\n'));
  return answer.facts;
}

async function refusals(folder: string): Promise<string[]> {
  const answer = await read(folder);
  return 'refused' in answer ? answer.refused.map(({ message }) => message) : [];
}

function touched({ entries }: Facts): string[] {
  return entries.map(({ operation, path }) => `${operation} ${path}`);
}

function judged(facts: Facts): Judgement {
  return decide([POLICY], facts, '2026-03-01T10:00:00.000Z');
}

function gates(facts: Facts): string[] {
  return judged(facts).gates.map(({ id }) => id);
}

describe('a gate that reads names as git prints them is passed, and ours is not,', () => {
  test('by a file that is renamed out of the folder', async () => {
    const folder = repository({ base: BASE, head: [FREE, ['100644', 'lib/l.ts', LOGIN[2]]] });
    expect(printed(folder, '--name-only')).toEqual(['lib/l.ts']);
    expect(naivelyGated(printed(folder, '--name-only'))).toBe(false);
    const facts = await seen(folder);
    expect(touched(facts)).toEqual(['add lib/l.ts', 'delete src/auth/login.ts']);
    expect(judged(facts)).toMatchObject({ verdict: 'hold', riskClass: 'critical' });
    expect(gates(facts)).toContain('auth');
  });

  test('by a copy of a file from the folder, which is an add that shows its content', async () => {
    const folder = repository({ base: BASE, head: [...BASE, ['100644', 'lib/l.ts', LOGIN[2]]] });
    expect(naivelyGated(printed(folder, '--name-only', '--find-copies-harder'))).toBe(false);
    const facts = await seen(folder);
    expect(touched(facts)).toEqual(['add lib/l.ts']);
    expect(Object.values(facts.texts)).toContain(LOGIN[2]);
  });

  test('by a file that is only deleted', async () => {
    const folder = repository({ base: BASE, head: [FREE] });
    // As tools do that read the new side of every file, or wait for another word than git has.
    expect(printed(folder, '--name-only', '--diff-filter=d')).toEqual([]);
    const facts = await seen(folder);
    expect(touched(facts)).toEqual(['delete src/auth/login.ts']);
    expect(gates(facts)).toContain('auth');
  });

  test('by a symlink in the place of the folder', async () => {
    const folder = repository({ base: BASE, head: [FREE, ['120000', 'src/auth', '../lib']] });
    expect(naivelyGated(printed(folder, '--name-only', '--diff-filter=d'))).toBe(false);
    const facts = await seen(folder);
    expect(touched(facts)).toEqual(['add src/auth', 'delete src/auth/login.ts']);
    expect(facts.entries[0]).toMatchObject({ newMode: '120000' });
    const auth = judged(facts).gates.find(({ id }) => id === 'auth');
    expect(auth?.paths).toEqual(['src/auth', 'src/auth/login.ts']);
    expect(gates(facts)).toContain('entry.type');
  });

  test.each([
    ['/etc/passwd', 'leads to an absolute path'],
    ['../../outside', 'leads out of the tree'],
    ['../.git/config', 'leads into a git folder'],
    ['../.GIT/hooks', 'leads into a git folder'],
    ['../src/../../x', 'goes down and up again'],
  ])('by a symlink to %s', async (target, reason) => {
    const folder = repository({ base: BASE, head: [...BASE, ['120000', 'docs/notes', target]] });
    expect(naivelyGated(printed(folder, '--name-only'))).toBe(false);
    expect(await refusals(folder)).toEqual([`"docs/notes" is a symlink that ${reason}.`]);
  });

  test('by a symlink into the folder', async () => {
    const folder = repository({ base: BASE, head: [...BASE, ['120000', 'lib/a', '../src/auth']] });
    expect(naivelyGated(printed(folder, '--name-only'))).toBe(false);
    const { verdict, denials } = judged(await seen(folder));
    expect({ verdict, codes: denials.map(({ code }) => code) }).toEqual({
      verdict: 'deny',
      codes: ['symlink_into_gate'],
    });
  });

  test('by a file that becomes a symlink', async () => {
    const folder = repository({ base: BASE, head: [LOGIN, ['120000', FREE[1], 'other.ts']] });
    // Seen as one changed file like any other.
    expect(printed(folder, '--name-only')).toEqual(['lib/free.ts']);
    const facts = await seen(folder);
    expect(facts.entries).toMatchObject([
      { operation: 'type', oldMode: '100644', newMode: '120000' },
    ]);
    expect(judged(facts)).toMatchObject({ verdict: 'hold', riskClass: 'high' });
    expect(gates(facts)).toContain('entry.type');
  });

  test('by a file that may be run from now on', async () => {
    const folder = repository({ base: BASE, head: [LOGIN, ['100755', FREE[1], FREE[2]]] });
    // No line changed, so what counts lines or reads them has nothing to look at.
    expect(printed(folder, '--numstat')).toEqual(['0\t0\tlib/free.ts']);
    const facts = await seen(folder);
    expect(facts.entries).toMatchObject([{ operation: 'mode', newMode: '100755' }]);
    expect(gates(facts)).toEqual(['executable']);
  });

  test('by a submodule, and by one that says of itself that it is to be ignored', async () => {
    const link: File = ['160000', 'vendor/x', '1'.repeat(40)];
    const modules =
      '[submodule "x"]\n\tpath = vendor/x\n\turl = https://example.com/x\n\tignore = all\n';
    const file: File = ['100644', '.gitmodules', modules];
    const folder = repository({ base: [...BASE, file], head: [...BASE, file, link] });
    writeFileSync(join(folder, '.gitmodules'), modules);
    expect(printed(folder, '--name-only')).toEqual([]);
    expect(await refusals(folder)).toEqual([
      '"vendor/x" is a submodule, whose content nobody here can see.',
    ]);
  });

  test('by another address in .gitmodules', async () => {
    const at = (url: string): File => [
      '100644',
      '.gitmodules',
      `[submodule "x"]\n\tpath = x\n\turl = ${url}\n`,
    ];
    const folder = repository({ base: [...BASE, at('a')], head: [...BASE, at('-u./payload')] });
    expect(naivelyGated(printed(folder, '--name-only'))).toBe(false);
    expect(await refusals(folder)).toEqual([expect.stringContaining('is a submodule file')]);
  });

  test('by an attribute that calls every source binary', async () => {
    const attributes: File = ['100644', '.gitattributes', '*.ts -diff\n'];
    const long: File = ['100644', FREE[1], 'const key = "sk-live";\n'.repeat(200)];
    const folder = repository({ base: [...BASE, attributes], head: [LOGIN, attributes, long] });
    writeFileSync(join(folder, '.gitattributes'), attributes[2]);
    expect(printed(folder, '--numstat')).toEqual(['-\t-\tlib/free.ts']);
    expect(printed(folder).join('\n')).not.toContain('sk-live');
    const facts = await seen(folder);
    expect(facts.change).toMatchObject({ addedLines: 200, removedLines: 1 });
    expect(facts.binary).toEqual([]);
    expect(Object.values(facts.texts).join('')).toContain('sk-live');
    expect(gates(facts)).toEqual(['limits']);
  });

  test('by two names that become one when they are read as text', async () => {
    const names = [0xfe, 0xff].map((byte) => Buffer.from([...Buffer.from('lib/a'), byte]));
    const twins = names.map((name): File => ['100644', name, 'x']);
    const folder = repository({ base: BASE, head: [...BASE, ...twins] });
    const names_ = git(folder, 'diff', '--name-only', '-z', 'base', 'head')
      .split('\0')
      .filter(Boolean);
    expect(new Set(names_)).toEqual(new Set(['lib/a\ufffd']));
    expect(await refusals(folder)).toEqual([
      '"lib/a\\xfe" is not valid UTF-8.',
      '"lib/a\\xff" is not valid UTF-8.',
    ]);
  });

  test.each(['src/auth/é.ts', 'src/auth/a"b.ts', 'src/auth/データ.ts'])(
    'by the name %s, which git prints in quotes',
    async (path) => {
      const folder = repository({ base: BASE, head: [...BASE, ['100644', path, 'x']] });
      expect(printed(folder, '--name-only')[0]).toMatch(/^"src\/auth\//);
      expect(naivelyGated(printed(folder, '--name-only'))).toBe(false);
      const facts = await seen(folder);
      expect(touched(facts)).toEqual([`add ${path}`]);
      expect(gates(facts)).toEqual(['auth']);
    },
  );

  test('by a name of two lines', async () => {
    const folder = repository({ base: BASE, head: [...BASE, ['100644', 'src/auth/a\nb.ts', 'x']] });
    expect(naivelyGated(printed(folder, '--name-only'))).toBe(false);
    expect(await refusals(folder)).toEqual([expect.stringContaining('holds a control character')]);
  });

  test.each([
    ['letter case', 'src/AUTH/login.ts'],
    ['letter case of the name', 'SRC/auth/login.ts'],
    ['a long s', '\u017frc/auth/login.ts'],
  ])('by a twin that differs in %s', async (_, path) => {
    const twin: File = ['100644', path, 'export const login = 2;\n'];
    const beside = repository({ base: BASE, head: [...BASE, twin] });
    expect(naivelyGated(printed(beside, '--name-only'))).toBe(false);
    expect((await refusals(beside)).join('\n')).toContain('only in letter case or Unicode form');
    const alone = repository({ base: [FREE], head: [FREE, twin] });
    const facts = await seen(alone);
    expect(judged(facts)).toMatchObject({ verdict: 'hold', riskClass: 'critical' });
    expect(gates(facts)).toContain('path.confusable');
  });

  test.each([
    ['a decomposed letter', 'src/auth/cafe\u0301.ts', 'Unicode form NFC'],
    ['a blank at the end of the folder', 'src/auth /login.ts', 'ends in a dot or a blank'],
    ['a no-break space there', 'src/auth\u00a0/login.ts', 'ends in a dot or a blank'],
    ['a letter of no width', 'src/au\u200bth/login.ts', 'cannot be seen'],
    ['letters that run backwards', 'src/\u202ehtua/login.ts', 'reading direction'],
  ])('by a folder that looks the same, with %s', async (_, path, reason) => {
    const folder = repository({ base: BASE, head: [...BASE, ['100644', path, 'x']] });
    expect(naivelyGated(printed(folder, '--name-only'))).toBe(false);
    expect(await refusals(folder)).toEqual([expect.stringContaining(reason)]);
  });

  test('by a commit that is taken back, on a branch of its own', async () => {
    const secret: File = ['100644', 'src/auth/key.pem', 'secret\n'];
    const folder = repository({ base: BASE, added: [...BASE, secret], head: BASE });
    expect(printed(folder, '--name-only')).toEqual([]);
    const facts = await seen(folder);
    expect(facts.entries).toEqual([]);
    expect(facts.history.map(({ operation, path }) => `${operation} ${path}`)).toEqual([
      'delete src/auth/key.pem',
      'add src/auth/key.pem',
    ]);
    expect(Object.values(facts.texts)).toEqual(['secret\n']);
  });

  test('by what came in through the second parent of a merge', async () => {
    const secret: File = ['100644', 'src/auth/key.pem', 'secret\n'];
    const folder = repository({ base: BASE, added: [...BASE, secret], side: BASE });
    const who = ['-c', 'user.name=Pia', '-c', 'user.email=pia@example.com'];
    const merged = git(
      folder,
      ...who,
      'commit-tree',
      '-p',
      'base',
      '-p',
      'side',
      '-m',
      'Merge',
      'base^{tree}',
    );
    git(folder, 'branch', 'head', merged.trim());
    expect(
      git(folder, 'log', '--first-parent', '--name-only', '--format=', 'base..head').trim(),
    ).toBe('');
    const facts = await seen(folder);
    expect(facts.history.map(({ path }) => path)).toContain('src/auth/key.pem');
  });

  test('by more files than an interface gives back', async () => {
    const noise = Array.from({ length: 3_000 }, (_, at): File => ['100644', `a/${at}`, 'x']);
    const folder = repository({ base: BASE, head: [FREE, ...noise, ['100644', LOGIN[1], 'x']] });
    const given = printed(folder, '--name-only').slice(0, 3_000);
    expect(naivelyGated(given)).toBe(false);
    const facts = await seen(folder);
    expect(facts.entries).toHaveLength(3_001);
    expect(gates(facts)).toContain('auth');
    expect(judged(facts)).toMatchObject({
      verdict: 'deny',
      denials: [{ message: expect.stringContaining('3001 files') }],
    });
  });

  test('by what its author configured git to say', async () => {
    const folder = repository({
      base: BASE,
      head: [FREE, ['100644', LOGIN[1], 'export const login = 2;\n']],
    });
    const sprung = join(folder, '.git', 'sprung');
    const quiet = join(folder, '.git', 'quiet');
    writeFileSync(quiet, `#!/bin/sh\ntouch '${sprung}'\n`);
    chmodSync(quiet, 0o755);
    git(folder, 'config', 'diff.external', quiet);
    git(folder, 'config', 'diff.relative', 'true');
    expect(printed(folder)).toEqual([]);
    expect(existsSync(sprung)).toBe(true);
    writeFileSync(sprung, '');
    const facts = await seen(folder);
    expect(touched(facts)).toEqual(['modify src/auth/login.ts']);
    expect(gates(facts)).toEqual(['auth']);
  });

  test('by a change that lands elsewhere than where it was made', async () => {
    const moved: File = ['100644', 'src/auth/free.ts', `${FREE[2]}${'// line\n'.repeat(20)}`];
    const before: File = ['100644', FREE[1], moved[2]];
    const edited: File = ['100644', FREE[1], `${moved[2]}export const open = true;\n`];
    const folder = repository({ base: [LOGIN, before], tip: [LOGIN, moved] });
    grow(folder, { base: [LOGIN, before], head: [LOGIN, edited] });
    expect(naivelyGated(printed(folder, '--name-only'))).toBe(false);
    expect(gates(await seen(folder))).toEqual([]);
    const local = await openLocal(folder);
    onTestFinished(() => local.close());
    const landing = await landingFacts(
      local,
      await local.resolve('tip'),
      await local.resolve('head'),
      'refs/heads/main',
    );
    if (!('facts' in landing)) throw new Error('nothing would land');
    expect(touched(landing.facts)).toEqual(['modify src/auth/free.ts']);
    expect(gates(landing.facts)).toEqual(['auth']);
  });
});

describe('a tree that only a program made by hand writes is not taken in', () => {
  test.each([
    ['a hook', '.git', 'post-checkout', 'hasDotgit'],
    ['an address that is an option', '', '.gitmodules', 'gitmodulesUrl'],
  ])('with %s', async (_, inner, name, reason) => {
    const on = await bench({ 'a.txt': 'a\n' });
    const url = '[submodule "x"]\n\tpath = x\n\turl = --upload-pack=touch\n';
    const blob = rawObject(on, 'blob', url);
    const leaf = rawObject(on, 'tree', treeEntry('100644', name, blob));
    const tree = inner === '' ? leaf : rawObject(on, 'tree', treeEntry('40000', inner, leaf));
    const names = git(on.work, 'diff', '--name-only', `${on.base}^{tree}`, tree).split('\n');
    expect(naivelyGated(names)).toBe(false);
    const pack = packOfObjects(on, [...new Set([blob, leaf, tree])]);
    expect(await ingest(on.at, pack, tree, on.base)).toMatchObject({
      refused: [{ code: 'change_refused', message: expect.stringContaining(reason) }],
    });
  });
});
