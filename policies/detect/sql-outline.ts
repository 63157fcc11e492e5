/**
 * A statement with what the rules ask of it worked out once: its words, where parentheses close and
 * where clauses part. The rules look around from every verb, which over a text made for it would
 * take the square of its length.
 */
import type { Statement, Token } from './sql-tokens.ts';

/** What lies between two commas, or within parentheses that hold none. */
export type Clause = {
  /** The word before the parenthesis the clause stands in; empty outside of any. */
  readonly opener: string;
  readonly words: Set<string>;
};

export type Outline = {
  readonly statement: Statement;
  /** Of each token the word in lower case; empty for what is quoted and for marks. */
  readonly words: readonly string[];
  /** Of each opening parenthesis where it closes; the end of the statement when it never does. */
  readonly closes: ReadonlyMap<number, number>;
  readonly clauses: readonly Clause[];
  /** Where the first ALTER stands. */
  readonly altersFrom: number;
};

export function outlineOf(statement: Statement): Outline {
  const words = statement.map(wordOf);
  const closes = new Map<number, number>();
  const clauses: Clause[] = [];
  const open: number[] = [];
  const stack: Clause[] = [];
  let clause: Clause = { opener: '', words: new Set() };
  for (const [at, { kind, text }] of statement.entries()) {
    const mark = kind === 'mark' ? text : '';
    if (mark === ')') {
      closes.set(open.pop() ?? -1, at);
      clause = stack.pop() ?? clause;
    } else if (mark === ',') clause = { opener: clause.opener, words: new Set() };
    clauses.push(clause);
    clause.words.add(words[at] ?? '');
    if (mark === '(') {
      open.push(at);
      stack.push(clause);
      clause = { opener: words[at - 1] ?? '', words: new Set() };
    }
  }
  const alter = words.indexOf('alter');
  return { statement, words, closes, clauses, altersFrom: alter < 0 ? statement.length : alter };
}

/** The statement after a token as far as it reaches: what stands in parentheses is left out. */
export function* reach({ statement, words, closes }: Outline, from: number): Generator<number> {
  for (let at = from + 1; at < statement.length; at++) {
    const token = statement[at];
    if (isMark(token, ')') || NEXT_STATEMENT.test(words[at] ?? '')) return;
    if (isMark(token, '(')) at = closes.get(at) ?? statement.length;
    else yield at;
  }
}

/** SQL Server needs no semicolon before these. */
const NEXT_STATEMENT =
  /^(select|insert|update|delete|drop|alter|create|truncate|go|exec|execute|declare|merge|grant)$/;

function isMark(token: Token | undefined, text: string): boolean {
  return token?.kind === 'mark' && token.text === text;
}

function wordOf({ kind, text }: Token): string {
  return kind === 'word' ? text.toLowerCase() : '';
}
