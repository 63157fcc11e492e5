/** Policy files as commands read them. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type LoadedPolicy, parsePolicyBytes } from '../../policies/parse.ts';
import { type Problem, renderProblem } from '../../policies/problems.ts';
import { Fault } from '../domain/faults.ts';

/** Policies from files, the uppermost layer first. A file with any problem is no policy. */
export async function loadPolicies(cwd: string, files: readonly string[]): Promise<LoadedPolicy[]> {
  return Promise.all(
    files.map(async (file) => {
      const parsed = await parseFile(cwd, file);
      if ('policy' in parsed) return parsed.policy;
      throw new Fault('policy_invalid', parsed.problems.map(renderProblem).join('\n\n'));
    }),
  );
}

export async function parseFile(
  cwd: string,
  file: string,
): Promise<{ policy: LoadedPolicy } | { problems: Problem[] }> {
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
