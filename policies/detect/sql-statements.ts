/**
 * Which statements take data away, lock writers out or break the readers of a name. A statement is
 * searched for verbs wherever they stand, as SQL Server needs no semicolon between two statements
 * and a procedure holds many. Code that is written as a string is searched like the rest.
 */
import { type Finding, keyOf, shown } from './compare.ts';
import { type Outline, outlineOf, reach } from './sql-outline.ts';
import { cutSql, type Dialect, type Statement } from './sql-tokens.ts';

const RULES = {
  drop: 'takes something away for good',
  truncate: 'empties a table',
  'delete-without-where': 'deletes every row',
  'update-without-where': 'overwrites every row',
  rename: 'takes a name away that running code still uses',
  'not-null': 'refuses the rows that have no value, as there is no default',
} as const;
type Rule = keyof typeof RULES;

export type SqlFinding = Finding & { readonly rule: string };

export type SqlText = {
  readonly text: string;
  /** The line the text begins at. */
  readonly line: number;
  /** A string of a program may be a sentence, so a verb alone says less. */
  readonly isProse: boolean;
};

/** Code in code in code goes no deeper than anyone can follow. */
const DEPTH_MAX = 4;

/** What a text does in one dialect; `isWhole` is false when a string or comment never ends. */
export function destructive(
  sql: SqlText,
  dialect: Dialect,
  depth = 0,
): { findings: SqlFinding[]; isWhole: boolean } {
  const { statements, isWhole } = cutSql(sql.text, dialect);
  const findings = statements.map(outlineOf).flatMap((outline) => [
    ...findingsOf(outline, sql),
    ...(depth < DEPTH_MAX ? codeStrings(outline) : []).flatMap(({ text, line }) => {
      const inner = { text, line: sql.line + line - 1, isProse: false };
      return destructive(inner, dialect, depth + 1).findings;
    }),
  ]);
  return { findings, isWhole };
}

function findingsOf(outline: Outline, { line, isProse }: SqlText): SqlFinding[] {
  const { statement, words } = outline;
  const found = new Map<Rule, number>();
  for (const [at, word] of words.entries()) {
    const rule = ruleAt(outline, at, word, isProse);
    // Once for each rule: the key is the statement, which holds all of them.
    if (rule && !found.has(rule)) found.set(rule, at);
  }
  const text = found.size > 0 ? normal(statement) : '';
  return [...found].map(([rule, at]) => ({
    rule,
    key: keyOf(`${rule}: ${text}`),
    line: line - 1 + (statement[at]?.line ?? 1),
    message: `\`${shown(text)}\` ${RULES[rule]}.`,
  }));
}

function ruleAt(outline: Outline, at: number, word: string, isProse: boolean): Rule | null {
  switch (word) {
    case 'drop':
      return drops(outline, at, isProse) ? 'drop' : null;
    case 'truncate':
      return truncates(outline, at) ? 'truncate' : null;
    case 'delete':
      return deletes(outline, at, isProse) && !hasWhere(outline, at)
        ? 'delete-without-where'
        : null;
    case 'update':
      return updates(outline, at) && !hasWhere(outline, at) ? 'update-without-where' : null;
    case 'rename':
    case 'change':
    case 'sp_rename':
      return renames(outline, at, word) ? 'rename' : null;
    case 'not':
      return forbidsNull(outline, at) ? 'not-null' : null;
    default:
      return null;
  }
}

const OBJECTS = new Set(
  `aggregate assembly cast check collation column constraint conversion database default domain event
  extension external foreign function generated global group identity index key language login
  materialized not operator owned package partition policy primary procedure publication role routine
  rule schema sequence server statistics subscription synonym table tables tablespace temp temporary
  trigger type undo unique unlogged user view`.split(/\s+/),
);

function drops({ statement, words, altersFrom }: Outline, at: number, isProse: boolean): boolean {
  const next = statement[at + 1];
  if (!next) return false;
  const object = words[at + 1] ?? '';
  if (OBJECTS.has(object)) return true;
  if (at === 0) return !isProse;
  return at > altersFrom && next.kind !== 'mark' && object !== 'on';
}

function truncates({ statement, words }: Outline, at: number): boolean {
  const next = statement[at + 1];
  // Else a function of that name, a grant or the event of a trigger.
  return next !== undefined && next.kind !== 'mark' && !/^(on|or)$/.test(words[at + 1] ?? '');
}

const BEFORE_A_STATEMENT = /^(begin|then|else|loop|do|as|atomic|go)$/;

function deletes({ statement, words }: Outline, at: number, isProse: boolean): boolean {
  const before = statement[at - 1];
  const isFirst = !before || before.kind === 'mark';
  if (words[at + 1] === 'from') return isFirst || !isProse;
  const next = statement[at + 1];
  if (isProse || !next || next.kind === 'mark') return false;
  if (/^(on|or|using|as|when|to|and)$/.test(words[at + 1] ?? '')) return false;
  return isFirst || BEFORE_A_STATEMENT.test(words[at - 1] ?? '');
}

/** Events of triggers and keys, locks, grants, and the second half of an upsert. */
const NOT_BEFORE_UPDATE = /^(on|for|before|after|of|or|key|grant|revoke)$/;
const NOT_AFTER_UPDATE = /^(set|on|of|or|and|as|to|using|cascade|restrict|no|[,();.])$/i;

function updates(outline: Outline, at: number): boolean {
  const { statement, words } = outline;
  if (NOT_BEFORE_UPDATE.test(words[at - 1] ?? '')) return false;
  const next = statement[at + 1];
  if (!next || NOT_AFTER_UPDATE.test(next.text)) return false;
  return [...reach(outline, at)].some((index) => words[index] === 'set');
}

function renames({ statement, words, altersFrom }: Outline, at: number, word: string): boolean {
  if (word === 'sp_rename') return true;
  if (word === 'rename') return at === 0 || at > altersFrom;
  const from = at + (words[at + 1] === 'column' ? 2 : 1);
  // MySQL says the name twice when it only changes the type.
  return at > altersFrom && statement[from]?.text !== statement[from + 1]?.text;
}

const HAS_VALUE = [
  ...['default', 'generated', 'identity', 'auto_increment', 'autoincrement', 'drop'],
  ...['serial', 'bigserial', 'smallserial'],
];

function forbidsNull({ words, clauses, altersFrom }: Outline, at: number): boolean {
  if (words[at + 1] !== 'null' || words[at - 1] === 'is' || at < altersFrom) return false;
  const clause = clauses[at];
  // `ADD (a int NOT NULL, …)` puts clauses in parentheses; those of a CHECK hold a condition.
  if (!clause || !['', 'add', 'column', 'columns', 'modify'].includes(clause.opener)) return false;
  return !HAS_VALUE.some((word) => clause.words.has(word));
}

function hasWhere(outline: Outline, at: number): boolean {
  const within = [...reach(outline, at)];
  const where = within.findIndex((index) => outline.words[index] === 'where');
  if (where < 0) return false;
  const condition = within.slice(where + 1, where + 6);
  const text = condition.map((index) => outline.statement[index]?.text.toLowerCase()).join(' ');
  return !/^(true|1|(\S+) = \2)( (returning|limit|order)\b|$)/.test(text);
}

const RUNS_STRINGS = ['exec', 'execute', 'immediate', 'sp_executesql', 'prepare'];
/** What a name follows. A string there is a name in another dialect, or the body of a function. */
const BEFORE_A_NAME = ['as', 'from', 'into', 'table', 'view', 'index', 'join'];

function codeStrings({ statement, words }: Outline): { text: string; line: number }[] {
  const runs = words[0] === 'do' || words.some((word) => RUNS_STRINGS.includes(word));
  return statement
    .filter(({ kind }, at) => {
      return kind === 'string' && (runs || BEFORE_A_NAME.includes(words[at - 1] ?? ''));
    })
    .map(({ text, line }) => ({ text: unquoted(text), line }));
}

function unquoted(text: string): string {
  const tag = /^\$[^$]*\$/.exec(text)?.[0];
  if (tag) return text.slice(tag.length, -tag.length);
  const quote = text.at(-1) ?? '';
  return text.slice(text.indexOf(quote) + 1, -1).replaceAll(quote + quote, quote);
}

/** Words in lower case, what is quoted as it is, and no blanks around dots and within brackets. */
function normal(statement: Statement): string {
  let text = '';
  let last = '';
  for (const token of statement) {
    const isTight = /^[.,);]$/.test(token.text) || last === '(' || last === '.';
    text += text === '' || isTight ? '' : ' ';
    last = token.kind === 'mark' ? token.text : '';
    text += token.kind === 'word' ? token.text.toLowerCase() : token.text;
  }
  return text;
}
