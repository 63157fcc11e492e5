/** `policy lint`: everything wrong with a policy, before a run meets it. Works without an engine. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { lint } from '../../policies/lint.ts';
import { type LoadedPolicy, parsePolicyBytes } from '../../policies/parse.ts';
import { inOrder, type Problem, renderProblem } from '../../policies/problems.ts';
import { Fault } from '../domain/faults.ts';
import { POLICY_FILE } from '../stages/base-rules.ts';
import { type Context, type Exit, show } from './context.ts';

const run = promisify(execFile);

export async function policyLint(context: Context, files: readonly string[]): Promise<Exit> {
  const named = files.length > 0 ? files : [POLICY_FILE];
  const known = await knownPaths(path.dirname(path.resolve(context.cwd, named[0] ?? '.')));
  const parsed = await Promise.all(named.map((file) => parseFile(context.cwd, file)));
  const layers = parsed.flatMap((one) => ('policy' in one ? [one.policy] : []));
  const problems = inOrder([
    ...parsed.flatMap((one) => ('problems' in one ? one.problems : [])),
    ...lint(layers, { known, now: context.clock().toISOString(), requester: null }),
  ]);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const sum = `${named.join(', ')}: ${errors} errors, ${problems.length - errors} warnings`;
  show(
    context,
    () => [...problems.map(renderProblem), sum].join('\n\n'),
    () => ({ errors, problems }),
  );
  return errors > 0 ? 2 : 0;
}

/** Policies from files, tightest reading wins; one that has any problem is no policy. */
export async function loadPolicies(cwd: string, files: readonly string[]): Promise<LoadedPolicy[]> {
  return Promise.all(
    files.map(async (file) => {
      const parsed = await parseFile(cwd, file);
      if ('policy' in parsed) return parsed.policy;
      throw new Fault('policy_invalid', parsed.problems.map(renderProblem).join('\n\n'));
    }),
  );
}

async function parseFile(
  cwd: string,
  file: string,
): Promise<{ policy: LoadedPolicy } | { problems: Problem[] }> {
  return parsePolicyBytes(await readPolicy(cwd, file), file);
}

export function readPolicy(cwd: string, file: string): Promise<Uint8Array> {
  return readFile(path.resolve(cwd, file)).catch((cause: NodeJS.ErrnoException) => {
    throw new Fault('policy_missing', `${file} ${whyUnread(cause.code)}`, { cause });
  });
}

/** As the end of a sentence that begins with the file's name. */
export function whyUnread(code: string | undefined): string {
  if (code === 'ENOENT') return 'does not exist';
  return code === 'EISDIR' ? 'is a folder, where a file was expected' : `cannot be read (${code})`;
}

/** Paths of the repository around, to tell patterns that match nothing. None when there is none. */
async function knownPaths(cwd: string): Promise<string[]> {
  const { stdout } = await run('git', ['ls-files', '-z', '--full-name', ':/'], {
    cwd,
    maxBuffer: 64 * 2 ** 20,
  }).catch(() => ({ stdout: '' }));
  return stdout.split('\0').filter(Boolean);
}
