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
import type { Finding } from './check.ts';
import type { FaultCode } from './faults.ts';
import type { Judgement } from './judgement.ts';
import { NO_RECORDS, type Records, withMore } from './records.ts';
import type {
  Given,
  Going,
  In,
  Outcome,
  Phase,
  Prepared,
  RunEvent,
  RunState,
  Sealed,
} from './run-state.ts';

/** Broken machinery is tried this often before the run ends as `broke`. */
export const BREAKS_MAX = 3;
const FIRST: Going = { attempt: 1, breaks: 0, tried: [], records: NO_RECORDS };

type Of<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;
type Row<P extends Phase> = { [T in RunEvent['type']]?: (run: In<P>, event: Of<T>) => RunState };

const cancelled = (_: RunState, by: Of<'cancelled'>): RunState =>
  done({ kind: 'cancelled', by: by.by });

/** A yes can be taken back until it is used, whatever the run is doing meanwhile. */
const revoked = <R extends Going>(run: R, { revocation }: Of<'revoked'>): R =>
  noted(run, { revocations: [revocation] });

const judgedAs = (run: Sealed, { judgement }: Of<'judged'>): RunState =>
  judgement.verdict === 'deny'
    ? done({ kind: 'denied', code: 'change_denied', findings: denials(judgement) })
    : { ...sealed(run), phase: 'validating', judgement };

const transitions: { [P in Phase]: Row<P> } = {
  queued: {
    claimed: () => preparing({ ...FIRST, findings: [], previous: null }),
    machinery_broke: (_, broke) =>
      done({ kind: 'broke', code: broke.code, message: broke.message }),
    cancelled,
  },
  preparing: {
    workspace_ready: (run, { prepared }) => ({ ...run, phase: 'working', prepared }),
    limit_reached: (_, { message }) => gaveUp('limit_reached', [finding('limit_reached', message)]),
    machinery_broke: (run, broke) => orBroke(run, broke, preparing),
    revoked,
    cancelled,
  },
  working: {
    agent_finished: (run, { ending }) => ({ ...run, phase: 'sealing', ending }),
    limit_reached: (_, { limit, message }) => {
      const code = limit === 'workspace' ? 'workspace_full' : 'limit_reached';
      return gaveUp(code, [finding(code, message)]);
    },
    // A fresh workspace: a half-done one cannot be told from an agent's work.
    machinery_broke: (run, broke) => orBroke(run, broke, preparing),
    revoked,
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
    revoked,
    cancelled,
  },
  judging: {
    judged: judgedAs,
    machinery_broke: (run, broke) => orBroke(run, broke, (again) => again),
    revoked,
    cancelled,
  },
  validating: {
    // A review raised a gate: the change is held to that too before it goes on.
    judged: judgedAs,
    validation_passed: (run, { checks, evidence, expiresAt, openSlots }) => {
      const proven = { ...run, checks, evidence };
      return run.judgement.verdict === 'hold' && openSlots > 0
        ? { ...proven, phase: 'awaiting_approval', expiresAt }
        : { ...proven, phase: 'publishing' };
    },
    validation_failed: (run, { findings }) => rework(run, findings),
    machinery_broke: (run, broke) => orBroke(run, broke, (again) => again),
    revoked,
    cancelled,
  },
  awaiting_approval: {
    approved: (run, { approval, delegation, openSlots }) => {
      // An approval names the tree and the evidence it was given for. Taking one for another
      // as consent would let a later change ride on an earlier review.
      const { subject, evidence } = approval.record;
      if (!isFor(run, subject.tree, evidence.digest)) return run;
      const delegations = delegation === null ? [] : [delegation];
      return decided(noted(run, { approvals: [approval], delegations }), openSlots);
    },
    glass_broken: (run, { use, openSlots }) =>
      isFor(run, use.record.tree, use.record.evidence)
        ? decided(noted(run, { glass: [use] }), openSlots)
        : run,
    vetoed: (run, { veto }) => noted(run, { approvals: [veto] }),
    veto_lifted: (run, { lift, openSlots }) => decided(noted(run, { lifts: [lift] }), openSlots),
    rejected: (_, { by, reason }) => done({ kind: 'rejected', by, reason }),
    sent_back: (run, { by, reason }) => rework(run, [finding('sent_back', `${by}: ${reason}`)]),
    expired: () => done({ kind: 'expired' }),
    revoked,
    cancelled,
  },
  publishing: {
    pull_request_opened: (_, { number, url, commit }) =>
      done({ kind: 'published', pullRequest: number, url, commit }),
    // Heard by the publish that comes next, which finds what is missing now.
    vetoed: (run, { veto }) => noted(run, { approvals: [veto] }),
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
    revoked,
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

type Reworkable = Going & { prepared: Prepared; change: Sealed['change'] | null };

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
function orBroke<R extends Going>(
  run: R,
  broke: Of<'machinery_broke'>,
  again: (run: R) => RunState,
): RunState {
  const breaks = run.breaks + 1;
  return broke.final || breaks >= BREAKS_MAX
    ? done({ kind: 'broke', code: broke.code, message: broke.message })
    : again({ ...run, breaks });
}

function preparing({ attempt, breaks, tried, records, findings, previous }: Given): RunState {
  return { phase: 'preparing', attempt, breaks, tried, records, findings, previous };
}

function next({ attempt, breaks, tried, records }: Going): Going {
  return { attempt: attempt + 1, breaks, tried, records };
}

function sealed({ attempt, breaks, tried, records, prepared, change }: Sealed): Sealed {
  return { attempt, breaks, tried, records, prepared, change };
}

function noted<R extends Going>(run: R, more: Partial<Records>): R {
  return { ...run, records: withMore(run.records, more) };
}

const isFor = ({ change, evidence }: In<'awaiting_approval'>, tree: string, proof: string) =>
  tree === change.tree && proof === evidence;

function decided({ expiresAt, ...run }: In<'awaiting_approval'>, openSlots: number): RunState {
  return openSlots === 0 ? { ...run, phase: 'publishing' } : { ...run, expiresAt };
}

const finding = (code: string, message: string): Finding => ({
  validator: 'proofhouse',
  code,
  message,
});

const denials = ({ denials: all }: Judgement): Finding[] =>
  all.map(({ code, message }) => ({ validator: 'policy', code, message }));

const gaveUp = (code: FaultCode, findings: Finding[]): RunState =>
  done({ kind: 'gave_up', code, findings });

const done = (outcome: Outcome): RunState => ({ phase: 'done', outcome });

export class IllegalTransition extends Error {
  override readonly name = 'IllegalTransition';
  constructor(run: RunState, event: RunEvent) {
    super(`"${event.type}" cannot happen to a run that is "${run.phase}"`);
  }
}
