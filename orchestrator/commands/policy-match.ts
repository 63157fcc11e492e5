/** `policy match`: what one pattern covers, to try it before it is written into a policy. */
import { type Foreign, foreignSyntax } from '../../policies/foreign-glob.ts';
import { gateMatcher, keyed } from '../../policies/gates.ts';
import { compileGlob, globProblem } from '../../policies/glob.ts';
import { decodePath, pathProblem, printablePath } from '../../policies/paths.ts';
import { Fault } from '../domain/faults.ts';
import { printable } from '../text/columns.ts';
import { type Context, type Exit, show } from './context.ts';

export type MatchOptions = {
  readonly pattern: string;
  /** A lone `-` stands for the paths on `input`. */
  readonly paths: readonly string[];
  readonly isCodeowners: boolean;
  /** Paths with a NUL after each; or, where there is no NUL, with a line break. */
  readonly input: AsyncIterable<Uint8Array | string>;
};

/** About a million paths. */
const INPUT_MAX_BYTES = 64 * 2 ** 20;
const CONFUSABLE = 'told from a match by letter case or Unicode form only, so a gate asks for it';

export async function policyMatch(
  context: Context,
  { pattern, paths, isCodeowners, input }: MatchOptions,
): Promise<Exit> {
  const problem = globProblem(pattern);
  if (problem !== null) throw new Fault('usage', `"${printable(pattern)}": ${problem}`);
  const mode = isCodeowners ? 'codeowners' : 'gate';
  const verdictOf = isCodeowners ? codeownersVerdicts(pattern) : gateVerdicts(pattern);
  let isIdle = true;
  for (const bytes of await pathsOf(paths, input)) {
    const found = judged(bytes, verdictOf);
    isIdle &&= found.verdict !== 'match';
    show(
      context,
      () => line(found, printablePath(bytes)),
      () => ({ pattern, path: decodePath(bytes) ?? printablePath(bytes), mode, ...found }),
    );
  }
  const foreign = isIdle ? foreignSyntax(pattern) : null;
  if (foreign) context.err(advice(foreign));
  return 0;
}

type Verdict = { readonly verdict: 'match' | 'no match' | 'refused'; readonly why?: string };

function codeownersVerdicts(pattern: string): (path: string) => Verdict {
  const matches = compileGlob(pattern, { self: false });
  return (path) => ({ verdict: matches(path) ? 'match' : 'no match' });
}

/** Asked as a gate asks, so that what only looks like a match is seen here too. */
function gateVerdicts(pattern: string): (path: string) => Verdict {
  const matches = gateMatcher({ paths: [pattern], except: [] });
  return (path) => {
    const match = matches(keyed(path));
    if (match === 'confusable') return { verdict: 'no match', why: CONFUSABLE };
    return { verdict: match ? 'match' : 'no match' };
  };
}

/** A change with such a path is refused whole, so no pattern is ever asked about it. */
function judged(bytes: Uint8Array, verdictOf: (path: string) => Verdict): Verdict {
  const path = decodePath(bytes);
  if (path === null) return { verdict: 'refused', why: 'is not UTF-8' };
  const why = pathProblem(path);
  return why === null ? verdictOf(path) : { verdict: 'refused', why };
}

function line({ verdict, why }: Verdict, path: string): string {
  return `${verdict.padEnd('no match'.length)}  ${path}${why === undefined ? '' : `: ${why}`}`;
}

function advice({ why, instead }: Foreign): string {
  return [why, ...(instead.length > 0 ? ['instead:'] : []), ...instead].map(printable).join('\n  ');
}

async function pathsOf(
  named: readonly string[],
  input: MatchOptions['input'],
): Promise<Uint8Array[]> {
  if (named.length !== 1 || named[0] !== '-') return named.map((path) => Buffer.from(path));
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    if (length > INPUT_MAX_BYTES) {
      throw new Fault('usage', `the paths on stdin take more than ${INPUT_MAX_BYTES} bytes`);
    }
  }
  return split(Buffer.concat(chunks));
}

function split(bytes: Buffer): Uint8Array[] {
  const end = bytes.includes(0) ? 0 : '\n'.charCodeAt(0);
  const found: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; ) {
    const next = bytes.indexOf(end, from);
    const to = next < 0 ? bytes.length : next;
    if (to > from) found.push(bytes.subarray(from, to));
    from = to + 1;
  }
  return found;
}
