/** A repository with many files and a long past, made with one run of `git fast-import`. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import type { Factory } from '../orchestrator/compose.ts';
import { Sha } from '../orchestrator/domain/ids.ts';
import type { Prepared } from './sandboxes.ts';

const PER_FOLDER = 100;
const WHO = 'Bench <bench@localhost.invalid>';

export type Shape = { readonly files: number; readonly commits: number };

/** Nothing is checked out: whoever needs a work tree asks for it. */
export async function longRepository(
  factory: Factory,
  folder: string,
  shape: Shape,
): Promise<Prepared> {
  mkdirSync(folder, { recursive: true });
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' });
  git('init', '--quiet', '--initial-branch=main');
  const importing = spawn('git', ['-C', folder, 'fast-import', '--quiet'], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  for (const part of stream(shape)) {
    if (!importing.stdin.write(part)) await once(importing.stdin, 'drain');
  }
  importing.stdin.end();
  const [code] = await once(importing, 'close');
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`);
  await factory.forge.branches(folder);
  await factory.tools.source.update(folder, factory.forge.remote(folder));
  return { folder, base: Sha.parse(git('rev-parse', 'main').trim()) };
}

export const fileAt = (at: number): string => {
  const below = Math.floor(at / PER_FOLDER);
  return `d${Math.floor(below / PER_FOLDER)}/e${below % PER_FOLDER}/file-${at}.ts`;
};

function* stream({ files, commits }: Shape): Generator<string> {
  yield commit(1);
  for (let at = 0; at < files; at += 1) yield written(at, `export const value${at} = ${at};\n`);
  for (let number = 2; number <= commits; number += 1) {
    yield commit(number);
    yield written((number * 7919) % files, `export const value = ${number};\n`);
  }
}

function commit(number: number): string {
  const message = `Commit ${number}`;
  return `commit refs/heads/main\ncommitter ${WHO} ${1_700_000_000 + number} +0000\ndata ${message.length}\n${message}\n`;
}

function written(at: number, text: string): string {
  return `M 100644 inline ${fileAt(at)}\ndata ${text.length}\n${text}\n`;
}
