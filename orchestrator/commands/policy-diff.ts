/** `policy diff`: what a new policy means differently, what is looser first. */
import { isLooser, policyDiff } from '../../policies/diff/diff.ts';
import { policyDiffText } from '../text/policy-diff.ts';
import { type Context, type Exit, show } from './context.ts';
import { policyNamed } from './policy-sides.ts';

export type DiffOptions = {
  readonly before: string;
  readonly after: string;
  readonly allowLooser: boolean;
};

export async function policyDiffCommand(context: Context, options: DiffOptions): Promise<Exit> {
  const before = await policyNamed(context, options.before);
  const after = await policyNamed(context, options.after);
  const changes = policyDiff(before, after);
  show(
    context,
    () => policyDiffText(changes),
    () => ({ looser: changes.some(isLooser), changes }),
  );
  return changes.some(isLooser) && !options.allowLooser ? 1 : 0;
}
