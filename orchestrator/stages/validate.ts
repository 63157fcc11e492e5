/** Runs every validator that the policy asked for, from the sealed tree, and binds what they said. */
import { validatorOf } from '../../policies/declared.ts';
import { momentOf } from '../../policies/moment.ts';
import type { LoadedPolicy } from '../../policies/parse.ts';
import { tally } from '../../policies/tally.ts';
import type { Check } from '../domain/check.ts';
import { evidenceDigest } from '../domain/evidence-digest.ts';
import { Fault } from '../domain/faults.ts';
import type { Digest } from '../domain/ids.ts';
import type { Judgement } from '../domain/judgement.ts';
import type { In, RunEvent } from '../domain/run-state.ts';
import type { Task } from '../domain/task.ts';
import type { CheckRequest } from '../ports.ts';
import { readBaseRules } from './base-rules.ts';
import { ensureDependencies } from './dependencies.ts';
import type { StageTools } from './tools.ts';

const WAIT_MAX_MS = 30 * 86_400_000;

export async function validate(
  tools: StageTools,
  run: In<'validating'>,
  task: Task,
  signal: AbortSignal,
): Promise<RunEvent> {
  const { base, tree } = run.change;
  const place = { run: task.id, attempt: run.attempt, repository: task.repository, base };
  const rules = await readBaseRules(tools, task.repository, base);
  const { layers, plan } = rules;
  const { services } = rules.file;
  await ensureDependencies(tools, place, rules, signal);
  const checks: Check[] = [];
  for (const id of run.judgement.validators) {
    checks.push(
      await runValidator(
        tools,
        layers,
        { place, tree, plan, id, services, definition: null },
        signal,
      ),
    );
  }
  const findings = checks.flatMap((check) => check.findings);
  if (checks.some(({ verdict }) => verdict !== 'passed'))
    return { type: 'validation_failed', checks, findings };
  const evidence = evidenceDigest(checks, tree);
  return {
    type: 'validation_passed',
    checks,
    evidence,
    expiresAt: new Date(tools.clock().getTime() + waitMs(run.judgement)).toISOString(),
    ...earlier(tools, { ...run, evidence }, task),
  };
}

/** What people agreed to before this change was what it is, and how much of it still counts. */
function earlier(
  tools: StageTools,
  run: In<'validating'> & { readonly evidence: Digest },
  task: Task,
): Pick<Extract<RunEvent, { type: 'validation_passed' }>, 'openSlots' | 'carried' | 'lapsed'> {
  const found = tally(momentOf(task, run, tools.signatures.holds, tools.clock()));
  return {
    openSlots: found.openSlots,
    carried: found.counted.flatMap(({ approval, carried }) => (carried ? [approval.id] : [])),
    lapsed: [...found.lapsed],
  };
}

function runValidator(
  tools: StageTools,
  layers: readonly LoadedPolicy[],
  request: CheckRequest<null>,
  signal: AbortSignal,
): Promise<Check> {
  const definition = validatorOf(layers, request.id);
  if (definition === null)
    throw new Fault('policy_invalid', `no policy layer declares validator "${request.id}"`);
  return definition.kind === 'command'
    ? tools.validators.command({ ...request, definition }, signal)
    : tools.validators.playwright({ ...request, definition }, signal);
}

function waitMs({ gates }: Judgement): number {
  const asking = gates.filter(({ approvals }) => approvals.length > 0);
  return Math.min(WAIT_MAX_MS, ...asking.map(({ expiresMs }) => expiresMs));
}
