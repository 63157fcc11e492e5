/** What the calls of one run may take, whoever makes them. */
import { budgetOf, spendingOf } from '../../policies/budgets.ts';
import { modelRules } from '../../policies/models.ts';
import type { LoadedPolicy } from '../../policies/parse.ts';
import type { Task } from '../domain/task.ts';
import type { Budget } from '../ports.ts';

export function callBudget(layers: readonly LoadedPolicy[], task: Task): Budget {
  const { microUsd, tokens, turns } = budgetOf(layers);
  const { apart } = modelRules(layers);
  return { microUsd, tokens, turns, apart, ...spendingOf(layers, task) };
}
