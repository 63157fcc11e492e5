/**
 * The names of other modules that a JavaScript or TypeScript file gives as plain text: `import`,
 * `export … from`, `require` and `import()`. A name that is put together while the program runs is
 * not seen, so what is found is for a report and never for a verdict.
 */
import { type Region, readSource, type Source } from '../detect/code-only.ts';

/** Of one file; nobody writes more by hand. */
const IMPORTS_MAX = 500;

export function importsOf(path: string, text: string): string[] {
  const source = readSource(path, text);
  const found = new Set<string>();
  for (const region of source.strings) {
    if (isWhole(source, region) && namesModule(source.code, region.from - 2)) {
      found.add(text.slice(region.from, region.to));
    }
    if (found.size === IMPORTS_MAX) break;
  }
  return [...found];
}

/** Between two quotes of a kind: a template with a part that is worked out is not. */
function isWhole({ text }: Source, { from, to }: Region): boolean {
  const quote = text[from - 1];
  return (quote === "'" || quote === '"' || quote === '`') && text[to] === quote;
}

/** Whether what stands before a string, up to `at`, makes it the name of a module. */
function namesModule(code: string, at: number): boolean {
  let end = skipBlanks(code, at);
  const isCall = code[end] === '(';
  if (isCall) end = skipBlanks(code, end - 1);
  const word = wordEndingAt(code, end);
  if (isCall) return CALLS.has(word);
  return word === 'from' || word === 'import';
}

const CALLS = new Set(['import', 'require', 'require.resolve', 'import.meta.resolve']);
const WORD_MAX = 40;

function wordEndingAt(code: string, end: number): string {
  let at = end;
  while (at >= 0 && end - at < WORD_MAX && /[\w$.]/.test(code[at] ?? '')) at--;
  return code.slice(at + 1, end + 1);
}

/** Only as far as the last thing before: each blank is stepped over for one string. */
function skipBlanks(code: string, from: number): number {
  let at = from;
  while (at >= 0 && /\s/.test(code[at] ?? '')) at--;
  return at;
}
