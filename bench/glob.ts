/**
 * The path matcher beside minimatch, each compiled once for a pattern: a large policy on a large
 * change, and the slowest of patterns that were made to be slow. Both sides must agree first.
 */
import { Minimatch } from 'minimatch';
import { compileCut, compileGlob } from '../policies/glob.ts';
import { type Arm, inTurn, type Row, timed } from './measure.ts';

const PATTERNS = 200;
const PATHS = 3000;
const LENGTH = 400;
const PEER = 'minimatch';
const MODE = { self: true };
const PEER_MODE = {
  dot: true,
  noext: true,
  nobrace: true,
  nonegate: true,
  nocomment: true,
  platform: 'linux',
} as const;

export async function globRows(n: number): Promise<Row[]> {
  return inTurn(n, [...manyArms(), ...slowArms()]);
}

type Match = (path: string) => boolean;

const compilePeer = (pattern: string): Match => {
  const compiled = new Minimatch(pattern, PEER_MODE);
  return (path) => compiled.match(path);
};
const compileOurs = (pattern: string): Match => compileGlob(pattern, MODE);

function manyArms(): Arm[] {
  const patterns = manyPatterns();
  const paths = manyPaths();
  const peer = patterns.map(compilePeer);
  const ours = patterns.map(compileOurs);
  const cut = patterns.map((pattern) => compileCut(pattern, MODE));
  const all = (globs: readonly Match[]) => (): number =>
    count(paths, (path) => count(globs, (matches) => Number(matches(path))));
  const allCut = (): number =>
    count(paths, (path) => {
      const parts = path.split('/');
      return count(cut, (matches) => Number(matches(path, parts)));
    });
  const found = all(peer)();
  if (found === 0 || all(ours)() !== found || allCut() !== found) throw disagreement();
  const what = `${PATTERNS} patterns x ${PATHS} paths`;
  const floor = `${what}, ${PEER}`;
  const against = { floor, bound: '<= 1000 ms' };
  return [
    { what: floor, against: null, go: () => timed(all(peer)) },
    { what, against, go: () => timed(all(ours)) },
    { what: `${what}, paths cut once, as gates do`, against, go: () => timed(allCut) },
  ];
}

function slowArms(): Arm[] {
  const cases = slowCases();
  const compiled = (compile: (pattern: string) => Match) =>
    cases.map(([pattern, path]) => ({ matches: compile(pattern), path }));
  const [peer, ours] = [compiled(compilePeer), compiled(compileOurs)];
  if ([...peer, ...ours].some(({ matches, path }) => matches(path))) throw disagreement();
  const slowest = async (pairs: typeof peer): Promise<number> => {
    let most = 0;
    for (const { matches, path } of pairs) most = Math.max(most, await timed(() => matches(path)));
    return most;
  };
  const what = `slowest of ${cases.length} hostile patterns of ${LENGTH} characters`;
  const floor = `${what}, ${PEER}`;
  return [
    { what: floor, against: null, go: () => slowest(peer) },
    { what, against: { floor, bound: '<= 1 ms' }, go: () => slowest(ours) },
  ];
}

/** Of the shapes that policies have, and of those the ones that both dialects read alike. */
function manyPatterns(): string[] {
  return Array.from({ length: PATTERNS / 4 }, (_, at) => [
    `packages/p${at}/src/**/*.ts`,
    `lib${at}/**/*`,
    `**/*.g${at}.json`,
    `**/mod${at}/**/*session*`,
  ]).flat();
}

function manyPaths(): string[] {
  const shapes = [
    (at: number) => `packages/p${at % 250}/src/deep/folder/file-${at}.ts`,
    (at: number) => `lib${at % 90}/a/b/c/d/file-${at}.txt`,
    (at: number) => `apps/web/mod${at % 70}/login/session-${at}.tsx`,
  ];
  return Array.from({ length: PATHS }, (_, at) => shapes[at % shapes.length]?.(at) ?? '');
}

/** None matches, which a matcher only knows when it has tried everything. */
function slowCases(): [pattern: string, path: string][] {
  const fill = (part: string, rest: string): string =>
    part.repeat((LENGTH - rest.length) / part.length) + rest;
  return [
    [fill('a*', 'bb'), fill('a', '')],
    [fill('*a', '*?'), fill('b', '')],
    [fill('a*', 'b*'), fill('a', 'c')],
    [`*${'a'.repeat(LENGTH / 2)}b*`, fill('a', '')],
    [fill('?', '*b*?'), fill('a', '')],
    [fill('**/a/', '**/bb'), fill('a/', 'cc')],
    [fill('**/a*a*a/', 'bbbb'), fill('aaaa/', 'ccccc')],
    [`**/${'a/'.repeat(LENGTH / 4)}b/**/c`, fill('a/', 'aa')],
  ];
}

function count<T>(all: readonly T[], one: (each: T) => number): number {
  let sum = 0;
  for (const each of all) sum += one(each);
  return sum;
}

function disagreement(): Error {
  return new Error('the two matchers of this measurement do not say the same');
}
