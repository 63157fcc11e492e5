/** Brings the base commit in, makes its layers, and opens a fresh workspace for this attempt. */
import { beyond } from '../../policies/beyond.ts';
import { budgetOf, spendingOf, tasksPerDay } from '../../policies/budgets.ts';
import { policyDigest } from '../../policies/decide.ts';
import { modelRules } from '../../policies/models.ts';
import type { LoadedPolicy } from '../../policies/parse.ts';
import { unmet } from '../../policies/require.ts';
import { canonical } from '../domain/canonical.ts';
import { Fault } from '../domain/faults.ts';
import type { Digest, Sha } from '../domain/ids.ts';
import type { In, RunEvent } from '../domain/run-state.ts';
import type { Task } from '../domain/task.ts';
import { readBaseRules } from './base-rules.ts';
import { chosenAgent, standOf } from './chosen-agent.ts';
import { ensureDependencies } from './dependencies.ts';
import type { StageTools } from './tools.ts';

export async function prepare(
  tools: StageTools,
  run: In<'preparing'>,
  task: Task,
  signal: AbortSignal,
): Promise<RunEvent> {
  const base = run.previous?.base ?? (await tipOf(tools, task));
  await tools.source.update(task.repository, tools.forge.remote(task.repository));
  const place = { run: task.id, attempt: run.attempt, repository: task.repository, base };
  const rules = await readBaseRules(tools, task.repository, base);
  refuseWhatIsBeyondUs(rules.layers);
  const machine = await machineUnder(tools, rules.layers);
  const budget = budgetOf(rules.layers);
  needModels(tools, task, rules.layers);
  const full = await dayIsFull(tools, task, rules.layers);
  if (full !== null) return { type: 'limit_reached', limit: 'tasks', message: full };
  await ensureDependencies(tools, place, rules, signal);
  const quota = await tools.workspaces.open(place, run.previous?.tree ?? null, rules.plan, signal);
  const stand = standOf(await tools.store.read(task.id), run.attempt);
  const agent = tools.agentFor(chosenAgent(rules.file, task, stand));
  return {
    type: 'workspace_ready',
    prepared: {
      base,
      policy: policyDigest(rules.layers),
      rules: rules.rulesDigest,
      agent: `${agent.name} ${agent.version}`.trim(),
      image: await tools.image(agent.image),
      model: tools.model.shown,
      machine,
      ignored: [...rules.ignored],
      attemptsMax: budget.attemptsMax,
      quota,
    },
  };
}

/** Before anything is started: a model that may not be asked in the end would be a run for nothing. */
function needModels(tools: StageTools, task: Task, layers: readonly LoadedPolicy[]): void {
  const { plan, free } = modelRules(layers);
  const named = plan.edit;
  const asked =
    named === null ? [tools.model] : tools.models.filter(({ id }) => named.includes(id));
  if (asked.length === 0) {
    const here = tools.models.map(({ id }) => id).join(', ');
    const wanted = named?.join(', ') || 'none';
    throw new Fault('model_not_allowed', `the policy names ${wanted} for code; here are ${here}`);
  }
  if (!limitsMoney(layers, task)) return;
  const unpriced = asked.find(({ id, isPriced }) => !isPriced && !free.includes(id));
  if (unpriced === undefined) return;
  throw new Fault('model_unpriced', `the policy limits money and ${unpriced.shown} has no price`);
}

function limitsMoney(layers: readonly LoadedPolicy[], task: Task): boolean {
  const { windows, roles } = spendingOf(layers, task);
  const all = [budgetOf(layers), ...windows, ...Object.values(roles)];
  return all.some(({ microUsd }) => microUsd !== null);
}

/** By the order in which the runs of the repository began today, so that no two count as the same one. */
async function dayIsFull(
  { store, clock }: StageTools,
  task: Task,
  layers: readonly LoadedPolicy[],
): Promise<string | null> {
  const max = tasksPerDay(layers);
  const [first] = await store.read(task.id);
  if (max === null || first === undefined) return null;
  const day = first.at.slice(0, 10);
  // A run that goes on past midnight was counted on its own day.
  if (day !== clock().toISOString().slice(0, 10)) return null;
  const place = (await store.startedOn(task.repository, day)).indexOf(task.id) + 1;
  return place > max
    ? `tasks: this would be number ${place} of ${task.repository} on ${day}, the budget is ${max}`
    : null;
}

/** A run under a policy that we would only half keep does not start. */
function refuseWhatIsBeyondUs(layers: readonly LoadedPolicy[]): void {
  const open = layers.flatMap(beyond).filter(({ isOpen }) => isOpen);
  if (open.length === 0) return;
  const list = open.map(({ place: { file, line, column }, message }) => {
    return `${file}:${line}:${column}: ${message}`;
  });
  throw new Fault('policy_unenforced', list.join('\n'));
}

/**
 * Digest of what the machine has, kept as evidence of what the run stood on. Refuses one that lacks what
 * a layer requires, before anything is started on it.
 */
async function machineUnder(tools: StageTools, layers: readonly LoadedPolicy[]): Promise<Digest> {
  const facts = await tools.machine.facts();
  const lacks = unmet(layers, facts);
  if (lacks.length > 0) {
    const list = lacks.map(({ what, where, found, todo }) => {
      return `${where}: requires ${what}; found: ${found}. ${todo}`;
    });
    throw new Fault('requirement_unmet', list.join('\n'));
  }
  return tools.evidence.put(Buffer.from(tools.redact(canonical(facts))));
}

async function tipOf(tools: StageTools, task: Task): Promise<Sha> {
  const tip = await tools.forge.tip(task.repository, task.base);
  if (tip !== null) return tip;
  const branches = await tools.forge.branches(task.repository);
  throw new Fault(
    'base_not_found',
    `${task.repository} has no branch "${task.base}"; it has ${branches.join(', ') || 'none'}`,
  );
}
