/**
 * An output cut to what somebody can act on: the first failure with what it says and the frames of the
 * repository, then the last lines. No colours, no progress that overwrote itself, nothing twice. Pure.
 */
import { stripVTControlCharacters } from 'node:util';
import { cut } from './bounded-text.ts';

const LINE_CHARACTERS_MAX = 300;
/** After the first failure; a diff of two objects takes this much. */
const FAILURE_LINES = 30;
const LAST_LINES = 12;
const CHARACTERS_MAX = 2_000;

const FAILURE =
  /^\s*(?:not ok\b|FAIL(?:ED)?\b|[✗✕×✖]|--- FAIL|E\s{2,}|\w*(?:Error|Exception)\b.*:|error(?:\[\w+\])?:|panic:|Traceback\b|fatal:|\d+\) )/;
const FRAME = /^\s*at\s|^\s*File ".*", line \d+/;
const FOREIGN_FRAME = /node_modules\/|\bnode:|<anonymous>\)?$|site-packages\/|\/usr\/lib\//;

export function whatMatters(lines: readonly string[]): string {
  const plain = folded(foreignLeftOut(lines.flatMap(plainLines)));
  const first = plain.findIndex((line) => FAILURE.test(line));
  const from = Math.max(0, plain.length - LAST_LINES);
  const failure =
    first < 0 ? [] : plain.slice(first, Math.min(first + FAILURE_LINES, plain.length));
  const until = first < 0 ? 0 : first + failure.length;
  const last = plain.slice(Math.max(from, until));
  const gap = Math.max(from, until) - until;
  const between = first >= 0 && gap > 0 ? [`… ${gap} lines left out …`] : [];
  return withinBounds([...failure, ...between], last);
}

/** The last lines are never crowded out: how it ended is said there. */
function withinBounds(first: readonly string[], last: readonly string[]): string {
  const tail = last.join('\n').slice(-CHARACTERS_MAX / 2);
  const room = CHARACTERS_MAX - tail.length - 1;
  const head = first.join('\n');
  const shown = head.length > room ? `${cut(head, room - 2)}…` : head;
  return [shown, tail].filter((part) => part !== '').join('\n');
}

function plainLines(line: string): string[] {
  return line.split('\n').map((one) => {
    const shown = stripVTControlCharacters(one).replace(/\r+$/, '');
    // What a carriage return went back over, nobody saw.
    const seen = shown.slice(shown.lastIndexOf('\r') + 1);
    return cut(
      seen.replace(/[\p{Cc}\p{Cs}]/gu, (c) => (c === '\t' ? '  ' : '')),
      LINE_CHARACTERS_MAX,
    ).trimEnd();
  });
}

function foreignLeftOut(lines: readonly string[]): string[] {
  return lines.filter((line) => !(FRAME.test(line) && FOREIGN_FRAME.test(line)));
}

/** Lines that say the same again, one after the other, are said once and counted. */
function folded(lines: readonly string[]): string[] {
  const kept: { line: string; times: number }[] = [];
  for (const line of lines) {
    const last = kept.at(-1);
    if (last !== undefined && last.line === line) last.times += 1;
    else kept.push({ line, times: 1 });
  }
  return kept
    .filter(({ line }, at) => line !== '' || (at > 0 && at < kept.length - 1))
    .map(({ line, times }) => (times > 1 && line !== '' ? `${line} (${times} times)` : line));
}
