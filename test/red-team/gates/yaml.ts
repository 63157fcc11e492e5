/** GATE-09: policies that another reader of YAML takes for something else, with where ours stops. */
import { POLICY, type Told } from './attack.ts';

export type YamlRow = Told & {
  readonly source: string;
  /** As in `12:1`. */
  readonly at: string;
};

const READER =
  'a reader of YAML 1.1, for which later keys win, and unknown keys and tags are nothing';
const BOMB = ['a: &a [x, x, x, x, x, x, x, x, x]']
  .concat(
    ['b', 'c', 'd', 'e'].map((name, at) => {
      const before = 'abcd'[at] ?? '';
      return `${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`;
    }),
  )
  .map((line) => `  ${line}`)
  .join('\n');

/** Lines behind a whole policy of this many. */
const LINES = POLICY.split('\n').length - 1;
const behind = (text: string, line: number, column: number) => ({
  source: `${POLICY}${text}\n`,
  at: `${LINES + line}:${column}`,
});

export const YAML: readonly YamlRow[] = (
  [
    ['an unknown key, as a key that was misspelt', 'P0103', behind('gate: []', 1, 1)],
    ['a key given twice', 'P0102', behind('gates: []', 1, 1)],
    ['an anchor bomb', 'P0105', behind(`models:\n${BOMB}`, 2, 9)],
    ['a tag that makes a function', 'P0101', behind('models: !!js/function "x"', 1, 9)],
    ['a prototype', 'P0103', behind('__proto__: { polluted: true }', 1, 1)],
    ['a truth value of YAML 1.1', 'P0104', behind('separation: { bots_never_approve: no }', 1, 35)],
    ['a tab for blanks', 'P0101', behind('separation:\n\tbots_never_approve: false', 2, 1)],
    ['a byte order mark', 'P0101', { source: `\ufeff${POLICY}`, at: '1:1' }],
  ] as const
).map(([attack, ours, where]) => ({
  ...{ id: 'GATE-09', attack: `a policy with ${attack}`, weak: READER, ours },
  ...where,
}));
