import type { FileChange, Firing } from './detector.ts';
import type { RuleProblem } from './registry.ts';

type TextRule = { added_re2?: string[] | undefined; removed_re2?: string[] | undefined };

export function textRuleProblems(_: TextRule): RuleProblem[] {
  return [];
}

export function firingsOf(_: TextRule, __: readonly FileChange[]): Firing[] {
  return [];
}
