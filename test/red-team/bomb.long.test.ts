/** Packs that are small and hold too much, or something other than they say: none becomes a change. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Sha } from '../../orchestrator/domain/ids.ts';
import { ingest } from '../../sandboxes/source/quarantine.ts';
import { scratch } from '../scenarios/support.ts';
import { SOURCE_ROWS } from './source/rows.ts';

const MIB = 2 ** 20;
const ANSWER_MS = 10_000;

type Origin = {
  readonly folder: string;
  readonly base: Sha;
  git(argv: readonly string[], input?: Buffer | string): string;
  blob(bytes: Buffer | string): string;
  tree(lines: readonly string[]): string;
  /** A pack of everything that the tree leads to. */
  pack(...tips: string[]): Buffer;
};

function origin(): Origin {
  const folder = scratch('bomb');
  const gitDir = path.join(folder, 'mirror.git');
  const git: Origin['git'] = (argv, input = '') =>
    execFileSync('git', [`--git-dir=${gitDir}`, ...argv], {
      input,
      encoding: 'utf8',
      maxBuffer: 64 * MIB,
      env: { ...process.env, ...AUTHOR },
    }).trim();
  mkdirSync(gitDir);
  git(['init', '--quiet', '--bare']);
  const tree = (lines: readonly string[]) =>
    git(['mktree'], lines.map((line) => `${line}\n`).join(''));
  const base = Sha.parse(git(['commit-tree', '-m', 'base', tree([])]));
  return {
    folder,
    base,
    git,
    tree,
    blob: (bytes) => git(['hash-object', '-w', '--stdin'], bytes as string),
    pack: (...tips) =>
      execFileSync('git', [`--git-dir=${gitDir}`, 'pack-objects', '--revs', '--stdout', '-q'], {
        input: `${tips.join('\n')}\n`,
        maxBuffer: 256 * MIB,
      }),
  };
}

const AUTHOR = {
  GIT_AUTHOR_NAME: 'T',
  GIT_AUTHOR_EMAIL: 't@localhost.invalid',
  GIT_COMMITTER_NAME: 'T',
  GIT_COMMITTER_EMAIL: 't@localhost.invalid',
};

/** By git alone, which is asked to check nothing and held to nothing. */
function takenByGit(from: Origin, pack: Buffer): void {
  const weak = path.join(from.folder, 'weak.git');
  execFileSync('git', ['init', '--quiet', '--bare', weak]);
  execFileSync('git', [`--git-dir=${weak}`, 'index-pack', '--stdin'], { input: pack });
}

async function taken(from: Origin, pack: Buffer, tree: string) {
  const file = path.join(from.folder, 'pack');
  writeFileSync(file, pack);
  const at = {
    folder: path.join(from.folder, 'change.git'),
    mirror: path.join(from.folder, 'mirror.git'),
  };
  const began = performance.now();
  const got = await ingest(at, file, tree, from.base);
  expect(performance.now() - began).toBeLessThan(ANSWER_MS);
  return 'refused' in got ? got.refused.map(({ message }) => message).join('\n') : got.tree;
}

describe(`${SOURCE_ROWS.packBombs.id}: a pack from a workspace`, () => {
  it('is taken when it holds a small tree', async () => {
    const from = origin();
    const tree = from.tree([`100644 blob ${from.blob('x\n')}\tplain`]);
    expect(await taken(from, from.pack(tree), tree)).toBe(tree);
  });

  it('is refused for one file of 17 MiB that packs to a few kilobytes, and taken at 16', async () => {
    const from = origin();
    const of = (mib: number) =>
      from.tree([`100644 blob ${from.blob(Buffer.alloc(mib * MIB, 10))}\tlines`]);
    const large = from.pack(of(17));
    expect(large.length).toBeLessThan(100_000);
    takenByGit(from, large);
    expect(await taken(from, large, of(17))).toMatch(/a file of the change has 17825792 bytes/);
    expect(await taken(from, from.pack(of(16)), of(16))).toBe(of(16));
  });

  it('is refused for many files that are too much together', async () => {
    const from = origin();
    const oids = Array.from({ length: 9 }, (_, n) => from.blob(Buffer.alloc(15 * MIB, n + 32)));
    const tree = from.tree(oids.map((oid, n) => `100644 blob ${oid}\tfile-${n}`));
    expect(await taken(from, from.pack(tree), tree)).toMatch(
      /the files of the change have \d+ bytes/,
    );
  });

  it('is refused for more entries than a change may have', async () => {
    const from = origin();
    const oid = from.blob('x');
    const lines = Array.from({ length: 20_001 }, (_, n) => `100644 blob ${oid}\tf${n}`);
    const tree = from.tree(lines);
    expect(await taken(from, from.pack(tree), tree)).toMatch(/the change has 20001 entries/);
  });

  it('is refused for a tree that names itself ten times on every level', async () => {
    const from = origin();
    let tree = from.tree([`100644 blob ${from.blob('x')}\tf`]);
    for (let level = 0; level < 10; level += 1) {
      tree = from.tree(Array.from({ length: 10 }, (_, n) => `040000 tree ${tree}\td${n}`));
    }
    const pack = from.pack(tree);
    expect(pack.length).toBeLessThan(2000);
    takenByGit(from, pack);
    expect(await taken(from, pack, tree)).toMatch(/more than \d+ bytes of output/);
  });

  it('is refused for a delta of some kilobytes that makes an object of 640 MiB', async () => {
    const from = origin();
    const tree = from.tree([]);
    const pack = deltaBomb(640 * MIB);
    expect(pack.length).toBeLessThan(2 * MIB);
    takenByGit(from, pack);
    expect(await taken(from, pack, tree)).toMatch(/git refused its objects/);
  });

  it('is refused when it is no pack, when the tree is a commit, and when a file is missing', async () => {
    const from = origin();
    const tree = from.tree([`100644 blob ${from.blob('x\n')}\tplain`]);
    expect(await taken(from, Buffer.from('no pack at all'), tree)).toMatch(
      /git refused its objects/,
    );
    const commit = from.git(['commit-tree', '-m', 'evil', tree]);
    expect(await taken(from, from.pack(commit), commit)).toMatch(/is no tree/);
    expect(await taken(from, from.pack(tree), 'HEAD')).toMatch(/gave no tree/);
    const elsewhere = origin();
    const lacking = elsewhere.tree([`100644 blob ${elsewhere.blob('elsewhere\n')}\tplain`]);
    const alone = execFileSync(
      'git',
      ['--git-dir', path.join(elsewhere.folder, 'mirror.git'), 'pack-objects', '--stdout', '-q'],
      { input: `${lacking}\n` },
    );
    expect(await taken(from, alone, lacking)).toMatch(
      /git refused its objects|did not come with it/,
    );
  });

  it('is refused when it is larger than what leaves a workspace', async () => {
    const from = origin();
    const tree = from.tree([]);
    expect(await taken(from, Buffer.alloc(64 * MIB + 1), tree)).toMatch(/packs to \d+ bytes/);
    expect(statSync(path.join(from.folder, 'pack')).size).toBeGreaterThan(64 * MIB);
  });
});

/** Two objects: 64 KiB of zeros, and a delta that copies them over and over. */
function deltaBomb(bytes: number): Buffer {
  const chunk = 0x10000;
  const base = Buffer.alloc(chunk);
  const baseOid = createHash('sha1').update(`blob ${chunk}\0`).update(base).digest();
  // 0x80: copy from offset 0, and a size of 0 means 64 KiB.
  const copies = Buffer.alloc(bytes / chunk, 0x80);
  const delta = Buffer.concat([varint(chunk), varint(bytes), copies]);
  const head = Buffer.from('PACK\0\0\0\x02\0\0\0\x02', 'latin1');
  const body = Buffer.concat([
    head,
    ...[objectHead(3, chunk), deflateSync(base)],
    ...[objectHead(7, delta.length), baseOid, deflateSync(delta)],
  ]);
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    if (rest < 128) return Buffer.from(bytes);
  }
}

/** Three bits of kind and four of size in the first byte, then seven of size in each. */
function objectHead(kind: number, size: number): Buffer {
  const rest = Math.floor(size / 16);
  const first = (kind << 4) | (size % 16) | (rest > 0 ? 0x80 : 0);
  return rest > 0 ? Buffer.concat([Buffer.from([first]), varint(rest)]) : Buffer.from([first]);
}
