/** Asks the policy of the base commit about the sealed tree. */
import { decide } from '../../policies/decide.ts';
import { Fault } from '../domain/faults.ts';
import type { In, RunEvent } from '../domain/run-state.ts';
import type { Task } from '../domain/task.ts';
import { readBaseRules } from './base-rules.ts';
import { factsOf } from './facts.ts';
import type { StageTools } from './tools.ts';

export async function judge(tools: StageTools, run: In<'judging'>, task: Task): Promise<RunEvent> {
  const { change } = run;
  const place = {
    run: task.id,
    attempt: run.attempt,
    repository: task.repository,
    base: change.base,
  };
  const { layers } = await readBaseRules(tools, task.repository, change.base);
  const read = await factsOf(tools.source, place, change.tree, task);
  if ('refused' in read || read.facts.change.entries !== change.entries) {
    throw new Fault('git_failed', `the objects of tree ${change.tree} are not what was sealed`);
  }
  return { type: 'judged', judgement: decide(layers, read.facts, tools.clock().toISOString()) };
}
