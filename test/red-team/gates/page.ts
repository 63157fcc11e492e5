/** The tables of docs/security.md, made of the rows that the tests run. */
import { FAMILIES, matrix } from '../matrix.ts';
import type { Told } from './attack.ts';
import { BESIDE } from './beside.ts';
import { DENIED } from './denied.ts';
import { PATHS } from './paths.ts';
import { STEERING } from './steering.ts';
import { YAML } from './yaml.ts';

const HOSTILE = 'test/policies/hostile-repositories.test.ts';

/** Of the changes that must always be denied, those with a test elsewhere: a piece of it names the test. */
export const ELSEWHERE: readonly { attack: string; file: string; names: string }[] = (
  [
    ['a file renamed out of a guarded folder', 'by a file that is renamed out of the folder'],
    ['a copy of a guarded file', 'by a copy of a file from the folder'],
    ['a twin in other letter case', "['letter case', 'src/AUTH/login.ts']"],
    ['a twin in another Unicode form', "['a decomposed letter',"],
    ['a folder with a blank at its end', "['a blank at the end of the folder',"],
    ['a name of two lines', 'by a name of two lines'],
    ['names of invalid UTF-8', 'by two names that become one when they are read as text'],
    ['a symlink in the place of a folder', 'by a symlink in the place of the folder'],
    ['a file that becomes a symlink', 'by a file that becomes a symlink'],
    ['a symlink to an absolute path', "['/etc/passwd', 'leads to an absolute path']"],
    ['a symlink out of the tree', "['../../outside', 'leads out of the tree']"],
    ['a symlink into .git', "['../.git/config', 'leads into a git folder']"],
    ['a file that may be run from now on', 'by a file that may be run from now on'],
    ['a hook in a tree made by hand', "['a hook', '.git', 'post-checkout', 'hasDotgit']"],
    ['a submodule', 'by a submodule, and by one that says of itself that it is to be ignored'],
    ['another address in .gitmodules', 'by another address in .gitmodules'],
    ['an attribute that hides a diff', 'by an attribute that calls every source binary'],
  ] as const
).map(([attack, names]) => ({ attack, file: HOSTILE, names }));

const BEGIN = '<!-- rows: held equal to the tests; vitest -u writes them anew -->';
const END = '<!-- end of rows -->';

const MATRIX_BEGIN = '<!-- matrix: held equal to the tests; vitest -u writes it anew -->';
const MATRIX_END = '<!-- end of matrix -->';

/** The page with its tables made anew. */
export function withTables(page: string): string {
  const gates = between(page, [BEGIN, END], tables());
  return between(gates, [MATRIX_BEGIN, MATRIX_END], matrix(FAMILIES));
}

function between(page: string, [begin, end]: readonly [string, string], text: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`docs/security.md lacks the marks ${begin} and ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}

function tables(): string {
  const rows: readonly Told[] = [...PATHS, ...STEERING, ...YAML, ...BESIDE].toSorted((a, b) =>
    a.id < b.id ? -1 : a.id > b.id ? 1 : 0,
  );
  return [
    table(
      ['attack', 'what', 'gets through when', 'ours: stopped by'],
      rows.map(({ id, attack, weak, ours }) => [id, attack, weak, `\`${ours}\``]),
    ),
    '',
    '### Changes that are always denied or held',
    '',
    table(
      ['what', 'gets through when', 'ours: stopped by'],
      DENIED.map(({ attack, weak, ours }) => [attack, weak, `\`${ours}\``]),
    ),
    '',
    'These have a test of their own, which first passes a gate that reads what git prints:',
    '',
    table(
      ['what', 'test'],
      ELSEWHERE.map(({ attack, file }) => [attack, `\`${file}\``]),
    ),
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
