/**
 * YAML to a typed value, with every problem at its line and column, all at once.
 *
 * A file says exactly what it looks like or is refused: no anchors or aliases, no tags, no
 * directives, no duplicate keys, one document, no names that every object already has, no numbers
 * but plain ones, no characters that cannot be seen.
 * Used for each file that people write for Proofhouse; nothing else imports the YAML library here.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';
import type { z } from 'zod';
import { sha256 } from '../orchestrator/domain/canonical.ts';
import type { Digest } from '../orchestrator/domain/ids.ts';
import { inOrder, type Place, type Problem } from './problems.ts';
import { issuesOf, type SchemaIssue } from './schema-issues.ts';
import { sourceProblem } from './source-text.ts';

export type YamlPath = readonly (string | number)[];

export type Parsed<T> = {
  readonly value: T;
  /** SHA-256 of the file's UTF-8 bytes. */
  readonly digest: Digest;
  /** Where a key or item stands; the nearest thing above it when it is not written. */
  place(path: YamlPath, part?: 'key' | 'value'): Place;
};

/** A file that is no YAML at all has one for each bracket. */
const PROBLEMS_MAX = 100;
/** Others are numbers to some readers and text, or other numbers, to others: 0x10, 1e9, 007, .inf. */
const PLAIN = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/;
const FORBIDDEN_KEYS = ['__proto__', 'constructor', 'prototype'];

export function parseYaml<S extends z.ZodType>(
  source: string,
  name: string,
  schema: S,
): Parsed<z.output<S>> | { problems: Problem[] } {
  try {
    return parse(source, name, schema);
  } catch (error) {
    // The stack of the parser or of a walk over its tree ran out.
    if (!(error instanceof RangeError)) throw error;
    const top = { file: name, line: 1, column: 1, width: 1, source: source.slice(0, 80) };
    const message = 'the file is nested too deeply to read; no policy needs it';
    return { problems: [{ code: 'P0101', severity: 'error', message, path: [], ...top }] };
  }
}

function parse<S extends z.ZodType>(
  source: string,
  name: string,
  schema: S,
): Parsed<z.output<S>> | { problems: Problem[] } {
  const read = readDocument(source, name);
  if ('problems' in read) return bounded(read.problems);
  const { document, text } = read;
  const place = (path: YamlPath, part: 'key' | 'value' = 'value') => {
    const ids = idsOn(document, path);
    const found = text.place(rangeOf(document, path, part));
    return ids.some((id) => id !== null) ? { ...found, ids } : found;
  };
  const checked = issuesOf(schema, document.toJS({ maxAliasCount: 0 }));
  if ('value' in checked) return { value: checked.value, digest: sha256(source), place };
  return bounded(checked.issues.map((issue) => schemaProblem(issue, place)));
}

function bounded(problems: Problem[]): { problems: Problem[] } {
  return { problems: inOrder(problems).slice(0, PROBLEMS_MAX) };
}

function schemaProblem(
  { code, path, part, message, hint }: SchemaIssue,
  place: Parsed<unknown>['place'],
): Problem {
  const within = part === 'key' ? path.slice(0, -1) : path;
  const found = { code, severity: 'error' as const, message, path: within };
  return { ...found, ...place(path, part), ...(hint === undefined ? {} : { hint }) };
}

type Range = readonly [from: number, to: number];
type Text = { place(range: Range): Place };
type Read = { document: Document; text: Text } | { problems: Problem[] };

function readDocument(source: string, name: string): Read {
  // A counter keeps the lines of what it saw before, so each parse has its own.
  const lineCounter = new LineCounter();
  const text: Text = { place: (range) => placeOf(source, name, lineCounter, range) };
  const problem = (range: Range, code: string, message: string): Problem => {
    return { code, severity: 'error', message, path: [], ...text.place(range) };
  };
  const unread = sourceProblem(source, name);
  if (unread !== null) return { problems: [unread] };
  // Never with `logLevel: silent`, which also silences the error for a second document.
  // Keys are compared here: the library compares each with all before it, which for a quarter of a
  // megabyte that an agent wrote takes a minute.
  const options = { lineCounter, prettyErrors: false, uniqueKeys: false } as const;
  const document = parseDocument(source, options);
  const problems = [
    ...syntaxProblems(document, problem),
    ...repeatedKeys(document, problem),
    ...refusedNodes(document, problem),
  ];
  if (problems.length > 0) return { problems };
  if (
    document.contents === null ||
    (isScalar(document.contents) && document.contents.value === null)
  ) {
    return {
      problems: [problem([0, 1], 'P0101', 'the file is empty, and an empty file allows nothing')],
    };
  }
  return { document, text };
}

type Report = (range: Range, code: string, message: string) => Problem;

function syntaxProblems({ errors, warnings, directives }: Document, report: Report): Problem[] {
  const found = [...errors, ...warnings].slice(0, PROBLEMS_MAX).map(({ code, pos, message }) => {
    if (code === 'MULTIPLE_DOCS')
      return report(pos, 'P0101', 'a second document would go unread; a file holds one');
    return report(pos, 'P0101', sentence(message));
  });
  const directed = directives?.yaml.explicit || Object.keys(directives?.tags ?? {}).length > 1;
  return directed
    ? [...found, report([0, 1], 'P0101', 'a directive changes how the file is read; take it out')]
    : found;
}

function repeatedKeys(document: Document, report: Report): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Map: (_, { items }) => {
      if (problems.length >= PROBLEMS_MAX) return visit.BREAK;
      const seen = new Set<unknown>();
      for (const { key } of items) {
        const name = isScalar(key) ? key.value : key;
        if (seen.has(name) && problems.length < PROBLEMS_MAX) {
          problems.push(
            report(rangeOfNode(nodeOf(key)), 'P0102', 'this key was given before; keep one'),
          );
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return problems;
}

function refusedNodes(document: Document, report: Report): Problem[] {
  const problems: Problem[] = [];
  const refuse = (node: Node | null, code: string, message: string) => {
    // Each is placed by reading its line, and a file may be one line of nothing but problems.
    if (problems.length < PROBLEMS_MAX) problems.push(report(rangeOfNode(node), code, message));
  };
  visit(document, {
    Alias: (_, node) => refuse(node, 'P0105', 'an alias; write the value out'),
    Node: (_, node) => {
      if (isAlias(node)) return;
      if (node.anchor) refuse(node, 'P0105', 'an anchor; write the value out where it is needed');
      if (node.tag) refuse(node, 'P0101', `the tag ${node.tag}; plain values need none`);
      if (isScalar(node) && typeof node.value === 'number' && !PLAIN.test(node.source ?? '')) {
        refuse(node, 'P0104', `the number ${node.source}; write it in plain digits, as in 1500`);
      }
    },
    Pair: (_, pair) => {
      const key = isScalar(pair.key) ? pair.key : null;
      if (key?.value === '<<') {
        refuse(key, 'P0105', 'a merge key; write out what it would bring');
      } else if (typeof key?.value !== 'string') {
        refuse(nodeOf(pair.key), 'P0104', 'a key that is not text; put it in quotes');
      } else if (FORBIDDEN_KEYS.includes(key.value)) {
        refuse(key, 'P0103', `the key \`${key.value}\` is never allowed; choose another name`);
      }
    },
  });
  return problems;
}

function rangeOf(document: Document, path: YamlPath, part: 'key' | 'value'): Range {
  let node: Node | null = document.contents;
  let range = rangeOfNode(node);
  for (const [depth, step] of path.entries()) {
    const found = childOf(node, step);
    if (!found) break;
    node = found.value;
    const wantsKey = part === 'key' && depth === path.length - 1;
    range = rangeOfNode(wantsKey || !node ? (found.key ?? node) : node);
  }
  return range;
}

const ID_SHOWN_MAX = 40;

function idsOn(document: Document, path: YamlPath): (string | null)[] {
  let node: Node | null = document.contents;
  return path.map((step) => {
    const isItem = isSeq(node);
    node = childOf(node, step)?.value ?? null;
    const id = isItem ? childOf(node, 'id')?.value : null;
    const isNamed = isScalar(id) && typeof id.value === 'string' && id.value !== '';
    return isNamed ? String(id.value).slice(0, ID_SHOWN_MAX) : null;
  });
}

type Child = { key: Node | null; value: Node | null };

function childOf(node: Node | null, step: string | number): Child | null {
  if (isSeq(node)) {
    const item = node.items[Number(step)];
    return item === undefined ? null : { key: null, value: nodeOf(item) };
  }
  if (!isMap(node)) return null;
  const pair = node.items.find(
    (item: Pair) => isScalar(item.key) && item.key.value === String(step),
  );
  return pair ? { key: nodeOf(pair.key), value: nodeOf(pair.value) } : null;
}

function nodeOf(value: unknown): Node | null {
  return value !== null && typeof value === 'object' ? (value as Node) : null;
}

function rangeOfNode(node: Node | null): Range {
  const [from, to] = node?.range ?? [0, 1];
  return [from, to];
}

function placeOf(source: string, file: string, counter: LineCounter, [from, to]: Range): Place {
  const position = counter.linePos(from);
  // Before anything was read there are no lines to count.
  const line = Math.max(1, position.line);
  const column = Math.max(1, position.col);
  const start = counter.lineStarts[line - 1] ?? 0;
  const [text = ''] = source.slice(start).split(/\r?\n/, 1);
  const room = Math.max(1, text.length - column + 1);
  return { file, line, column, width: Math.max(1, Math.min(to - from, room)), source: text };
}

function sentence(message: string): string {
  const [first = message] = message.split('\n', 1);
  return first.charAt(0).toLowerCase() + first.slice(1);
}
