/**
 * Which rule files an agent gets for a path, and in which order, as each agent's own documentation
 * says. Rules are advice to an agent and never a boundary; this tells what advice it is.
 *
 * Pure: whoever calls gives the rule files of one commit, and only what is in that commit counts.
 * What agents read from a person's home or an organisation is no part of it.
 */
import { sha256 } from '../orchestrator/domain/canonical.ts';
import type { Digest } from '../orchestrator/domain/ids.ts';
import { foreignSyntax } from './foreign-glob.ts';
import { type FrontMatter, frontMatterOf, patternsOf } from './front-matter.ts';
import { compileGlob, globProblem } from './glob.ts';
import { parseJsonData } from './json-data.ts';
import { fieldAt } from './plain-data.ts';

export const RULE_AGENTS = ['codex', 'claude-code', 'gemini-cli', 'cursor', 'agents.md'] as const;
export type RuleAgent = (typeof RULE_AGENTS)[number];

/** Codex reads no further, wherever in a file that is. */
export const CODEX_BYTES_MAX = 32 * 1_024;

export type RuleFile = { readonly path: string; readonly bytes: Uint8Array };

export type RuleSource = {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of the whole file, read or not. */
  readonly digest: Digest;
  /** Why it applies, as a clause. */
  readonly why: string;
  /** How much of it the agent reads; less than `bytes` where it stops. */
  readonly readBytes: number;
};

const SETTINGS = '.gemini/settings.json';
const AGENTS_FILES = ['AGENTS.override.md', 'AGENTS.md'];

/** Files that any of the agents may take rules from, or that say where it does. */
export function isRuleFile(path: string): boolean {
  return (
    /(^|\/)(AGENTS|AGENTS\.override|CLAUDE|GEMINI)\.md$/.test(path) ||
    /^\.(cursor|claude)\/rules\/.+\.mdc?$/.test(path) ||
    path === '.github/copilot-instructions.md' ||
    /\.instructions\.md$/.test(path) ||
    path === SETTINGS
  );
}

/** Names that the settings of Gemini CLI give to its files; none are read but those and its own. */
export function namedFiles(files: readonly RuleFile[]): readonly string[] {
  const settings = files.find(({ path }) => path === SETTINGS);
  const named = settings === undefined ? undefined : fileNames(settings.bytes);
  const names = (Array.isArray(named) ? named : [named]).filter(
    (name) => typeof name === 'string' && /^[^/\\\0]{1,255}$/.test(name),
  );
  return names.length > 0 ? names.slice(0, 10) : ['GEMINI.md'];
}

function fileNames(bytes: Uint8Array): unknown {
  return fieldAt(parseJsonData(textOf(bytes))?.value, 'context', 'fileName');
}

/** In the order they are read. `path` is a file from the root of the repository. */
export function ruleChain(
  agent: RuleAgent,
  path: string,
  files: readonly RuleFile[],
): readonly RuleSource[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return CHAINS[agent]({ path, folders: foldersOf(path), files, byPath });
}

type Asked = {
  readonly path: string;
  /** From the root, which is empty, to the folder of the path; each ends in a slash but the root. */
  readonly folders: readonly string[];
  readonly files: readonly RuleFile[];
  readonly byPath: ReadonlyMap<string, RuleFile>;
};

const CHAINS: Record<RuleAgent, (asked: Asked) => readonly RuleSource[]> = {
  codex: (asked) => cutAt(CODEX_BYTES_MAX, oneEach(asked, AGENTS_FILES)),
  'claude-code': (asked) => [...everyOf(asked, ['CLAUDE.md'], claudeWhy), ...claudeRules(asked)],
  'gemini-cli': (asked) => everyOf(asked, namedFiles(asked.files), placeOf),
  cursor: (asked) => [...oneEach(asked, ['AGENTS.md']), ...cursorRules(asked)],
  'agents.md': (asked) => {
    const found = oneEach(asked, ['AGENTS.md']);
    return found.map((source, index) => ({
      ...source,
      why: `${source.why}; ${index === found.length - 1 ? 'closest, so it wins' : 'a closer one wins'}`,
    }));
  },
};

function foldersOf(path: string): string[] {
  const names = path.split('/').slice(0, -1);
  return ['', ...names.map((_, index) => `${names.slice(0, index + 1).join('/')}/`)];
}

/** The first of the names that each folder has. */
function oneEach({ folders, byPath }: Asked, names: readonly string[]): RuleSource[] {
  return folders.flatMap((folder) => {
    const [first, ...passed] = names.flatMap((name) => byPath.get(folder + name) ?? []);
    if (first === undefined) return [];
    const instead = passed.map((file) => `; instead of ${file.path}`).join('');
    return [sourceOf(first, placeOf(folder) + instead)];
  });
}

/** All of the names that each folder has. */
function everyOf(
  { folders, byPath }: Asked,
  names: readonly string[],
  why: (folder: string) => string,
): RuleSource[] {
  return folders.flatMap((folder) =>
    names.flatMap((name) => {
      const file = byPath.get(folder + name);
      return file === undefined ? [] : [sourceOf(file, why(folder))];
    }),
  );
}

function placeOf(folder: string): string {
  return folder === '' ? 'at the root' : `in ${folder}, above the path`;
}

function claudeWhy(folder: string): string {
  return folder === '' ? placeOf(folder) : `${placeOf(folder)}, once a file there is read`;
}

function claudeRules({ path, files }: Asked): RuleSource[] {
  return sorted(files, /^\.claude\/rules\/.+\.md$/).flatMap((file) => {
    const front = frontMatterOf(textOf(file.bytes));
    const patterns = front === null ? [] : patternsIn(front, 'paths');
    if (patterns === null) return [sourceOf(file, 'its paths cannot be read, so it may apply')];
    if (patterns.length === 0) return [sourceOf(file, 'names no paths, so it always applies')];
    const hit = patterns.find((pattern) => covers(pattern, path, true));
    return hit === undefined ? [] : [sourceOf(file, `its paths hold ${hit}`)];
  });
}

/** Always, by pattern, and left to the agent, in this order; the rest a person has to mention. */
function cursorRules({ path, files }: Asked): RuleSource[] {
  const found = sorted(files, /^\.cursor\/rules\/.+\.mdc$/).flatMap((file) => {
    const front = frontMatterOf(textOf(file.bytes));
    const why = front === null ? null : cursorWhy(front, path);
    return why === null ? [] : [{ ...why, source: sourceOf(file, why.text) }];
  });
  return found.toSorted((a, b) => a.rank - b.rank).map(({ source }) => source);
}

function cursorWhy(front: FrontMatter, path: string): { rank: number; text: string } | null {
  const patterns = patternsIn(front, 'globs');
  if (patterns === null) return { rank: 1, text: 'its front matter cannot be read; it may apply' };
  const { data } = front;
  if (data !== null && data['alwaysApply'] === true) return { rank: 0, text: 'always applies' };
  const hit = patterns.find((pattern) => covers(pattern, path, false));
  if (hit !== undefined) return { rank: 1, text: `its globs hold ${hit}` };
  const description = data === null ? null : data['description'];
  if (patterns.length > 0 || typeof description !== 'string' || description === '') return null;
  return { rank: 2, text: 'the agent decides by its description' };
}

function patternsIn(front: FrontMatter, key: string): string[] | null {
  return front.data === null ? null : patternsOf(front, key);
}

/** Their patterns know braces; ours say the same in several. What neither can read may apply. */
function covers(pattern: string, path: string, isAnchored: boolean): boolean {
  const all = foreignSyntax(pattern)?.instead ?? [pattern];
  return all.some((one) => {
    const rooted = isAnchored && !one.includes('/') ? `/${one}` : one;
    return globProblem(rooted) !== null || compileGlob(rooted, { self: true })(path);
  });
}

function sorted(files: readonly RuleFile[], where: RegExp): RuleFile[] {
  const found = files.filter(({ path }) => where.test(path));
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function sourceOf({ path, bytes }: RuleFile, why: string): RuleSource {
  return { path, bytes: bytes.length, digest: sha256(bytes), why, readBytes: bytes.length };
}

function cutAt(most: number, sources: readonly RuleSource[]): RuleSource[] {
  let left = most;
  return sources.map((source) => {
    const readBytes = Math.min(left, source.bytes);
    left -= readBytes;
    return { ...source, readBytes };
  });
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
