/**
 * Untrusted text inside Markdown that a forge renders. Pure.
 *
 * Invariant: what comes out is shown as text and does nothing: no mention, link, reference, HTML,
 * table cell or line of its own. A backslash would not do, because a forge looks for mentions and
 * references after Markdown has taken the backslash away; inside code it does not look.
 */

/** Control, format, surrogate and private characters, line separators, and letters without ink. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;
/** Letters, digits and the punctuation that neither Markdown nor a forge reads anything into. */
const PLAIN = /^[\p{L}\p{N} ,.;'’"()%?-]*$/u;
/** What a forge links although it is plain: a web address and a short issue reference. */
const LINKED = /www\.|\bgh-\d/i;

/** One line, as words where they are harmless and as code where they are not. */
export function words(text: string): string {
  const line = oneLine(text);
  return PLAIN.test(line) && !LINKED.test(line) ? line : code(line);
}

/** One line, as code. */
export function code(text: string): string {
  const line = oneLine(text) || ' ';
  const fence = fenceFor(line, 1);
  const pad = /^`|`$/.test(line) ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** `words` for a table. A bar ends the cell even inside code, so a broken bar stands for it. */
export function cell(text: string): string {
  return words(text.replaceAll('|', '¦'));
}

/** Many lines, as a code block, cut to so many characters. */
export function block(text: string, charactersMax: number): string {
  const seen = text
    .replace(/\r\n?/g, '\n')
    .replace(INVISIBLE, (character) =>
      character === '\n' || character === '\t' ? character : shown(character),
    );
  const kept =
    seen.length <= charactersMax
      ? seen
      : `${seen.slice(0, charactersMax).replace(/[\uD800-\uDBFF]$/, '')}\n… cut here; the whole text is in the journal`;
  const fence = fenceFor(kept, 3);
  return `${fence}text\n${kept.trimEnd()}\n${fence}`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/**
 * One line for a title or the first line of a commit, where there is no code to hide in. Signs that
 * a forge acts on are set apart: a mention, a reference that closes an issue, `[skip ci]`.
 */
export function subject(text: string): string {
  return oneLine(text)
    .replace(/@(?=[\w-])/g, '@ ')
    .replace(/#(?=\d)/g, '# ')
    .replace(/\b(gh)-(?=\d)/gi, '$1 ')
    .replaceAll('://', ': //')
    .replaceAll('[', '(')
    .replaceAll(']', ')');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').replace(INVISIBLE, shown).trim();
}

function shown(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function fenceFor(text: string, shortest: number): string {
  const runs = text.match(/`+/g) ?? [];
  return '`'.repeat(Math.max(shortest, ...runs.map((run) => run.length + 1)));
}
