/**
 * Host git on bare repositories that the controller owns.
 *
 * Invariant: an argv array, a fixed environment and no configuration but the repository's own.
 * Never run in a folder that an agent or a member can write to.
 */
import { execFile } from 'node:child_process';
import { Fault } from '../domain/faults.ts';

export type GitResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Long enough for the first fetch of a large repository from a local disk. */
const TIMEOUT_MS = 600_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ALLOW_PROTOCOL: 'file',
  GIT_NO_LAZY_FETCH: '1',
};

/** Runs git in the bare repository and gives back whatever came of it. */
export function tryGit(repository: string, argv: readonly string[]): Promise<GitResult> {
  const full = ['-c', 'core.hooksPath=/dev/null', `--git-dir=${repository}`, ...argv];
  const options = {
    cwd: '/',
    env: ENVIRONMENT,
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_BYTES_MAX,
  } as const;
  return new Promise((resolve, reject) => {
    execFile('git', full, options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else reject(new Fault('git_failed', `git ${argv[0]}: ${error.message}`, { cause: error }));
    });
  });
}

/** Runs git where only success makes sense; gives back what it printed. */
export async function git(repository: string, argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await tryGit(repository, argv);
  if (code === 0) return stdout;
  throw new Fault(
    'git_failed',
    `git ${argv[0]} in ${repository} ended with ${code}: ${stderr.trim()}`,
  );
}
