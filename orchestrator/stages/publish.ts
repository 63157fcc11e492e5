/**
 * Opens the one pull request, after looking at everything again: the base, the policy, every approval.
 * Nothing from the agent goes out but the tree; the commit is ours.
 */
import { decide, policyDigest } from '../../policies/decide.ts';
import { validatorOf } from '../../policies/declared.ts';
import { momentOf } from '../../policies/moment.ts';
import type { LoadedPolicy } from '../../policies/parse.ts';
import { type Tally, tally } from '../../policies/tally.ts';
import { canonical } from '../domain/canonical.ts';
import type { Facts } from '../domain/change.ts';
import { Fault } from '../domain/faults.ts';
import type { Sha } from '../domain/ids.ts';
import type { Judgement } from '../domain/judgement.ts';
import { answerTokens, promptTokens } from '../domain/money.ts';
import { apply, NEW_RUN } from '../domain/run.ts';
import type { In, RunEvent } from '../domain/run-state.ts';
import { isScripted } from '../domain/scripted.ts';
import type { Task } from '../domain/task.ts';
import { costRows, moneyOf } from '../text/cost.ts';
import { missingWords } from '../text/decisions.ts';
import { type PullRequestFacts, pullRequestText, type Titled } from '../text/pull-request.ts';
import { readBaseRules } from './base-rules.ts';
import { decidedAt, judgedThen, type Kept, keepBundle, type Published } from './bundle.ts';
import { factsOf } from './facts.ts';
import { harnessFacts } from './harness.ts';
import { relatedTo } from './related.ts';
import { titleBy } from './titled.ts';
import type { StageTools } from './tools.ts';

export const branchOf = (task: Pick<Task, 'id'>): string => `proofhouse/${task.id}`;

export async function publish(
  tools: StageTools,
  run: In<'publishing'>,
  task: Task,
  signal: AbortSignal,
): Promise<RunEvent> {
  const tip = await tools.forge.tip(task.repository, task.base);
  if (tip === null)
    throw new Fault('base_not_found', `${task.repository} has no branch "${task.base}" any more`);
  if (tip !== run.change.base) return ontoNewBase(tools, run, task, tip);
  const { layers, file } = await readBaseRules(tools, task.repository, tip);
  const { facts } = await factsAt(tools, run, task, { base: tip, tree: run.change.tree, layers });
  const judgement = decide(layers, facts, tools.clock().toISOString(), run.judgement.advice);
  const { counted, ...written } = await counting(tools, run, task, judgement);
  const then = judgedThen({ layers, facts }, decidedAt(written.journal, task), run.judgement);
  const stale = [...staleReasons(run, judgement, counted), ...changedSince(then, judgement)];
  if (stale.length > 0) return { type: 'approvals_went_stale', reasons: stale };
  const keyedBy = file.dependencies?.keyedBy ?? [];
  const manifests = facts.entries.map(({ path }) => path).filter((path) => keyedBy.includes(path));
  const { attempt } = run;
  const titled = await titleBy(tools, { task, attempt, layers, facts, judgement }, signal);
  const bundle = await keepBundle(tools, { run, task, ...written, facts, layers, judgement: then });
  const ran = ranWords(layers, run.checks);
  return open(tools, run, task, { facts, manifests, counted, titled, bundle, ran, ...written });
}

/** An exemption that ran out since: what is published must be what can be decided again. */
function changedSince(then: Judgement, now: Judgement): string[] {
  return canonical(then) === canonical(now)
    ? []
    : ['What the policy says of this change has changed with time, so it is judged again.'];
}

/** What each check ran, as the policy that judged has it. */
function ranWords(
  layers: readonly LoadedPolicy[],
  checks: In<'publishing'>['checks'],
): ReadonlyMap<string, string> {
  return new Map(
    checks.map(({ validator, kind }) => {
      const rule = validatorOf(layers, validator);
      const isCommand = rule !== null && 'run' in rule && Array.isArray(rule.run);
      return [validator, isCommand ? rule.run.join(' ') : (rule?.kind ?? kind)];
    }),
  );
}

/** Every record as it is at this moment: one may have been taken back since this publish began. */
async function counting(
  tools: StageTools,
  run: In<'publishing'>,
  task: Task,
  judgement: Judgement,
): Promise<{ counted: Tally } & Pick<Published, 'journal' | 'records'>> {
  const journal = await tools.store.read(task.id);
  const now = journal.reduce((state, { event }) => apply(state, event), NEW_RUN);
  if (now.phase === 'done') throw new Fault('not_now', `${task.id} was ended by somebody else`);
  const { records } = now.phase === 'publishing' ? now : run;
  const moment = { ...run, judgement, records };
  const counted = tally(momentOf(task, moment, tools.signatures.holds, tools.clock()));
  return { counted, journal, records };
}

/** Why what was checked and agreed to is not what would be published now; empty when it is. */
function staleReasons(
  { judgement: before, checks }: In<'publishing'>,
  judgement: Judgement,
  { open: missing, lapsed }: Tally,
): string[] {
  if (judgement.verdict === 'deny') return judgement.denials.map(({ message }) => message);
  const passed = checks.filter(({ verdict, advisory }) => verdict === 'passed' || advisory);
  const isProven = (id: string): boolean => passed.some(({ validator }) => validator === id);
  const isHeld = judgement.verdict === 'hold' && missing.length > 0;
  return [
    // Another policy may ask for other checks, or mean something else by the same names.
    ...(judgement.policy === before.policy
      ? []
      : ['The policy changed, so the change is judged and checked again.']),
    ...judgement.validators
      .filter((id) => !isProven(id))
      .map((id) => `Validator ${id} is required now, and has not passed.`),
    ...(isHeld ? [...lapsed.map(({ reason }) => reason), ...missing.map(missingWords)] : []),
  ];
}

type Read = Pick<Published, 'journal'> & {
  readonly facts: Facts;
  readonly bundle: Kept;
  readonly ran: ReadonlyMap<string, string>;
  readonly manifests: readonly string[];
  readonly counted: Tally;
  /** Null for the task's own title. */
  readonly titled: Titled | null;
};

async function open(
  tools: StageTools,
  run: In<'publishing'>,
  task: Task,
  read: Read,
): Promise<RunEvent> {
  const text = pullRequestText(await textFacts(tools, run, task, read));
  const place = {
    run: task.id,
    attempt: run.attempt,
    repository: task.repository,
    base: run.change.base,
  };
  // The task's time, not now: a publish that is repeated after a crash makes the same commit.
  const { commit, from } = await tools.source.commit(
    place,
    run.change.tree,
    text.commitMessage,
    task.queuedAt,
  );
  const { title, body } = text;
  const request = {
    repository: task.repository,
    base: task.base,
    head: branchOf(task),
    commit,
    from,
    title,
    body,
  };
  await tell(tools, task, commit, read.bundle);
  const opened = await tools.forge.ensurePullRequest(request);
  return {
    type: 'pull_request_opened',
    number: opened.number,
    url: opened.url,
    commit,
    consumed: [
      ...read.counted.counted.map(({ approval }) => approval.id),
      ...new Set(read.counted.opened.flatMap(({ uses }) => uses)),
    ],
    bundle: { manifest: read.bundle.manifest, envelope: read.bundle.envelope },
  };
}

/**
 * In the audit log before it is in the forge: on a full disk, or with a log that cannot be written, the
 * change would be out and nobody could be held to it.
 */
function tell({ store }: StageTools, task: Task, commit: Sha, { manifest }: Kept): Promise<void> {
  const draft = {
    type: 'pr.intended',
    actor: 'controller',
    task: task.id,
    data: { commit, bundle: manifest },
  } as const;
  return store.audit.append(draft);
}

async function textFacts(
  tools: StageTools,
  run: In<'publishing'>,
  task: Task,
  { facts: { entries }, manifests, counted, titled, bundle, ran, journal }: Read,
): Promise<PullRequestFacts> {
  const { attempt, prepared, change, judgement, checks, evidence } = run;
  const asked = await tools.store.calls(task.id);
  const calls = asked.filter(({ state }) => state === 'settled');
  const activity = await tools.store.activity(task.id);
  const sum = (of: (call: (typeof calls)[number]) => number): number =>
    calls.reduce((total, call) => total + of(call), 0);
  return {
    ...{ task, attempt, prepared, change, entries, judgement, checks, evidence },
    related: await relatedTo(tools.store, task, journal, tools.clock()),
    bundle: { digest: bundle.manifest, audit: bundle.audit },
    ran,
    said: saidIn(journal),
    approvals: counted.counted,
    opened: counted.opened,
    manifests,
    titled,
    cost: {
      calls: calls.length,
      inputTokens: sum(({ usage }) => promptTokens(usage)),
      outputTokens: sum(({ usage }) => answerTokens(usage)),
      microUsd: moneyOf(asked),
      // By the calls: the controller that publishes may have another model than the one that asked.
      scripted: calls.some(isScripted),
      rows: costRows(asked),
    },
    ...harnessFacts(activity),
    refusedConnections: activity.filter(
      ({ source, kind }) => source === 'gateway' && kind === 'refused',
    ).length,
  };
}

/** The last words of the agent whose change it is. */
function saidIn(journal: Read['journal']): string {
  const last = journal.findLast(({ event }) => event.type === 'agent_finished')?.event;
  return last?.type === 'agent_finished' ? last.ending.said : '';
}

/** The base moved on: what would land is another tree, so it is judged, checked and agreed to again. */
async function ontoNewBase(
  tools: StageTools,
  run: In<'publishing'>,
  task: Task,
  tip: Sha,
): Promise<RunEvent> {
  const { change, prepared, attempt } = run;
  await tools.source.update(task.repository, tools.forge.remote(task.repository));
  const place = { run: task.id, attempt, repository: task.repository, base: change.base };
  const merged = await tools.source.rebase(place, change.tree, tip);
  if ('conflicts' in merged) {
    const message = `${task.base} moved on while this waited, and both changed: ${merged.conflicts.join(', ')}`;
    return {
      type: 'base_conflicts',
      findings: [{ validator: 'proofhouse', code: 'base_conflicts', message }],
    };
  }
  const { layers, rulesDigest } = await readBaseRules(tools, task.repository, tip);
  const { facts } = await factsAt(tools, run, task, { base: tip, tree: merged.tree, layers });
  return {
    type: 'base_moved',
    prepared: { ...prepared, base: tip, policy: policyDigest(layers), rules: rulesDigest },
    change: facts.change,
  };
}

async function factsAt(
  tools: StageTools,
  run: In<'publishing'>,
  task: Task,
  { base, tree, layers }: { base: Sha; tree: Sha; layers: readonly LoadedPolicy[] },
): Promise<{ facts: Facts }> {
  const place = { run: task.id, attempt: run.attempt, repository: task.repository, base };
  const read = await factsOf(tools.source, place, tree, { base: task.base, layers });
  if ('refused' in read) {
    throw new Fault(
      'git_failed',
      `tree ${tree} is refused now: ${read.refused.map(({ message }) => message).join('; ')}`,
    );
  }
  return read;
}
