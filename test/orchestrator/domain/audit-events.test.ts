import { describe, expect, test } from 'vitest';
import { type AuditDraft, chain } from '../../../orchestrator/domain/audit.ts';
import { auditOf, queued } from '../../../orchestrator/domain/audit-events.ts';
import { apply, NEW_RUN } from '../../../orchestrator/domain/run.ts';
import type { RunEvent, RunState } from '../../../orchestrator/domain/run-state.ts';
import {
  approval,
  DANA,
  DENY,
  EVENTS,
  JOURNEY,
  RITA,
  RUN,
  recordsOf,
  SAM,
  STATES,
  TASK,
} from '../fixtures.ts';
import { logOf } from './audit-logs.ts';

function drafts(before: RunState, event: RunEvent): readonly AuditDraft[] {
  return auditOf(event, { run: RUN, before, after: apply(before, event) });
}

const types = (before: RunState, event: RunEvent): string[] =>
  drafts(before, event).map(({ type }) => type);

test('the journey to a pull request leaves one record for everything that somebody answers for', () => {
  let run: RunState = NEW_RUN;
  const all = [queued(TASK)];
  for (const event of JOURNEY) {
    all.push(...drafts(run, event));
    run = apply(run, event);
  }
  expect(all.map(({ type, actor }) => `${type} by ${actor}`)).toEqual([
    'task.queued by local:dana',
    'run.started by controller',
    'policy.loaded by controller',
    'change.captured by controller',
    'verdict.issued by controller',
    'gate.opened by controller',
    'validator.result by controller',
    'approval.granted by local:rita',
    'approval.consumed by controller',
    'pr.opened by controller',
    'run.stopped by controller',
  ]);
  expect(all.every(({ task }) => task === RUN)).toBe(true);
});

/** A phase in which the event can happen. */
const WHERE: { readonly [T in RunEvent['type']]: RunState['phase'] } = {
  claimed: 'queued',
  workspace_ready: 'preparing',
  agent_finished: 'working',
  limit_reached: 'working',
  change_sealed: 'sealing',
  nothing_changed: 'sealing',
  change_refused: 'sealing',
  judged: 'judging',
  validation_passed: 'validating',
  validation_failed: 'validating',
  approved: 'awaiting_approval',
  rejected: 'awaiting_approval',
  sent_back: 'awaiting_approval',
  revoked: 'awaiting_approval',
  vetoed: 'awaiting_approval',
  veto_lifted: 'awaiting_approval',
  glass_broken: 'awaiting_approval',
  expired: 'awaiting_approval',
  approvals_went_stale: 'publishing',
  pull_request_opened: 'publishing',
  base_moved: 'publishing',
  base_conflicts: 'publishing',
  machinery_broke: 'working',
  cancelled: 'queued',
};

test.each(Object.values(EVENTS))('every record of $type can be written', (event) => {
  const previous = logOf(1)[0] ?? null;
  for (const draft of drafts(STATES[WHERE[event.type]], event)) {
    const at = { ts: '2026-03-01T10:00:00.000Z', salt: 'salt' };
    expect(chain(previous, draft, at)).toMatchObject({ type: draft.type, seq: 1 });
  }
});

/** What people and agents wrote, wherever it stands in an event. */
const WORDS = [
  TASK.text,
  TASK.title,
  'I rounded it',
  'expected 3',
  'not this way',
  'mind negative',
];

test('no record holds in clear what a person or an agent wrote', () => {
  const all = Object.values(EVENTS).flatMap((event) => drafts(STATES[WHERE[event.type]], event));
  const clear = JSON.stringify([...all, queued(TASK)].map(({ sealed: _, ...draft }) => draft));
  for (const words of WORDS) expect(clear).not.toContain(words);
  expect(clear).not.toContain('the policy changed');
  expect(clear).not.toContain('the engine is gone');
});

test('but each of them is sealed, so that it can be held against the record', () => {
  expect(queued(TASK).sealed).toEqual({ text: TASK.text });
  const [rejected] = drafts(STATES.awaiting_approval, EVENTS.rejected);
  expect(rejected).toMatchObject({ actor: RITA, sealed: { reason: 'not this way' } });
  const [failed] = drafts(STATES.validating, EVENTS.validation_failed);
  const [check] = EVENTS.validation_failed.checks;
  expect(JSON.parse(failed?.sealed?.['check'] ?? '')).toEqual(check);
});

describe('a run that ended', () => {
  test.each([
    ['was cancelled', STATES.working, EVENTS.cancelled, DANA, { outcome: 'cancelled' }],
    ['was rejected', STATES.awaiting_approval, EVENTS.rejected, RITA, { outcome: 'rejected' }],
    ['expired', STATES.awaiting_approval, EVENTS.expired, 'controller', { outcome: 'expired' }],
    [
      'changed nothing',
      STATES.sealing,
      EVENTS.nothing_changed,
      'controller',
      { outcome: 'nothing_to_do' },
    ],
    [
      'reached a limit',
      STATES.working,
      EVENTS.limit_reached,
      'controller',
      { outcome: 'gave_up', code: 'limit_reached' },
    ],
    [
      'was denied',
      STATES.judging,
      { ...EVENTS.judged, judgement: DENY },
      'controller',
      { outcome: 'denied', code: 'change_denied' },
    ],
    [
      'broke',
      STATES.queued,
      EVENTS.machinery_broke,
      'controller',
      { outcome: 'broke', code: 'engine_failed' },
    ],
  ])('because it %s says so last, and who did it', (_, before, event, actor, data) => {
    expect(drafts(before, event).at(-1)).toMatchObject({ type: 'run.stopped', actor, data });
  });

  test('is told once, and a run that goes on is not', () => {
    expect(types(STATES.working, EVENTS.machinery_broke)).toEqual([]);
    expect(types(STATES.validating, EVENTS.validation_failed)).toEqual(['validator.result']);
    expect(types(STATES.publishing, EVENTS.pull_request_opened)).toEqual([
      ...['approval.consumed', 'pr.opened', 'run.stopped'],
    ]);
  });
});

describe('approvals that count no more', () => {
  const publishing = { ...STATES.publishing, records: recordsOf(approval(RITA), approval(SAM)) };

  test('are named when the change was judged again, each with its code, and the others as carried', () => {
    const lapsed = [{ id: 'apr_1', code: 'tree_changed' as const, reason: 'another tree' }];
    const event = { ...EVENTS.validation_passed, carried: ['apr_2'], lapsed };
    expect(drafts(STATES.validating, event).slice(1)).toMatchObject([
      { type: 'approval.carried', data: { approval: 'apr_2' } },
      {
        type: 'approval.expired',
        data: { cause: 'tree_changed', approvals: ['apr_1'] },
        sealed: { reason: 'another tree' },
      },
    ]);
  });

  test('are not told of before that: a base that moved leaves some of them', () => {
    expect(types(publishing, EVENTS.base_moved)).toEqual(['policy.loaded', 'change.captured']);
    expect(types(publishing, EVENTS.base_conflicts)).toEqual([]);
    expect(drafts(publishing, EVENTS.approvals_went_stale)).toMatchObject([
      { type: 'approval.expired', data: { cause: 'stale' }, sealed: {} },
    ]);
  });

  test('because a wait ended are all of the run', () => {
    const { records } = publishing;
    const ids = records.approvals.map(({ record }) => record.id);
    expect(drafts({ ...STATES.awaiting_approval, records }, EVENTS.expired)[0]).toMatchObject({
      type: 'approval.expired',
      data: { cause: 'time', approvals: ids },
    });
  });
});

describe('what people do beside approving', () => {
  test.each([
    ['a veto', EVENTS.vetoed, 'approval.rejected', { decision: 'veto', gate: 'auth' }, SAM],
    ['its end', EVENTS.veto_lifted, 'approval.revoked', { what: 'veto' }, SAM],
    ['what is taken back', EVENTS.revoked, 'approval.revoked', { what: 'approval' }, RITA],
    ['an emergency', EVENTS.glass_broken, 'breakglass.opened', { gates: ['auth'] }, SAM],
  ] as const)('%s names who did it, and seals why', (_, event, type, data, actor) => {
    const [fact] = drafts(STATES.awaiting_approval, event);
    expect(fact).toMatchObject({ type, actor, data, sealed: { reason: expect.any(String) } });
    expect(fact?.data).not.toHaveProperty('reason');
  });
});

test('a validation that failed before its first check is told too', () => {
  const event = { ...EVENTS.validation_failed, checks: [] };
  const [failed] = drafts(STATES.validating, event);
  expect(failed).toMatchObject({
    type: 'validator.result',
    data: { validator: null, verdict: 'failed' },
  });
});

test('a gate that asks for nobody opens nothing', () => {
  const [gate] = EVENTS.judged.judgement.gates;
  const free = { ...EVENTS.judged.judgement, gates: gate ? [{ ...gate, approvals: [] }] : [] };
  expect(types(STATES.judging, { ...EVENTS.judged, judgement: free })).toEqual(['verdict.issued']);
});
