/**
 * A run: one task's journey from the queue to a pull request.
 *
 *   queued ─▶ preparing ─▶ working ─▶ sealing ─▶ judging ─▶ validating ─▶ awaiting_approval ─▶ publishing ─▶ done
 *                ▲                       │                  │    │               │      ▲          │
 *                │                       │        no gate ──┼────┼───────────────┼──────┼─▶        │
 *                └──── next attempt ─────┴─ refused ── failed ───┴── sent back ──┘      └─ stale ──┤
 *                                                   ▲                                              │
 *                                                   └───────────── base moved ─────────────────────┘
 *
 * This file decides and never acts: no I/O, no clock, no randomness. Whatever the run learns
 * arrives as an event, so replaying the journal rebuilds the state after a crash. A missing phase
 * does not compile; a missing cell is illegal. `runner.ts` performs the step that `nextStep` names.
 *
 * Three endings never mix: the task failed (attempts count down), the machinery broke (breaks count
 * up, the attempt stays), and we were told to stop (nothing is journaled).
 */
import { z } from 'zod';
import { Approval } from './approval.ts';
import { Change } from './change.ts';
import { Check, Finding } from './check.ts';
import { FAULT_CODES, type FaultCode } from './faults.ts';
import { Digest, Person, Sha } from './ids.ts';
import { Judgement } from './judgement.ts';

/** Broken machinery is tried this often before the run ends as `broke`. */
export const BREAKS_MAX = 3;

/** What the base commit fixed before the agent started. Nothing in a workspace can change it. */
export const Prepared = z.object({
  base: Sha,
  policy: Digest,
  rules: Digest.nullable(),
  /** The agent and its version, as in `codex 0.169.0`. */
  agent: z.string(),
  /** Image id of the agent's sandbox. */
  image: z.string(),
  model: z.string(),
  attemptsMax: z.int().min(1).max(9),
});
export type Prepared = z.infer<typeof Prepared>;

/** How an agent's process ended. Its exit code is noted and never believed. */
export const Ending = z.object({
  ended: z.enum(['exited', 'timed_out', 'oom', 'lost']),
  exitCode: z.int().nullable(),
  /** The agent's last words, redacted, at most 2,000 characters. Shown, never parsed. */
  said: z.string(),
});
export type Ending = z.infer<typeof Ending>;

const code = z.enum(FAULT_CODES);

export const Outcome = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('published'), pullRequest: z.int(), url: z.string(), commit: Sha }),
  z.object({ kind: z.literal('rejected'), by: Person, reason: z.string() }),
  z.object({ kind: z.literal('gave_up'), code, findings: z.array(Finding) }),
  z.object({ kind: z.literal('denied'), code, findings: z.array(Finding) }),
  z.object({ kind: z.literal('broke'), code, message: z.string() }),
  z.object({ kind: z.literal('cancelled'), by: Person }),
  z.object({ kind: z.literal('expired') }),
  z.object({ kind: z.literal('nothing_to_do'), said: z.string() }),
]);
export type Outcome = z.infer<typeof Outcome>;

/** What every phase between the queue and the end carries. */
const Going = z.object({
  attempt: z.int().min(1),
  breaks: z.int().min(0),
  /** What earlier attempts came to, to tell progress from going round in circles. */
  tried: z.array(z.object({ tree: Sha, findings: z.array(z.string()) })),
});
const Given = Going.extend({
  /** Why the attempt before this one was not enough; empty in the first. */
  findings: z.array(Finding),
  /** What the attempt before this one left; the next goes on from it. */
  previous: Change.nullable(),
});
const Sealed = Going.extend({ prepared: Prepared, change: Change });
const Proven = Sealed.extend({
  judgement: Judgement,
  checks: z.array(Check),
  evidence: Digest,
  approvals: z.array(Approval),
});

const phase = <P extends string>(name: P) => ({ phase: z.literal(name) });
export const RunState = z.discriminatedUnion('phase', [
  z.object(phase('queued')),
  Given.extend(phase('preparing')),
  Given.extend({ ...phase('working'), prepared: Prepared }),
  Given.extend({ ...phase('sealing'), prepared: Prepared, ending: Ending }),
  Sealed.extend(phase('judging')),
  Sealed.extend({ ...phase('validating'), judgement: Judgement }),
  Proven.extend({ ...phase('awaiting_approval'), expiresAt: z.iso.datetime() }),
  Proven.extend(phase('publishing')),
  z.object({ ...phase('done'), outcome: Outcome }),
]);
export type RunState = z.infer<typeof RunState>;

const event = <T extends string>(name: T) => ({ type: z.literal(name) });
export const RunEvent = z.discriminatedUnion('type', [
  z.object(event('claimed')),
  z.object({ ...event('workspace_ready'), prepared: Prepared }),
  z.object({ ...event('agent_finished'), ending: Ending }),
  z.object({ ...event('limit_reached'), limit: z.string(), message: z.string() }),
  z.object({ ...event('change_sealed'), change: Change }),
  z.object({ ...event('nothing_changed') }),
  z.object({ ...event('change_refused'), findings: z.array(Finding).min(1) }),
  z.object({ ...event('judged'), judgement: Judgement }),
  z.object({
    ...event('validation_passed'),
    checks: z.array(Check).min(1),
    evidence: Digest,
    expiresAt: z.iso.datetime(),
  }),
  z.object({
    ...event('validation_failed'),
    checks: z.array(Check),
    findings: z.array(Finding).min(1),
  }),
  /** `openSlots` is what quorum found still missing with this approval counted. */
  z.object({ ...event('approved'), approval: Approval, openSlots: z.int().min(0) }),
  z.object({ ...event('rejected'), by: Person, reason: z.string().min(1) }),
  z.object({ ...event('sent_back'), by: Person, reason: z.string().min(1) }),
  z.object(event('expired')),
  z.object({ ...event('approvals_went_stale'), reasons: z.array(z.string()).min(1) }),
  z.object({ ...event('pull_request_opened'), number: z.int(), url: z.string(), commit: Sha }),
  z.object({ ...event('base_moved'), prepared: Prepared, change: Change }),
  z.object({ ...event('base_conflicts'), findings: z.array(Finding).min(1) }),
  z.object({ ...event('machinery_broke'), code, message: z.string(), final: z.boolean() }),
  z.object({ ...event('cancelled'), by: Person }),
]);
export type RunEvent = z.infer<typeof RunEvent>;

export type Phase = RunState['phase'];
export type In<P extends Phase> = Extract<RunState, { phase: P }>;
type Of<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;
type Row<P extends Phase> = { [T in RunEvent['type']]?: (run: In<P>, event: Of<T>) => RunState };

const cancelled = (_: RunState, by: Of<'cancelled'>): RunState =>
  done({ kind: 'cancelled', by: by.by });

const transitions: { [P in Phase]: Row<P> } = {
  queued: {
    claimed: () => preparing({ attempt: 1, breaks: 0, tried: [], findings: [], previous: null }),
    machinery_broke: (_, broke) =>
      done({ kind: 'broke', code: broke.code, message: broke.message }),
    cancelled,
  },
  preparing: {
    workspace_ready: (run, { prepared }) => ({ ...run, phase: 'working', prepared }),
    machinery_broke: (run, broke) => orBroke(run, broke, preparing),
    cancelled,
  },
  working: {
    agent_finished: (run, { ending }) => ({ ...run, phase: 'sealing', ending }),
    limit_reached: (_, { message }) => gaveUp('limit_reached', [finding('limit_reached', message)]),
    // A fresh workspace: a half-done one cannot be told from an agent's work.
    machinery_broke: (run, broke) => orBroke(run, broke, preparing),
    cancelled,
  },
  sealing: {
    change_sealed: ({ findings: _, previous: __, ending: ___, ...run }, { change }) => ({
      ...run,
      phase: 'judging',
      change,
    }),
    nothing_changed: (run) =>
      run.attempt === 1
        ? done({ kind: 'nothing_to_do', said: run.ending.said })
        : gaveUp('no_progress', run.findings),
    change_refused: (run, { findings }) =>
      run.attempt < run.prepared.attemptsMax
        ? preparing({ ...next(run), findings, previous: run.previous })
        : done({ kind: 'denied', code: 'change_refused', findings }),
    machinery_broke: (run, broke) => orBroke(run, broke, (again) => again),
    cancelled,
  },
  judging: {
    judged: (run, { judgement }) =>
      judgement.verdict === 'deny'
        ? done({ kind: 'denied', code: 'change_denied', findings: denials(judgement) })
        : { ...run, phase: 'validating', judgement },
    machinery_broke: (run, broke) => orBroke(run, broke, (again) => again),
    cancelled,
  },
  validating: {
    validation_passed: (run, { checks, evidence, expiresAt }) => {
      const proven = { ...run, checks, evidence, approvals: [] };
      return run.judgement.verdict === 'hold'
        ? { ...proven, phase: 'awaiting_approval', expiresAt }
        : { ...proven, phase: 'publishing' };
    },
    validation_failed: (run, { findings }) => rework(run, findings),
    machinery_broke: (run, broke) => orBroke(run, broke, (again) => again),
    cancelled,
  },
  awaiting_approval: {
    approved: ({ expiresAt, ...run }, { approval, openSlots }) => {
      // An approval names the tree and the evidence it was given for. Taking one for another
      // as consent would let a later change ride on an earlier review.
      const { tree, evidence } = approval.binding;
      if (tree !== run.change.tree || evidence !== run.evidence) return { ...run, expiresAt };
      const approvals = [...run.approvals, approval];
      return openSlots === 0
        ? { ...run, phase: 'publishing', approvals }
        : { ...run, approvals, expiresAt };
    },
    rejected: (_, { by, reason }) => done({ kind: 'rejected', by, reason }),
    sent_back: (run, { by, reason }) => rework(run, [finding('sent_back', `${by}: ${reason}`)]),
    expired: () => done({ kind: 'expired' }),
    cancelled,
  },
  publishing: {
    pull_request_opened: (_, { number, url, commit }) =>
      done({ kind: 'published', pullRequest: number, url, commit }),
    approvals_went_stale: (run) => ({ ...sealed(run), phase: 'judging' }),
    base_moved: (run, { prepared, change }) => ({
      ...sealed(run),
      phase: 'judging',
      prepared,
      change,
    }),
    base_conflicts: (run, { findings }) => rework({ ...run, change: null }, findings),
    // The change is validated and approved; redoing the agent's work would throw both away.
    machinery_broke: (run, broke) => orBroke(run, broke, (again) => again),
    cancelled,
  },
  done: {},
};

export function apply(run: RunState, event: RunEvent): RunState {
  // The table is typed per cell; TypeScript cannot follow the pair through one lookup.
  const cell = transitions[run.phase][event.type] as
    | ((run: RunState, event: RunEvent) => RunState)
    | undefined;
  if (cell === undefined) throw new IllegalTransition(run, event);
  return cell(run, event);
}

export const NEW_RUN: RunState = { phase: 'queued' };

export type Step = 'claim' | 'prepare' | 'work' | 'seal' | 'judge' | 'validate' | 'publish';

/** What the runner must do now. Null means nothing: a person decides, or the run is over. */
export function nextStep(run: RunState): Step | null {
  return steps[run.phase];
}

const steps: Record<Phase, Step | null> = {
  queued: 'claim',
  preparing: 'prepare',
  working: 'work',
  sealing: 'seal',
  judging: 'judge',
  validating: 'validate',
  awaiting_approval: null,
  publishing: 'publish',
  done: null,
};

type Reworkable = z.infer<typeof Going> & { prepared: Prepared; change: Change | null };

/** The next attempt, unless there is none left or the last two came to the same. */
function rework(run: Reworkable, findings: Finding[]): RunState {
  const messages = findings.map((found) => `${found.validator}: ${found.message}`).sort();
  const { change } = run;
  const before = change && run.tried.find(({ tree }) => tree === change.tree);
  if (before && before.findings.join('\n') === messages.join('\n')) {
    return gaveUp('no_progress', findings);
  }
  if (run.attempt >= run.prepared.attemptsMax) return gaveUp('attempts_used_up', findings);
  const tried = change ? [...run.tried, { tree: change.tree, findings: messages }] : run.tried;
  return preparing({ ...next(run), tried, findings, previous: change });
}

/** The same attempt goes on where `again` says, unless this is final or was one time too many. */
function orBroke<R extends z.infer<typeof Going>>(
  run: R,
  broke: Of<'machinery_broke'>,
  again: (run: R) => RunState,
): RunState {
  const breaks = run.breaks + 1;
  return broke.final || breaks >= BREAKS_MAX
    ? done({ kind: 'broke', code: broke.code, message: broke.message })
    : again({ ...run, breaks });
}

function preparing({
  attempt,
  breaks,
  tried,
  findings,
  previous,
}: z.infer<typeof Given>): RunState {
  return { phase: 'preparing', attempt, breaks, tried, findings, previous };
}

function next({ attempt, breaks, tried }: z.infer<typeof Going>): z.infer<typeof Going> {
  return { attempt: attempt + 1, breaks, tried };
}

function sealed(run: z.infer<typeof Sealed>): z.infer<typeof Sealed> {
  const { attempt, breaks, tried, prepared, change } = run;
  return { attempt, breaks, tried, prepared, change };
}

function finding(code: string, message: string): Finding {
  return { validator: 'proofhouse', code, message };
}

function denials({ denials: all }: Judgement): Finding[] {
  return all.map(({ code, message }) => ({ validator: 'policy', code, message }));
}

function gaveUp(code: FaultCode, findings: Finding[]): RunState {
  return done({ kind: 'gave_up', code, findings });
}

function done(outcome: Outcome): RunState {
  return { phase: 'done', outcome };
}

export class IllegalTransition extends Error {
  override readonly name = 'IllegalTransition';
  constructor(run: RunState, event: RunEvent) {
    super(`"${event.type}" cannot happen to a run that is "${run.phase}"`);
  }
}
