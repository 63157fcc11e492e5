import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Sha } from '../../../orchestrator/domain/ids.ts';
import {
  type BlobFacts,
  blobFacts,
  type RunGit,
  type Sides,
} from '../../../sandboxes/source/blobs.ts';
import { git as ownGit } from '../../../sandboxes/source/git.ts';

const MIB = 2 ** 20;
const ABSENT = Sha.parse('0'.repeat(40));
const MISSING = Sha.parse('f'.repeat(40));

const here = { folder: '' };
beforeAll(() => {
  here.folder = mkdtempSync(join(tmpdir(), 'proofhouse-blobs-'));
  execFileSync('git', ['init', '--quiet', '--bare', here.folder]);
});
afterAll(() => rmSync(here.folder, { recursive: true }));

/** How often git was started, and with what. */
const runs: string[] = [];
const run: RunGit = (args, options) => {
  runs.push(args.slice(0, 2).join(' '));
  return ownGit(here.folder, args, options);
};

function blob(content: string | Buffer): Sha {
  const args = ['-C', here.folder, 'hash-object', '-w', '--stdin'];
  return Sha.parse(execFileSync('git', args, { input: content, encoding: 'utf8' }).trim());
}

/** From one object to another; null is a file that is not there. */
function sides(before: Sha | null, after: Sha | null, mode = '100644'): Sides {
  return {
    oldMode: before === null ? '000000' : '100644',
    newMode: after === null ? '000000' : mode,
    oldOid: before ?? ABSENT,
    newOid: after ?? ABSENT,
  };
}

async function facts(
  entries: readonly Sides[],
  history: readonly Sides[] = [],
): Promise<BlobFacts> {
  for await (const one of blobFacts(run, [{ entries, history }])) return one;
  throw new Error('there were no facts');
}

test('both sides and the history have texts; only what is new has a size and a kind', async () => {
  const [before, after, past] = [blob('before'), blob('after'), blob('past')];
  const binary = blob('a\0b');
  expect(
    await facts(
      [sides(before, after), sides(null, binary), sides(binary, null)],
      [sides(past, null)],
    ),
  ).toEqual({
    blobBytes: { [after]: 5, [binary]: 3 },
    binary: [binary],
    texts: { [after]: 'after', [before]: 'before', [past]: 'past' },
  });
});

test('a text of 1 MiB is kept, and one that is larger is known to be text', async () => {
  const [fits, large] = [blob('x'.repeat(MIB)), blob('y'.repeat(MIB + 1))];
  const read = await facts([sides(large, fits), sides(fits, large)]);
  expect(Object.keys(read.texts)).toEqual([fits]);
  expect(read).toMatchObject({ blobBytes: { [large]: MIB + 1 }, binary: [] });
});

test('texts of 32 MiB are kept, symlinks first and then in the order of paths', async () => {
  const texts = Array.from({ length: 33 }, (_, at) => blob(String(at).padEnd(MIB, '.')));
  const link = blob('../lib');
  const read = await facts([...texts.map((oid) => sides(null, oid)), sides(null, link, '120000')]);
  expect(Object.keys(read.texts)).toEqual([link, ...texts.slice(0, 31)]);
  expect(read.texts[link]).toBe('../lib');
  expect(Object.hasOwn(read.texts, texts[31] ?? '')).toBe(false);
  expect(read.binary).toEqual([]);
  expect(Object.keys(read.blobBytes)).toHaveLength(34);
});

test('what is binary takes no room from texts', async () => {
  const binary = Array.from({ length: 33 }, (_, at) => blob(`${at}\0`.padEnd(MIB, '.')));
  const text = blob('text');
  const read = await facts([...binary, text].map((oid) => sides(null, oid)));
  expect(read.texts).toEqual({ [text]: 'text' });
  expect(read.binary).toHaveLength(33);
});

test('a file over 16 MiB is not read and counts as binary', async () => {
  const [fits, large] = [blob('x'.repeat(16 * MIB)), blob('x'.repeat(16 * MIB + 1))];
  const read = await facts([sides(null, fits), sides(null, large)]);
  expect(read).toEqual({
    blobBytes: { [fits]: 16 * MIB, [large]: 16 * MIB + 1 },
    binary: [large],
    texts: {},
  });
});

test('what is not there, or is no file, has no size and counts as binary', async () => {
  const tree = Sha.parse(
    execFileSync('git', ['-C', here.folder, 'mktree'], { input: '', encoding: 'utf8' }).trim(),
  );
  const oids = [MISSING, tree];
  const read = await facts(oids.map((oid) => sides(null, oid)));
  expect(read).toEqual({ blobBytes: {}, binary: oids, texts: {} });
});

test('a submodule is not asked for', async () => {
  expect(await facts([sides(null, MISSING, '160000')])).toEqual({
    blobBytes: {},
    binary: [],
    texts: {},
  });
});

test('many changes take two runs of git, and each has its own facts', async () => {
  const oids = Array.from({ length: 50 }, (_, at) => blob(`version ${at}`));
  const changes = oids
    .slice(1)
    .map((oid, at) => ({ entries: [sides(oids[at] ?? oid, oid)], history: [] }));
  runs.length = 0;
  const all = [];
  for await (const one of blobFacts(run, changes)) all.push(Object.values(one.texts));
  expect(all).toHaveLength(49);
  expect(all[48]).toEqual(['version 49', 'version 48']);
  expect(runs.map((args) => args.split('=')[0])).toEqual([
    'cat-file --batch-check',
    'cat-file --batch',
  ]);
});

test('as many bytes are asked for at once as one run may give back', async () => {
  const large = Array.from({ length: 11 }, (_, at) => blob(String(at).padEnd(16 * MIB, '.')));
  const changes = large.map((oid) => ({ entries: [sides(null, oid)], history: [] }));
  runs.length = 0;
  const all = [];
  for await (const one of blobFacts(run, changes)) all.push(one.binary);
  expect(all).toEqual(large.map(() => []));
  expect(runs).toHaveLength(3);
});

test('no changes are no facts', async () => {
  for await (const one of blobFacts(run, [])) throw new Error(JSON.stringify(one));
});
