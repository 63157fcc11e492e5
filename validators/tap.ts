/**
 * Reads TAP 13 and 14.
 *
 * Invariant: what is counted are test points that hold no others; a point that sums up its subtests is
 * counted only where it failed and none of them did. A stream without a version, without a plan, or
 * with another number of points than it planned was cut off or put together, and is unreadable.
 */
import {
  cut,
  FAILURES_MAX,
  MESSAGE_CHARACTERS_MAX,
  NAME_CHARACTERS_MAX,
  REPORT_BYTES_MAX,
  unreadable,
} from './bounded-text.ts';
import type { Failure, TestReport } from './test-report.ts';

type Point = { readonly name: string; readonly outcome: 'passed' | 'failed' | 'skipped' };
type Level = {
  plan: number | null;
  points: number;
  /** Named by a comment before its first point, as TAP 14 does. */
  readonly name: string;
  readonly leaves: (Point & { message: string })[];
};

const INDENT = 4;
const DEPTH_MAX = 20;
/** The directive of a test that is still to be made to pass. */
const LATER = ['TO', 'DO'].join('');
const VERSION = /^TAP version 1[34]\s*$/;
const PLAN = /^1\.\.(\d{1,7})(?:\s*#.*)?$/;
const POINT = /^(not )?ok\b(?:\s+\d{1,7}\b)?(?:\s+-)?\s*(.*)$/;
const SUBTEST = /^# Subtest(?:: (.*))?$/;

export function readTap(text: string): TestReport | { readonly unreadable: string } {
  if (Buffer.byteLength(text) > REPORT_BYTES_MAX) return unreadable('it is larger than 16 MiB');
  const lines = text.split(/\r?\n/);
  const first = lines.findIndex((line) => line.trim() !== '');
  if (!VERSION.test(lines[first] ?? '')) return unreadable('it does not begin with TAP version 13');
  const state: State = { levels: [levelOf('')], named: '', block: null };
  for (const [index, line] of lines.entries()) {
    if (index <= first) continue;
    const problem = readLine(state, line);
    if (problem !== null) return unreadable(`line ${index + 1}: ${problem}`);
  }
  const [top, ...open] = state.levels;
  if (top === undefined || open.length > 0) return unreadable('it ends within a subtest');
  return problemOf(top) ?? reportOf(top.leaves);
}

type State = {
  readonly levels: Level[];
  /** What the next subtest is called. */
  named: string;
  /** Lines of the YAML block that is open, and how far it is indented. */
  block: { readonly indent: number; readonly lines: string[] } | null;
};

const levelOf = (name: string): Level => ({ plan: null, points: 0, name, leaves: [] });

function readLine(state: State, line: string): string | null {
  const text = line.trimStart();
  const indent = line.length - text.length;
  if (state.block !== null) return inBlock(state, line, text);
  if (text === '---' && indent % INDENT === 2) {
    state.block = { indent, lines: [] };
    return null;
  }
  const subtest = SUBTEST.exec(text);
  if (subtest !== null) {
    state.named = subtest[1] ?? '';
    return null;
  }
  if (text.startsWith('Bail out!')) return bailOut(state, text);
  return PLAN.test(text) || POINT.test(text) ? atLevel(state, indent, text) : null;
}

function inBlock(state: State, line: string, text: string): null {
  const { block } = state;
  if (block === null || text === '...') {
    const last = state.levels.at(-1)?.leaves.at(-1);
    if (last && block) last.message = cut(block.lines.join('\n'), MESSAGE_CHARACTERS_MAX);
    state.block = null;
  } else if (block.lines.length < MESSAGE_CHARACTERS_MAX) {
    block.lines.push(line.slice(Math.min(block.indent, line.length - text.length)));
  }
  return null;
}

function bailOut({ levels }: State, text: string): null {
  const name = cut(text, NAME_CHARACTERS_MAX);
  levels[0]?.leaves.push({ name, outcome: 'failed', message: name });
  return null;
}

function atLevel(state: State, indent: number, text: string): string | null {
  const { levels } = state;
  const depth = indent / INDENT;
  // Anything else that is indented was printed by a test.
  if (!Number.isInteger(depth) || depth > levels.length) return null;
  if (depth >= DEPTH_MAX) return `subtests are nested more than ${DEPTH_MAX} deep`;
  if (depth === levels.length) {
    levels.push(levelOf(state.named));
    state.named = '';
  }
  const inner = levels.splice(depth + 1);
  const level = levels[depth];
  if (level === undefined) return 'a subtest belongs to nothing';
  if (inner.length > 1) return 'a subtest ends within another';
  const plan = PLAN.exec(text);
  if (plan !== null) {
    if (level.plan !== null) return 'it has a second plan';
    level.plan = Number(plan[1]);
    return inner.length > 0 ? 'a subtest has no result' : null;
  }
  return addPoint(level, inner[0] ?? null, text);
}

function addPoint(level: Level, inner: Level | null, text: string): string | null {
  level.points += 1;
  const point = pointOf(text);
  const within = inner === null ? null : problemOf(inner);
  if (within !== null) return `the subtest "${point.name}": ${within.unreadable}`;
  const below = (inner?.leaves ?? []).map((leaf) => ({
    ...leaf,
    name: cut(`${point.name} › ${leaf.name}`, NAME_CHARACTERS_MAX),
  }));
  const explains = below.some(({ outcome }) => outcome === 'failed');
  // One by one: there may be more than a call takes arguments.
  for (const leaf of below) level.leaves.push(leaf);
  if (below.length === 0 || (point.outcome === 'failed' && !explains)) {
    level.leaves.push({ ...point, message: '' });
  }
  return null;
}

function pointOf(text: string): Point {
  const [, isNot, rest = ''] = POINT.exec(text) ?? [];
  const at = rest.search(/(?<!\\)#/);
  const [said, directive] = at < 0 ? [rest, ''] : [rest.slice(0, at), rest.slice(at + 1)];
  const name = cut(said.trim().replace(/\\([#\\])/g, '$1'), NAME_CHARACTERS_MAX);
  return {
    name: name || 'a test without a name',
    outcome: outcomeOf(isNot !== undefined, directive.trim().toUpperCase()),
  };
}

/** What failed and says that it was skipped has failed; what is still to be done fails nothing. */
function outcomeOf(isNot: boolean, directive: string): Point['outcome'] {
  if (directive.startsWith(LATER)) return 'skipped';
  if (isNot) return 'failed';
  return directive.startsWith('SKIP') ? 'skipped' : 'passed';
}

function problemOf({ plan, points }: Level): { unreadable: string } | null {
  if (plan === null)
    return unreadable('it has no plan, so nobody knows whether all of it is there');
  if (plan === points) return null;
  return unreadable(`it planned ${plan} tests and has ${points}`);
}

function reportOf(leaves: Level['leaves']): TestReport {
  const names = (outcome: Point['outcome']): string[] =>
    leaves.filter((leaf) => leaf.outcome === outcome).map(({ name }) => name);
  const [passed, failed, skipped] = [names('passed'), names('failed'), names('skipped')];
  const failures: Failure[] = leaves
    .filter(({ outcome }) => outcome === 'failed')
    .slice(0, FAILURES_MAX)
    .map(({ name, message }) => ({ name, message: message || 'no message' }));
  return {
    tests: {
      run: passed.length + failed.length,
      ...{ failed: failed.length, skipped: skipped.length, flaky: 0 },
    },
    failures,
    names: { passed, failed, skipped, flaky: [] },
  };
}
