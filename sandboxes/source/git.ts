/**
 * git on the host, for bare repositories that the controller made, with bytes in and out.
 *
 * There is never a work tree, and no configuration but the repository's own, which we wrote: of the
 * ways in which a repository can make git run code, all need one or the other.
 */
import { spawn } from 'node:child_process';
import { Fault } from '../../orchestrator/domain/faults.ts';

const OUTPUT_BYTES_MAX = 256 * 2 ** 20;
const CALL_MS = 120_000;

export const GIT_ENV = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  // git takes and gives back memory for each object it writes; kept, most of that time is spared.
  MALLOC_TOP_PAD_: String(32 * 2 ** 20),
  MALLOC_TRIM_THRESHOLD_: String(32 * 2 ** 20),
} as const;

export type GitOptions = {
  readonly input?: Uint8Array | NodeJS.ReadableStream;
  readonly env?: Readonly<Record<string, string>>;
  readonly maxBytes?: number;
  readonly timeoutMs?: number;
  /** For bytes that nobody trusts: the kernel ends git at so much, whatever it is busy with. */
  readonly atMost?: { readonly cpuSeconds: number; readonly memoryBytes: number };
  /** Ends git; nobody waits for its answer any more. */
  readonly signal?: AbortSignal;
  /** Exit codes that are an answer and not a failure; 0 always is. */
  readonly allow?: readonly number[];
};

export type GitResult = { readonly code: number; readonly stdout: Buffer };

/** Runs git in a bare repository of ours. Throws `git_failed` with git's own words. */
export function git(
  gitDir: string,
  args: readonly string[],
  options: GitOptions = {},
): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const [program, argv] = commandOf([`--git-dir=${gitDir}`, ...args], options.atMost);
    const child = spawn(program, argv, {
      cwd: '/',
      env: { ...GIT_ENV, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? CALL_MS,
      killSignal: 'SIGKILL',
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const out: Buffer[] = [];
    let bytes = 0;
    let said = '';
    const fail = (why: string, cause?: unknown): void => {
      child.kill('SIGKILL');
      reject(new Fault('git_failed', `git ${args[0]} in ${gitDir} failed: ${why}`, { cause }));
    };
    child.once('error', (error) => fail(error.message, error));
    child.stdin.on('error', () => {});
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > (options.maxBytes ?? OUTPUT_BYTES_MAX))
        fail(`more than ${options.maxBytes ?? OUTPUT_BYTES_MAX} bytes of output`);
      else out.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-2000);
    });
    child.once('close', (code, signal) => {
      if (code !== null && (code === 0 || options.allow?.includes(code))) {
        resolve({ code, stdout: Buffer.concat(out) });
      } else fail(said.trim() || `it ended with ${code ?? signal}`);
    });
    feed(child.stdin, options.input);
  });
}

/** A shell only to set the limits of the process that it becomes; the words of git are never read by it. */
function commandOf(args: readonly string[], atMost: GitOptions['atMost']): [string, string[]] {
  if (atMost === undefined) return ['git', [...args]];
  const limits = `ulimit -t ${atMost.cpuSeconds}; ulimit -d ${Math.ceil(atMost.memoryBytes / 1024)}`;
  return ['/bin/sh', ['-ec', `${limits}; exec git "$@"`, 'git', ...args]];
}

function feed(stdin: NodeJS.WritableStream, input: GitOptions['input']): void {
  if (input === undefined) stdin.end();
  else if (input instanceof Uint8Array) stdin.end(input);
  else input.pipe(stdin);
}
