/** What a schema has against a value, in plain words and with the code a reader can look up. */
import { z } from 'zod';
import { nearest } from './nearest.ts';

export type SchemaIssue = {
  readonly code: string;
  readonly path: readonly (string | number)[];
  /** Whether the key itself is wrong or what it holds. */
  readonly part: 'key' | 'value';
  readonly message: string;
  readonly hint?: string;
};

/** Finding what somebody meant takes time, and nobody reads more. */
const ISSUES_MAX = 200;

export function issuesOf<S extends z.ZodType>(
  schema: S,
  value: unknown,
): { value: z.output<S> } | { issues: SchemaIssue[] } {
  const known = new Map<unknown, string[]>();
  const result = schema.safeParse(value, {
    reportInput: true,
    // Which keys an object does have is told here only; the finished issue has forgotten it.
    error: ({ code, inst, input }) => {
      if (code !== 'unrecognized_keys') return undefined;
      if (inst instanceof z.ZodObject) known.set(input, Object.keys(inst.shape));
      return undefined;
    },
  });
  if (result.success) return { value: result.data };
  const issues = result.error.issues.slice(0, ISSUES_MAX);
  return { issues: issues.flatMap((issue) => read(issue, known)) };
}

type Issue = z.core.$ZodIssue;

function read(issue: Issue, known: ReadonlyMap<unknown, string[]>): SchemaIssue[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code === 'unrecognized_keys') {
    const keys = known.get(issue.input) ?? [];
    return issue.keys.slice(0, ISSUES_MAX).map((key) => unknownKey(key, path, keys));
  }
  if (issue.code === 'invalid_key') {
    const message = issue.issues[0]?.message ?? 'expected another name';
    return [{ code: 'P0104', path, part: 'key', message }];
  }
  if (issue.code === 'custom') {
    const code = typeof issue.params?.['code'] === 'string' ? issue.params['code'] : 'P0104';
    const found = { code, path, part: 'value', message: issue.message } as const;
    const hint = issue.params?.['hint'];
    return [typeof hint === 'string' ? { ...found, hint } : found];
  }
  return [wrongValue(issue, path)];
}

function unknownKey(key: string, path: SchemaIssue['path'], known: string[]): SchemaIssue {
  const guess = nearest(key, known);
  const hint = guess ? `did you mean \`${guess}\`?` : `known: ${known.join(', ')}`;
  return {
    code: 'P0103',
    path: [...path, key],
    part: 'key',
    message: `unknown key \`${key}\``,
    hint,
  };
}

function wrongValue(issue: Issue, path: SchemaIssue['path']): SchemaIssue {
  const key = path.at(-1);
  if (issue.input === undefined && typeof key === 'string') {
    const message = `the key \`${key}\` is missing`;
    return { code: 'P0104', path, part: 'value', message };
  }
  const base = { code: 'P0104', path, part: 'value' } as const;
  const words = isOurs(issue) ? null : wordsOf(issue);
  if (!words) return { ...base, message: expected(issue) };
  const found = foundBy(issue);
  const guess = typeof found === 'string' ? nearest(found, words) : null;
  const message = `expected ${words.map((word) => `\`${word}\``).join(' or ')}, found ${shown(found)}`;
  return guess ? { ...base, message, hint: `did you mean \`${guess}\`?` } : { ...base, message };
}

/** The words a value may be, when there are only so many. */
function wordsOf(issue: Issue): string[] | null {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)) {
    return issue.options.filter((option) => option !== undefined).map(String);
  }
  return null;
}

/** Of a union told apart by a key, the issue's input is the whole object; the key is what is wrong. */
function foundBy({ code, input, path }: Issue): unknown {
  if (code !== 'invalid_union' || typeof input !== 'object' || input === null) return input;
  return Object.entries(input).find(([key]) => key === path.at(-1))?.[1];
}

const KINDS: Record<string, string> = {
  array: 'a list',
  object: 'keys and values',
  record: 'keys and values',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/** Ours say what was expected; the library's own are put in our words. */
function isOurs({ message }: Issue): boolean {
  return !/^(Invalid|Too|Unrecognized)/.test(message);
}

function expected(issue: Issue): string {
  if (isOurs(issue)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${KINDS[issue.expected] ?? issue.expected}, found ${shown(issue.input)}`;
    case 'too_small':
      return `expected at least ${issue.minimum}${unitOf(issue.origin)}`;
    case 'too_big':
      return `expected at most ${issue.maximum}${unitOf(issue.origin)}`;
    default:
      return issue.message;
  }
}

function unitOf(origin: string): string {
  if (origin === 'array') return ' items';
  return origin === 'string' ? ' characters' : '';
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === null) return 'nothing';
  if (typeof value === 'object') return 'keys and values';
  return `\`${String(value).slice(0, 60)}\``;
}
