/**
 * Rule files for agents: the ones that no agent reads, the ones that hide something from people, and
 * the ones that tell an agent what the policy never lets it do.
 */
import { escaped, hiddenIn, WHY } from '../detect/unicode-deceptive.ts';
import { frontMatterOf } from '../front-matter.ts';
import type { Problem, Severity } from '../problems.ts';
import { CODEX_BYTES_MAX, ruleChain } from '../rules-chain.ts';
import { contradictionsIn } from './contradictions.ts';

export type RuleText = { readonly path: string; readonly text: string };

/** What is beyond this is not looked at; no agent reads as much. */
const CHARACTERS_MAX = 512 * 1_024;
/** More of one kind in one file say nothing new. */
const TOLD_MAX = 20;

export function ruleFileFindings(files: readonly RuleText[]): Problem[] {
  return [
    ...files.flatMap((file) => [
      ...unread(file),
      ...alwaysApplied(file),
      ...byLine(file, invisible),
      ...byLine(file, against),
    ]),
    ...tooLong(files),
  ];
}

type Line = { readonly number: number; readonly text: string };
type Said = {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  /** From 0, in UTF-16 units. */
  readonly at: number;
  readonly width: number;
};

function problem({ path }: RuleText, line: Line, { at, ...said }: Said): Problem {
  const { code, severity, message, width } = said;
  const place = { file: path, line: line.number, column: at + 1, width, source: line.text };
  return { code, severity, message, path: [], ...place };
}

function firstLine({ text }: RuleText): Line {
  return { number: 1, text: text.split(/\r?\n/, 1)[0] ?? '' };
}

const RULES_FOLDER = /^\.cursor\/rules\/.+\.mdc?$/;

function unread(file: RuleText): Problem[] {
  if (!RULES_FOLDER.test(file.path)) return [];
  const isPlain = file.path.endsWith('.md');
  if (!isPlain && frontMatterOf(file.text) !== null) return [];
  const message = isPlain
    ? `Cursor reads .mdc files only, so ${file.path} reaches no agent`
    : `${file.path} has no front matter, so Cursor does not know when it applies`;
  const line = firstLine(file);
  const width = Math.max(1, line.text.length);
  return [problem(file, line, { code: 'P0601', severity: 'warning', message, at: 0, width })];
}

function alwaysApplied(file: RuleText): Problem[] {
  if (!RULES_FOLDER.test(file.path)) return [];
  const front = frontMatterOf(file.text);
  const value = front?.data?.['alwaysApply'];
  if (typeof value !== 'string') return [];
  const number = front?.line('alwaysApply') ?? 1;
  const text = file.text.split(/\r?\n/, number).at(-1) ?? '';
  const message = `\`alwaysApply\` is the text "${value.slice(0, 20)}"; write true or false without quotes`;
  const width = Math.max(1, text.length);
  return [
    problem(file, { number, text }, { code: 'P0602', severity: 'warning', message, at: 0, width }),
  ];
}

function byLine(file: RuleText, look: (line: Line) => Said[]): Problem[] {
  const found: Problem[] = [];
  const lines = file.text.slice(0, CHARACTERS_MAX).split(/\r?\n/);
  for (const [index, text] of lines.entries()) {
    const line = { number: index + 1, text };
    for (const said of look(line)) found.push(problem(file, line, said));
    if (found.length >= TOLD_MAX) break;
  }
  return found.slice(0, TOLD_MAX);
}

function invisible(line: Line): Said[] {
  const [first, ...more] = hiddenIn(line);
  if (first === undefined) return [];
  const { kind, at, name } = first;
  const rest = more.length === 0 ? '' : ` and ${more.length} more`;
  const message = `${name}${rest} in "${escaped(line.text, at)}": ${WHY[kind]}`;
  return [{ code: 'P0604', severity: 'error', message, at, width: 1 }];
}

function against({ text }: Line): Said[] {
  return contradictionsIn(text).map((found) => ({ code: 'P0605', ...found }));
}

/** Said where a chain passes the limit, and not again for every folder below. */
function tooLong(files: readonly RuleText[]): Problem[] {
  const all = files.map(({ path, text }) => ({ path, bytes: new TextEncoder().encode(text) }));
  return files.flatMap((file) => {
    const chain = ruleChain('codex', file.path, all);
    const last = chain.at(-1);
    if (last?.path !== file.path || last.readBytes === last.bytes) return [];
    const total = chain.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total - last.bytes > CODEX_BYTES_MAX) return [];
    const message = `with the files above it ${total} bytes, and Codex reads the first ${CODEX_BYTES_MAX}`;
    const line = firstLine(file);
    const width = Math.max(1, line.text.length);
    return [problem(file, line, { code: 'P0603', severity: 'warning', message, at: 0, width })];
  });
}
