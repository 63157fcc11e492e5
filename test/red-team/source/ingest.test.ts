/** Trees that no work tree ever held, and names that some reader takes for something else. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { newRunId } from '../../../orchestrator/commands/names.ts';
import { Sha } from '../../../orchestrator/domain/ids.ts';
import { factsOf } from '../../../orchestrator/stages/facts.ts';
import { folders } from '../../../sandboxes/source/folders.ts';
import { git } from '../../../sandboxes/source/git.ts';
import { updateMirror } from '../../../sandboxes/source/mirror.ts';
import { ingest } from '../../../sandboxes/source/quarantine.ts';
import { openSource } from '../../../sandboxes/source/source.ts';
import {
  type Bench,
  bench,
  packOf,
  packOfObjects,
  rawObject,
  treeEntry,
} from '../../sandboxes/source/bench.ts';
import { scratch } from '../../scenarios/support.ts';
import { SOURCE_ROWS } from './rows.ts';

const ZWNJ = '\u200c';

/** A tree made by hand, and the pack that brings it. */
type Given = { readonly on: Bench; readonly tree: string; readonly pack: string };
type Part = readonly [mode: string, name: string, text?: string];

async function handMade(parts: readonly Part[]): Promise<Given> {
  const on = await bench({ 'src/auth/login.ts': 'x\n' }, scratch('hand'));
  const blobs = parts.map(([, , text = 'x']) => rawObject(on, 'blob', text));
  const entries = parts.map(([mode, name], at) =>
    treeEntry(mode, name, mode === '160000' ? on.base : (blobs[at] ?? '')),
  );
  const tree = rawObject(on, 'tree', Buffer.concat(entries));
  return { on, tree, pack: packOfObjects(on, [...new Set([...blobs, tree])]) };
}

/** In through a bare repository whose git is asked to check nothing. */
async function takenUnchecked({ on, tree, pack }: Given): Promise<string> {
  const folder = path.join(scratch('weak'), 'weak.git');
  execFileSync('git', ['init', '--quiet', '--bare', folder]);
  await git(folder, ['index-pack', '--stdin', '--fix-thin'], { input: readFileSync(pack) });
  expect(on.base).toHaveLength(40);
  return (await git(folder, ['cat-file', '-t', tree])).stdout.toString().trim();
}

/** In through git's own check, and then nobody looks at the entries. */
async function takenByFsck({ on, tree, pack }: Given): Promise<boolean> {
  return 'tree' in (await ingest(on.at, pack, tree, on.base));
}

/** In as a run takes it: git's check, then every entry. */
async function ours({ on, tree, pack }: Given): Promise<string> {
  const places = folders(scratch('home'));
  const place = { run: newRunId(), attempt: 1, repository: on.work, base: on.base };
  const mirror = places.mirror(on.work);
  await updateMirror(mirror, on.work);
  const at = { folder: places.quarantine(place.run, 1), mirror };
  const taken = await ingest(at, pack, tree, on.base);
  if ('refused' in taken) return taken.refused.map(({ message }) => message).join('\n');
  const read = await factsOf(openSource(places), place, Sha.parse(tree), {
    base: 'main',
    layers: [],
  });
  if ('refused' in read) return read.refused.map(({ message }) => message).join('\n');
  return `taken: ${read.facts.entries.map(({ path: name }) => name).join(' ')}`;
}

const file = (name: string, text = 'x'): Part => ['100644', name, text];

describe(`${SOURCE_ROWS.names.id}: ${SOURCE_ROWS.names.attack}`, () => {
  it.each<[string, readonly Part[], RegExp]>([
    ['.GIT', [file('.GIT')], /hasDotgit/],
    ['git~1', [file('git~1')], /hasDotgit/],
    ['.g and a character that nobody sees', [file(`.g${ZWNJ}it`)], /hasDotgit/],
    ['a backslash before .git', [file('a\\.git\\x')], /backslash|hasDotgit/],
    ['..', [file('..')], /hasDotdot/],
    ['.', [file('.')], /hasDot/],
    ['no name', [file('')], /empty/],
    ['a path', [file('a/b')], /fullPathname/],
    ['one name twice', [file('a'), file('a')], /duplicateEntries/],
    ['names out of order', [file('b'), file('a')], /treeNotSorted/],
    ['a mode of old', [['100664', 'a']], /badFilemode/],
    ['a mode with a zero in front', [['0100644', 'a']], /zeroPaddedFilemode/],
    ['a mode of nothing', [['100001', 'a']], /badFilemode/],
  ])('%s', async (_, parts, refused) => {
    const given = await handMade(parts);
    expect(await takenUnchecked(given)).toBe('tree');
    expect(await ours(given)).toMatch(refused);
  });
});

describe(`${SOURCE_ROWS.submodules.id}: ${SOURCE_ROWS.submodules.attack}`, () => {
  const modules = (body: string): string => `[submodule "x"]\n${body}`;
  it.each<[string, string]>([
    ['an option for an address', modules('\tpath = x\n\turl = -u./payload\n')],
    ['a name outside', '[submodule "../../evil"]\n\tpath = x\n\turl = a\n'],
    ['a command for an update', modules('\tpath = x\n\turl = a\n\tupdate = !id\n')],
  ])("%s, which git's check refuses too", async (_, text) => {
    const given = await handMade([file('.gitmodules', text)]);
    expect(await takenUnchecked(given)).toBe('tree');
    expect(await ours(given)).toMatch(/gitmodules/);
  });

  it.each<[string, readonly Part[]]>([
    ['a carriage return', [file('.gitmodules', modules('\tpath = "a\r"\n\turl = a\n'))]],
    ['an ext:: address', [file('.gitmodules', modules('\tpath = x\n\turl = ext::id\n'))]],
    ['a file:// address', [file('.gitmodules', modules('\tpath = x\n\turl = file:///etc\n'))]],
    ['a submodule without the file', [['160000', 'sub']]],
    ['the file under another name', [file('.GITMODULES', 'x')]],
    ['its short name', [file('GITMOD~1', 'x')]],
  ])("%s, which git's check lets in", async (_, parts) => {
    const given = await handMade(parts);
    expect(await takenByFsck(given)).toBe(true);
    expect(await ours(given)).toMatch(/submodule/);
  });
});

describe(`${SOURCE_ROWS.twins.id}: ${SOURCE_ROWS.twins.attack}`, () => {
  it.each<[string, string[]]>([
    ['letter case', ['Auth', 'auth']],
    ['letters that fold to two', ['stra\u00dfe', 'strasse']],
    ['the sign of Kelvin', ['K', '\u212a']],
    ['Unicode form', ['caf\u00e9', 'cafe\u0301']],
  ])('%s', async (_, names) => {
    const sorted = names
      .map((name) => file(name))
      .toSorted((a, b) => Buffer.compare(Buffer.from(a[1]), Buffer.from(b[1])));
    const given = await handMade(sorted);
    expect(await takenByFsck(given)).toBe(true);
    expect(await ours(given)).toMatch(/letter case|form NFC/);
  });

  it('with what the base has already', async () => {
    const on = await bench({ 'src/auth/login.ts': 'x\n' }, scratch('twin'));
    const blob = rawObject(on, 'blob', 'y');
    const kept = execFileSync('git', ['-C', on.work, 'rev-parse', 'HEAD:src'], {
      encoding: 'utf8',
    }).trim();
    const upper = rawObject(on, 'tree', treeEntry('100644', 'x', blob));
    const tree = rawObject(
      on,
      'tree',
      Buffer.concat([treeEntry('40000', 'SRC', upper), treeEntry('40000', 'src', kept)]),
    );
    expect(await ours({ on, tree, pack: packOf(on, tree) })).toMatch(
      /"SRC.*letter case|letter case/,
    );
  });
});

describe(`${SOURCE_ROWS.hiddenNames.id}: ${SOURCE_ROWS.hiddenNames.attack}`, () => {
  it.each<[string, string, RegExp]>([
    ['a turn of the reading direction', 'a\u202etxt.js', /\\u\{202e\}/],
    ['an isolate', 'a\u2066b', /\\u\{2066\}/],
    ['nothing to see', 'a\u200bb', /\\u\{200b\}/],
    ['a tag character', 'a\u{e0041}', /\\u\{e0041\}/],
    ['a line feed', 'a\nb', /\\u\{000a\}/],
    ['an escape of a terminal', 'a\u001b[31m', /\\u\{001b\}/],
  ])('%s', async (_, name, shown) => {
    const given = await handMade([file(name)]);
    expect(await takenByFsck(given)).toBe(true);
    const said = await ours(given);
    expect(said).toMatch(shown);
    expect(said).not.toContain(name);
  });
});

describe(`${SOURCE_ROWS.wordsAsNames.id}: ${SOURCE_ROWS.wordsAsNames.attack}`, () => {
  it('are options where they are arguments, and names here', async () => {
    const weak = scratch('weak');
    execFileSync('sh', ['-c', 'git init -q; echo a > a; git add a'], { cwd: weak });
    execFileSync('git', ['-C', weak, 'diff', '--cached', '--output=written']);
    expect(existsSync(path.join(weak, 'written'))).toBe(true);
    const names = ['$(touch written)', '--output=written', '-rf', '`id`', 'a b', '*', ';id'];
    const sorted = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const given = await handMade(sorted.map((name) => file(name)));
    const said = await ours(given);
    expect(said).toMatch(/^taken: /);
    for (const name of names) expect(said).toContain(name);
    expect(existsSync(path.join(given.on.folder, 'written'))).toBe(false);
  });
});
