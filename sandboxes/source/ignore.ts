/**
 * What the base commit ignores, as one list for the whole tree.
 *
 * git reads ignore files from the work tree, which an agent writes. So that none of those counts, the
 * files of the base are put together here, each pattern with its folder in front: git takes the last
 * pattern that matches, so deeper folders come later.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Sha } from '../../orchestrator/domain/ids.ts';
import { git } from './git.ts';

/** A byte order mark, as its bytes: texts here are read byte by byte. */
const MARK = /^\xef\xbb\xbf/;
/** More files, or larger ones, are no list that somebody keeps. */
const FILES_MAX = 5000;
const BYTES_MAX = 4 * 2 ** 20;

export type IgnoreFile = { readonly folder: string; readonly text: string };

/** Patterns of every ignore file at a commit. */
export async function ignoredAt(mirror: string, commit: Sha): Promise<string> {
  return ignoreList(await ignoreFiles(mirror, commit));
}

export function ignoreList(files: readonly IgnoreFile[]): string {
  const depth = ({ folder }: IgnoreFile): number => (folder === '' ? 0 : folder.split('/').length);
  return [...files]
    .sort((a, b) => depth(a) - depth(b))
    .flatMap(({ folder, text }) =>
      text
        .replace(MARK, '')
        .split('\n')
        .flatMap((line) => rooted(folder, line)),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** The same pattern, seen from the root; nothing for a blank line or a comment. */
function rooted(folder: string, written: string): string[] {
  const line = withoutTail(written);
  if (line === '' || line.startsWith('#')) return [];
  const negated = line.startsWith('!');
  // `\!` and `\#` stand for themselves only at the start, where they no longer are.
  const pattern = (negated ? line.slice(1) : line).replace(/^\\([!#])/, '$1');
  const isAnchored = pattern.slice(0, -1).includes('/');
  const below = isAnchored ? pattern.replace(/^\//, '') : `**/${pattern}`;
  if (below === '' || pattern === '/') return [];
  return [`${negated ? '!' : ''}/${folder === '' ? '' : `${literal(folder)}/`}${below}`];
}

/** Blanks at the end are no part of a pattern, unless a backslash keeps them. */
function withoutTail(line: string): string {
  const bare = line.replace(/\r$/, '');
  const kept = /^(.*?(?:\\ )?) *$/s.exec(bare)?.[1] ?? bare;
  return kept;
}

/** The pattern of one path from the root. No pattern holds a line feed, so any one letter stands for it. */
export function exactly(name: string): string {
  return `/${literal(name).replaceAll('\n', '?')}`;
}

function literal(folder: string): string {
  return folder.replaceAll(/[\\*?[\] #!]/g, '\\$&');
}

/**
 * What a folder holds that is not the base's: an entry whose folder is the base's and that itself is not,
 * with everything below. The base's own files are not in there. Names in latin1, byte by byte.
 */
export async function untrackedIn(
  folder: string,
  tracked: ReadonlySet<string>,
): Promise<readonly string[]> {
  const names: string[] = [];
  const waiting = [''];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const entries = await readdir(Buffer.from(path.posix.join(folder, at), 'latin1'), {
      withFileTypes: true,
      encoding: 'buffer',
    });
    for (const entry of entries) {
      const name = path.posix.join(at, entry.name.toString('latin1'));
      if (entry.isDirectory() && tracked.has(name)) waiting.push(name);
      else names.push(name);
    }
  }
  return names;
}

/** Every folder of a commit, in latin1. */
export async function foldersAt(mirror: string, commit: Sha): Promise<ReadonlySet<string>> {
  const listing = ['ls-tree', '-r', '-d', '-z', '--full-tree', '--name-only', commit];
  const { stdout } = await git(mirror, listing);
  return new Set(stdout.toString('latin1').split('\0').filter(Boolean));
}

async function ignoreFiles(mirror: string, commit: Sha): Promise<IgnoreFile[]> {
  const listing = ['ls-tree', '-r', '-z', '--full-tree', commit];
  const { stdout } = await git(mirror, listing);
  const found = stdout
    .toString('latin1')
    .split('\0')
    .map((row) => /^100\d{3} blob ([0-9a-f]{40})\t((?:.*\/)?)\.gitignore$/s.exec(row))
    .flatMap((match) => (match === null ? [] : [{ oid: match[1] ?? '', folder: match[2] ?? '' }]))
    .slice(0, FILES_MAX);
  const texts = await blobsOf(
    mirror,
    found.map(({ oid }) => oid),
  );
  return found.map(({ folder }, at) => ({
    folder: folder.replace(/\/$/, ''),
    text: texts[at] ?? '',
  }));
}

/** In latin1, so that every byte comes out as it went in. */
async function blobsOf(mirror: string, oids: readonly string[]): Promise<string[]> {
  if (oids.length === 0) return [];
  const input = Buffer.from(oids.map((oid) => `${oid}\n`).join(''));
  const { stdout } = await git(mirror, ['cat-file', '--batch'], { input, maxBytes: BYTES_MAX });
  const texts: string[] = [];
  for (let at = 0; texts.length < oids.length; ) {
    const start = stdout.indexOf(10, at) + 1;
    const end = start + Number(stdout.toString('latin1', at, start).split(' ')[2]);
    texts.push(stdout.toString('latin1', start, end));
    at = end + 1;
  }
  return texts;
}
