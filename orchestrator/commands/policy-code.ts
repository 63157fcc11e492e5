/** `policy explain-code`: what the code of a problem means and what to do. */
import { codeProse, PROBLEM_CODES } from '../../policies/codes.ts';
import { nearest } from '../../policies/nearest.ts';
import { Fault } from '../domain/faults.ts';
import { printable } from '../text/columns.ts';
import { type Context, type Exit, show } from './context.ts';

export async function policyExplainCode(context: Context, code: string): Promise<Exit> {
  const prose = codeProse(code);
  if (prose === null) {
    const guess = nearest(code.toUpperCase(), PROBLEM_CODES);
    const hint = guess === null ? 'codes are written as in P0103' : `did you mean ${guess}?`;
    throw new Fault('usage', `there is no code "${printable(code)}"; ${hint}`);
  }
  const { title, meaning, todo } = prose;
  show(
    context,
    () => [`${prose.code}: ${title}`, '', meaning, '', `What to do: ${todo}`].join('\n'),
    () => prose,
  );
  return 0;
}
