/**
 * The reviews of a change that its other checks let through: red work costs no model and no reader. What
 * they raise is judged anew, before anything goes on.
 */
import { decide } from '../../policies/decide.ts';
import { validatorOf } from '../../policies/declared.ts';
import { withRaised } from '../../policies/raised.ts';
import type { ReviewRule } from '../../policies/schema/review.ts';
import type { Facts } from '../domain/change.ts';
import type { Check } from '../domain/check.ts';
import type { Judgement } from '../domain/judgement.ts';
import type { In } from '../domain/run-state.ts';
import type { Task } from '../domain/task.ts';
import type { BaseRules } from './base-rules.ts';
import { type Reviewed, review } from './review.ts';
import type { StageTools } from './tools.ts';

type Reviewing = {
  readonly run: In<'validating'>;
  readonly task: Task;
  readonly rules: Pick<BaseRules, 'layers' | 'rules'>;
  readonly facts: () => Promise<Facts>;
};

/** Those of the validators that are reviews, in their order. */
export function reviewsIn({ run, rules }: Pick<Reviewing, 'run' | 'rules'>): readonly string[] {
  return run.judgement.validators.filter((id) => ruleOf(rules, id) !== null);
}

/** `judgement` is the one to go on with, when a remark raised a gate. */
export async function reviewed(
  tools: StageTools,
  reviewing: Reviewing,
  signal: AbortSignal,
): Promise<{ checks: readonly Check[]; judgement: Judgement | null }> {
  const { run, task, rules } = reviewing;
  const { layers } = rules;
  const { change, attempt, judgement } = run;
  const ids = reviewsIn(reviewing);
  if (ids.length === 0) return { checks: [], judgement: null };
  const place = { run: task.id, attempt, repository: task.repository, base: change.base };
  const facts = await reviewing.facts();
  const all: Reviewed[] = [];
  for (const id of ids) {
    const definition = ruleOf(rules, id);
    if (definition === null) continue;
    const request = { place, tree: change.tree, id, definition, task, rules, facts, judgement };
    all.push(await review(tools, request, signal));
  }
  const raised = all.flatMap((one) => one.raised);
  const advice = withRaised(layers, { judgement, target: facts.target }, raised);
  const now = tools.clock().toISOString();
  return {
    checks: all.map(({ check }) => check),
    judgement: advice === null ? null : decide(layers, facts, now, advice),
  };
}

function ruleOf({ layers }: Reviewing['rules'], id: string): ReviewRule | null {
  const rule = validatorOf(layers, id);
  return rule?.kind === 'review' ? rule : null;
}
