/** Asks the policy of the base commit about the sealed tree, and a model where that policy wants one to be heard. */
import { decide } from '../../policies/decide.ts';
import { Fault } from '../domain/faults.ts';
import type { In, RunEvent } from '../domain/run-state.ts';
import type { Task } from '../domain/task.ts';
import { adviceOn } from './advise.ts';
import { readBaseRules } from './base-rules.ts';
import { factsOf } from './facts.ts';
import type { StageTools } from './tools.ts';

export async function judge(
  tools: StageTools,
  run: In<'judging'>,
  task: Task,
  signal: AbortSignal,
): Promise<RunEvent> {
  const { change, attempt } = run;
  const place = { run: task.id, attempt, repository: task.repository, base: change.base };
  const { layers } = await readBaseRules(tools, task.repository, change.base);
  const read = await factsOf(tools.source, place, change.tree, { base: task.base, layers });
  if ('refused' in read || read.facts.change.entries !== change.entries) {
    throw new Fault('git_failed', `the objects of tree ${change.tree} are not what was sealed`);
  }
  const { facts } = read;
  const now = tools.clock().toISOString();
  const judgement = decide(layers, facts, now);
  const advice = await adviceOn(tools, { task, attempt, layers, facts, judgement }, signal);
  return {
    type: 'judged',
    judgement: advice === null ? judgement : decide(layers, facts, now, advice),
  };
}
