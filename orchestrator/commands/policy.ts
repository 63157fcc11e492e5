/** Policy files as commands read them. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type LoadedPolicy, type ParsedPolicy, parsePolicyBytes } from '../../policies/parse.ts';
import { renderProblem } from '../../policies/problems.ts';
import { Fault } from '../domain/faults.ts';

/** Policies from files, the uppermost layer first. A file with any problem is no policy. */
export async function loadPolicies(cwd: string, files: readonly string[]): Promise<LoadedPolicy[]> {
  return (await parseFiles(cwd, files)).map((parsed) => {
    if ('policy' in parsed) return parsed.policy;
    throw new Fault('policy_invalid', parsed.problems.map(renderProblem).join('\n\n'));
  });
}

/** One after the other: of several that cannot be read, the first is named every time. */
export async function parseFiles(cwd: string, files: readonly string[]): Promise<ParsedPolicy[]> {
  const parsed: ParsedPolicy[] = [];
  for (const file of files) parsed.push(await parseFile(cwd, file));
  return parsed;
}

async function parseFile(cwd: string, file: string): Promise<ParsedPolicy> {
  return parsePolicyBytes(await readPolicy(cwd, file), file);
}

export function readPolicy(cwd: string, file: string): Promise<Uint8Array> {
  return readFile(path.resolve(cwd, file)).catch((cause: NodeJS.ErrnoException) => {
    throw new Fault('file_unreadable', `${file} ${whyUnread(cause.code)}`, { cause });
  });
}

/** As the end of a sentence that begins with the file's name. */
export function whyUnread(code: string | undefined): string {
  if (code === 'ENOENT') return 'does not exist';
  return code === 'EISDIR' ? 'is a folder, where a file was expected' : `cannot be read (${code})`;
}
