/** An old and a new policy for the commands that compare them: from files, or from commits. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type LoadedPolicy, parsePolicy } from '../../policies/parse.ts';
import { renderProblem } from '../../policies/problems.ts';
import { Fault } from '../domain/faults.ts';
import type { LocalRepository } from '../ports/source.ts';
import { printable } from '../text/columns.ts';
import type { Context } from './context.ts';

/** A file, or `REVISION:PATH` of the repository around when there is no such file. */
export async function policyNamed(context: Context, named: string): Promise<LoadedPolicy> {
  const text = await fileText(path.resolve(context.cwd, named));
  if (text !== null) return loaded(text, named);
  const colon = named.indexOf(':');
  if (colon < 1) throw missing(`${named} does not exist; name a file or REVISION:PATH`);
  const local = await context.local(context.cwd);
  try {
    return await policyAt(local, named.slice(0, colon), named.slice(colon + 1));
  } finally {
    await local.close();
  }
}

export async function policyIn(folder: string, file: string): Promise<LoadedPolicy> {
  const text = await fileText(path.resolve(folder, file));
  if (text === null) throw missing(`${file} does not exist`);
  return loaded(text, file);
}

export async function policyAt(
  local: LocalRepository,
  revision: string,
  file: string,
): Promise<LoadedPolicy> {
  const bytes = await local.read(await local.resolve(revision), file);
  if (bytes === null) throw missing(`${revision} has no ${file}`);
  return loaded(Buffer.from(bytes).toString('utf8'), `${revision}:${file}`);
}

function loaded(text: string, name: string): LoadedPolicy {
  const parsed = parsePolicy(text, name);
  if ('policy' in parsed) return parsed.policy;
  throw new Fault('policy_invalid', parsed.problems.map(renderProblem).join('\n\n'));
}

async function fileText(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return null;
    throw new Fault('file_unreadable', `${printable(file)} cannot be read (${cause.code})`, {
      cause,
    });
  });
}

function missing(message: string): Fault {
  return new Fault('file_unreadable', printable(message));
}
