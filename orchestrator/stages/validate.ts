/** Runs every validator that the policy asked for, from the sealed tree, and binds what they said. */
import { momentOf } from '../../policies/moment.ts';
import { tally } from '../../policies/tally.ts';
import type { Facts } from '../domain/change.ts';
import type { Check, Finding } from '../domain/check.ts';
import { evidenceDigest } from '../domain/evidence-digest.ts';
import { Fault } from '../domain/faults.ts';
import type { Digest } from '../domain/ids.ts';
import type { Judgement } from '../domain/judgement.ts';
import type { In, RunEvent } from '../domain/run-state.ts';
import type { Task } from '../domain/task.ts';
import type { Place } from '../ports.ts';
import { readBaseRules } from './base-rules.ts';
import { checksOf } from './checks.ts';
import { ensureDependencies } from './dependencies.ts';
import { factsOf, type Meant } from './facts.ts';
import { reviewed, reviewsIn } from './reviews.ts';
import type { StageTools } from './tools.ts';

const WAIT_MAX_MS = 30 * 86_400_000;
const NOTHING_DECIDES: Finding = {
  validator: 'proofhouse',
  code: 'no_tests',
  message: 'every validator that ran is advisory, so nothing was proved',
};

export async function validate(
  tools: StageTools,
  run: In<'validating'>,
  task: Task,
  signal: AbortSignal,
): Promise<RunEvent> {
  const { base, tree } = run.change;
  const place = { run: task.id, attempt: run.attempt, repository: task.repository, base };
  const rules = await readBaseRules(tools, task.repository, base);
  await ensureDependencies(tools, place, rules, signal);
  const reviews = reviewsIn({ run, rules });
  const { policy, validators } = run.judgement;
  const ids = validators.filter((id) => !reviews.includes(id));
  const meant = { base: task.base, layers: rules.layers };
  let read: Promise<Facts> | undefined;
  const facts = () => (read ??= sealedFacts(tools, place, run.change, meant));
  const checks = await checksOf(tools, { place, tree, rules, policy, ids, facts }, signal);
  const deciding = checks.filter(({ advisory }) => !advisory);
  if (deciding.length === 0)
    return { type: 'validation_failed', checks, findings: [NOTHING_DECIDES] };
  if (deciding.some(isRed)) return failed(checks);
  const heard = await reviewed(tools, { run, task, rules, facts }, signal);
  if (heard.judgement !== null) return { type: 'judged', judgement: heard.judgement };
  const all = [...checks, ...heard.checks];
  if (all.some(isRed)) return failed(all);
  const evidence = evidenceDigest(all, tree);
  return {
    type: 'validation_passed',
    checks: all,
    evidence,
    expiresAt: new Date(tools.clock().getTime() + waitMs(run.judgement)).toISOString(),
    ...earlier(tools, { ...run, evidence }, task),
  };
}

/** What is unknown has not passed; what is only advisory holds nothing up. */
const isRed = ({ verdict, advisory }: Check): boolean => verdict !== 'passed' && !advisory;

function failed(checks: Check[]): RunEvent {
  const deciding = checks.filter(({ advisory }) => !advisory);
  return { type: 'validation_failed', checks, findings: deciding.flatMap((one) => one.findings) };
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

async function sealedFacts(
  { source }: StageTools,
  place: Place,
  change: In<'validating'>['change'],
  meant: Meant,
): Promise<Facts> {
  const read = await factsOf(source, place, change.tree, meant);
  if ('facts' in read && read.facts.change.entries === change.entries) return read.facts;
  throw new Fault('git_failed', `the objects of tree ${change.tree} are not what was sealed`);
}

function waitMs({ gates }: Judgement): number {
  const asking = gates.filter(({ approvals }) => approvals.length > 0);
  return Math.min(WAIT_MAX_MS, ...asking.map(({ expiresMs }) => expiresMs));
}
