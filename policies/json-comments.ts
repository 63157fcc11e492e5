/** JSON as compilers and editors take it: with comments, and with a comma too many. */
import { readSource } from './detect/code-only.ts';

/** The same text as plain JSON: of the same length, so that everything keeps its line. */
export function withoutComments(text: string): string {
  const { live, code } = readSource('file.json', text);
  const needless = new Set([...code.matchAll(/,(?=\s{0,200}[}\]])/g)].map((found) => found.index));
  return live.replaceAll(',', (comma, at: number) => (needless.has(at) ? ' ' : comma));
}
