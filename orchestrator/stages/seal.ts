/** Ends the agent and takes out what it made, as a tree. */
import type { In, RunEvent } from '../domain/run-state.ts';
import type { Task } from '../domain/task.ts';
import { readBaseRules } from './base-rules.ts';
import { factsOf } from './facts.ts';
import type { StageTools } from './tools.ts';

export async function seal(
  tools: StageTools,
  run: In<'sealing'>,
  task: Task,
  signal: AbortSignal,
): Promise<RunEvent> {
  const { base } = run.prepared;
  const place = { run: task.id, attempt: run.attempt, repository: task.repository, base };
  const { plan, layers } = await readBaseRules(tools, task.repository, base);
  const sealed = await tools.workspaces.seal(place, plan, signal);
  if ('refused' in sealed) return { type: 'change_refused', findings: [...sealed.refused] };
  const read = await factsOf(tools.source, place, sealed.tree, { base: task.base, layers });
  if ('refused' in read) return { type: 'change_refused', findings: read.refused };
  const { change } = read.facts;
  const isSame = change.files === 0 || change.tree === run.previous?.tree;
  if (isSame) return { type: 'nothing_changed' };
  const findings = sealed.findings.length > 0 ? { findings: [...sealed.findings] } : {};
  return { type: 'change_sealed', change, ...findings };
}
