import { describe, expect, test } from 'vitest';
import { NO_RECORDS } from '../../../orchestrator/domain/records.ts';
import {
  apply,
  BREAKS_MAX,
  IllegalTransition,
  nextStep,
} from '../../../orchestrator/domain/run.ts';
import { type In, type Phase, RunEvent, RunState } from '../../../orchestrator/domain/run-state.ts';
import { SIGNATURES } from '../../policies/signing.ts';
import {
  ALLOW,
  AT,
  approval,
  CHANGE,
  DENY,
  digest,
  EVENTS,
  FINDING,
  LATER,
  PREPARED,
  RITA,
  recordId,
  recordsOf,
  SAM,
  STATES,
  sha,
} from '../fixtures.ts';

type Type = RunEvent['type'];
const PHASES = RunState.options.map(({ shape }) => shape.phase.value);
const TYPES = RunEvent.options.map(({ shape }) => shape.type.value);

/** Where each legal event leads, from the states and events of the fixtures. */
const LEGAL: { readonly [P in Phase]: { readonly [T in Type]?: Phase } } = {
  queued: { claimed: 'preparing', machinery_broke: 'done', cancelled: 'done' },
  preparing: {
    limit_reached: 'done',
    workspace_ready: 'working',
    machinery_broke: 'preparing',
    revoked: 'preparing',
    cancelled: 'done',
  },
  working: {
    agent_finished: 'sealing',
    limit_reached: 'done',
    machinery_broke: 'preparing',
    revoked: 'working',
    cancelled: 'done',
  },
  sealing: {
    change_sealed: 'judging',
    nothing_changed: 'done',
    change_refused: 'preparing',
    machinery_broke: 'sealing',
    revoked: 'sealing',
    cancelled: 'done',
  },
  judging: {
    judged: 'validating',
    machinery_broke: 'judging',
    revoked: 'judging',
    cancelled: 'done',
  },
  validating: {
    judged: 'validating',
    validation_passed: 'awaiting_approval',
    validation_failed: 'preparing',
    machinery_broke: 'validating',
    revoked: 'validating',
    cancelled: 'done',
  },
  awaiting_approval: {
    approved: 'publishing',
    vetoed: 'awaiting_approval',
    veto_lifted: 'awaiting_approval',
    revoked: 'awaiting_approval',
    glass_broken: 'awaiting_approval',
    rejected: 'done',
    sent_back: 'preparing',
    expired: 'done',
    cancelled: 'done',
  },
  publishing: {
    pull_request_opened: 'done',
    vetoed: 'publishing',
    revoked: 'publishing',
    approvals_went_stale: 'judging',
    base_moved: 'judging',
    base_conflicts: 'preparing',
    machinery_broke: 'publishing',
    cancelled: 'done',
  },
  done: {},
};
const CELLS = PHASES.flatMap((phase) => TYPES.map((type) => [phase, type] as const));

describe('the run table', () => {
  test('has nine phases and twenty-four events, as the schemas say', () => {
    expect([PHASES.length, TYPES.length]).toEqual([9, 24]);
    expect(PHASES.toSorted()).toEqual(Object.keys(STATES).toSorted());
    expect(TYPES.toSorted()).toEqual(Object.keys(EVENTS).toSorted());
  });

  test.each(CELLS.filter(([phase, type]) => LEGAL[phase][type] !== undefined))(
    'a run that is %s goes on with %s, and its next state can be stored',
    (phase, type) => {
      const next = apply(STATES[phase], EVENTS[type]);
      expect(next.phase).toBe(LEGAL[phase][type]);
      expect(RunState.parse(JSON.parse(JSON.stringify(next)))).toEqual(next);
    },
  );

  test.each(CELLS.filter(([phase, type]) => LEGAL[phase][type] === undefined))(
    'a run that is %s refuses %s',
    (phase, type) => {
      expect(() => apply(STATES[phase], EVENTS[type])).toThrow(IllegalTransition);
    },
  );

  test('a run that waits or is over has no next step, and every other has one', () => {
    const idle = PHASES.filter((phase) => nextStep(STATES[phase]) === null);
    expect(idle).toEqual(['awaiting_approval', 'done']);
  });

  test('applying an event leaves the state that it was applied to as it was', () => {
    const before = structuredClone(STATES.awaiting_approval);
    apply(STATES.awaiting_approval, { ...EVENTS.approved, openSlots: 1 });
    expect(STATES.awaiting_approval).toEqual(before);
  });
});

describe('the beginning', () => {
  test('a claimed run starts its first attempt with nothing tried and nothing broken', () => {
    expect(apply(STATES.queued, EVENTS.claimed)).toEqual(STATES.preparing);
  });

  test('a workspace that is ready fixes what was prepared', () => {
    const prepared = { ...PREPARED, model: 'another' };
    expect(apply(STATES.preparing, { ...EVENTS.workspace_ready, prepared })).toMatchObject({
      phase: 'working',
      prepared,
    });
  });
});

describe('sealing', () => {
  test("no change in the first attempt is nothing to do, in the agent's words", () => {
    expect(apply(STATES.sealing, EVENTS.nothing_changed)).toEqual({
      phase: 'done',
      outcome: { kind: 'nothing_to_do', said: 'I rounded it.' },
    });
  });

  test('no change in a later attempt is no progress, with the findings it was given', () => {
    const run = { ...STATES.sealing, attempt: 2, findings: [FINDING] };
    expect(apply(run, EVENTS.nothing_changed)).toEqual({
      phase: 'done',
      outcome: { kind: 'gave_up', code: 'no_progress', findings: [FINDING] },
    });
  });

  test('a refused tree costs an attempt, and the next goes on from the last good change', () => {
    const run = { ...STATES.sealing, attempt: 2, previous: CHANGE };
    expect(apply(run, EVENTS.change_refused)).toMatchObject({
      phase: 'preparing',
      attempt: 3,
      previous: CHANGE,
      findings: [FINDING],
    });
  });

  test('a refused tree in the last attempt ends the run as denied', () => {
    const run = { ...STATES.sealing, attempt: PREPARED.attemptsMax };
    expect(apply(run, EVENTS.change_refused)).toEqual({
      phase: 'done',
      outcome: { kind: 'denied', code: 'change_refused', findings: [FINDING] },
    });
  });

  test('a limit ends the run without another attempt', () => {
    expect(apply(STATES.working, EVENTS.limit_reached)).toMatchObject({
      phase: 'done',
      outcome: { kind: 'gave_up', code: 'limit_reached' },
    });
  });

  test('a full workspace has a code of its own: no limit under budgets would make it larger', () => {
    expect(apply(STATES.working, { ...EVENTS.limit_reached, limit: 'workspace' })).toMatchObject({
      phase: 'done',
      outcome: { kind: 'gave_up', code: 'workspace_full', findings: [{ code: 'workspace_full' }] },
    });
  });
});

describe('judging and validating', () => {
  test('a denied change ends the run and carries the reasons, and never comes to be validated', () => {
    expect(apply(STATES.judging, { type: 'judged', judgement: DENY })).toEqual({
      phase: 'done',
      outcome: {
        kind: 'denied',
        code: 'change_denied',
        findings: [
          { validator: 'policy', code: 'change_denied', message: 'Nobody edits the rules.' },
        ],
      },
    });
  });

  test('a change that nobody must approve is published when its checks passed', () => {
    const run = { ...STATES.validating, judgement: ALLOW };
    expect(apply(run, EVENTS.validation_passed)).toMatchObject({ phase: 'publishing' });
  });

  test('a change that people must approve waits, whatever its checks said', () => {
    expect(apply(STATES.validating, EVENTS.validation_passed)).toMatchObject({
      phase: 'awaiting_approval',
      records: NO_RECORDS,
    });
  });

  test('a change for which enough of what people decided before still counts goes on at once', () => {
    const run = { ...STATES.validating, records: recordsOf(approval()) };
    expect(apply(run, { ...EVENTS.validation_passed, openSlots: 0 })).toMatchObject({
      phase: 'publishing',
      records: run.records,
    });
    expect(apply(run, EVENTS.validation_passed)).toMatchObject({
      phase: 'awaiting_approval',
      records: run.records,
    });
  });

  test('failed checks give the next attempt the change and the findings', () => {
    expect(apply(STATES.validating, EVENTS.validation_failed)).toEqual({
      phase: 'preparing',
      attempt: 2,
      breaks: 0,
      records: NO_RECORDS,
      tried: [{ tree: CHANGE.tree, findings: ['unit: cart › rounds: expected 3 to be 2'] }],
      findings: [FINDING],
      previous: CHANGE,
    });
  });

  test('failed checks in the last attempt end the run', () => {
    const run = { ...STATES.validating, attempt: PREPARED.attemptsMax };
    expect(apply(run, EVENTS.validation_failed)).toMatchObject({
      phase: 'done',
      outcome: { kind: 'gave_up', code: 'attempts_used_up', findings: [FINDING] },
    });
  });

  const tried = [{ tree: CHANGE.tree, findings: ['unit: a', 'unit: b'] }];
  const found = (message: string) => ({ ...FINDING, message });

  test('the same tree with the same findings, in any order, is no progress', () => {
    const again = { ...EVENTS.validation_failed, findings: [found('b'), found('a')] };
    expect(apply({ ...STATES.validating, attempt: 2, tried }, again)).toMatchObject({
      phase: 'done',
      outcome: { kind: 'gave_up', code: 'no_progress' },
    });
  });

  test('the same tree with other findings is progress', () => {
    const other = { ...EVENTS.validation_failed, findings: [found('a')] };
    expect(apply({ ...STATES.validating, attempt: 2, tried }, other).phase).toBe('preparing');
  });

  test('another tree with the same findings is progress', () => {
    const again = { ...EVENTS.validation_failed, findings: [found('a'), found('b')] };
    const run = { ...STATES.validating, attempt: 2, tried, change: { ...CHANGE, tree: sha('f') } };
    expect(apply(run, again).phase).toBe('preparing');
  });
});

describe('approval', () => {
  const run: In<'awaiting_approval'> = STATES.awaiting_approval;

  test.each([
    ['tree', approval(RITA, { subject: { tree: sha('9') } })],
    ['evidence', approval(RITA, { evidence: { digest: digest('9') } })],
  ])('an approval for another %s changes nothing, even as the last one missing', (_, other) => {
    expect(apply(run, { ...EVENTS.approved, approval: other, openSlots: 0 })).toEqual(run);
  });

  test.each([
    ['tree', { tree: sha('9') }],
    ['evidence', { evidence: digest('9') }],
  ])('an emergency for another %s changes nothing, even as the last thing missing', (_, over) => {
    const { use } = EVENTS.glass_broken;
    const other = { ...use, record: { ...use.record, ...over } };
    expect(apply(run, { type: 'glass_broken', use: other, openSlots: 0 })).toEqual(run);
  });

  test('an emergency that opens the last gate lets the change be published', () => {
    expect(apply(run, { ...EVENTS.glass_broken, openSlots: 0 })).toMatchObject({
      phase: 'publishing',
      records: { glass: [EVENTS.glass_broken.use] },
    });
  });

  test('a veto is kept and ends nothing; lifting it lets the change on when nobody is missing', () => {
    const held = apply(run, EVENTS.vetoed);
    expect(held).toEqual({ ...run, records: recordsOf(EVENTS.vetoed.veto) });
    expect(apply(held, EVENTS.veto_lifted).phase).toBe('awaiting_approval');
    expect(apply(held, { ...EVENTS.veto_lifted, openSlots: 0 }).phase).toBe('publishing');
  });

  test('a delegation is kept beside the approval that was given under it', () => {
    const delegation = SIGNATURES.sign('delegation', {
      ...{ v: 1, id: recordId('dlg'), auth: approval().record.auth, nonce: '0'.repeat(32) },
      ...{ createdAt: AT, from: RITA, to: SAM, gates: ['auth'], expiresAt: LATER },
    });
    expect(apply(run, { ...EVENTS.approved, delegation })).toMatchObject({
      records: { approvals: [EVENTS.approved.approval], delegations: [delegation] },
    });
  });

  test('an approval that leaves slots open is kept, and the run goes on waiting', () => {
    const next = apply(run, { ...EVENTS.approved, openSlots: 1 });
    expect(next).toEqual({ ...run, records: recordsOf(EVENTS.approved.approval) });
  });

  test('the approval that fills the last slot lets the change be published', () => {
    const first = approval(SAM);
    const half = { ...run, records: recordsOf(first) };
    expect(apply(half, EVENTS.approved)).toMatchObject({
      phase: 'publishing',
      records: recordsOf(first, EVENTS.approved.approval),
    });
  });

  test('a rejection ends the run with the reason of who rejected', () => {
    expect(apply(run, EVENTS.rejected)).toEqual({
      phase: 'done',
      outcome: { kind: 'rejected', by: RITA, reason: 'not this way' },
    });
  });

  test('what people decided is kept for the next attempt', () => {
    const held = { ...run, records: recordsOf(approval()) };
    expect(apply(held, EVENTS.sent_back)).toMatchObject({
      phase: 'preparing',
      records: held.records,
    });
  });

  test('what a reviewer sends back costs an attempt and is what the agent is told', () => {
    expect(apply(run, EVENTS.sent_back)).toMatchObject({
      phase: 'preparing',
      attempt: 2,
      previous: CHANGE,
      findings: [{ code: 'sent_back', message: 'local:rita: mind negative totals' }],
    });
    const last = { ...run, attempt: PREPARED.attemptsMax };
    expect(apply(last, EVENTS.sent_back)).toMatchObject({ outcome: { code: 'attempts_used_up' } });
  });
});

describe('publishing', () => {
  const { records } = STATES.publishing;

  test('approvals that went stale are kept, and the change is judged again', () => {
    const next = apply(STATES.publishing, EVENTS.approvals_went_stale);
    expect(next).toEqual({ ...STATES.judging, records });
  });

  test('a base that moved brings another change to judging, with what people decided', () => {
    const next = apply(STATES.publishing, EVENTS.base_moved);
    const { prepared, change } = EVENTS.base_moved;
    expect(next).toEqual({ ...STATES.judging, prepared, change, records });
  });

  test('a veto and a revocation are heard by the publish that comes next', () => {
    expect(apply(STATES.publishing, EVENTS.vetoed)).toMatchObject({
      phase: 'publishing',
      records: { approvals: [...records.approvals, EVENTS.vetoed.veto] },
    });
    expect(apply(STATES.publishing, EVENTS.revoked)).toMatchObject({
      phase: 'publishing',
      records: { revocations: [EVENTS.revoked.revocation] },
    });
  });

  test('a conflict with the base starts another attempt from the new base', () => {
    expect(apply(STATES.publishing, EVENTS.base_conflicts)).toMatchObject({
      phase: 'preparing',
      attempt: 2,
      previous: null,
      tried: [],
    });
  });

  test('broken machinery repeats the publish and never the agent', () => {
    const next = apply(STATES.publishing, EVENTS.machinery_broke);
    expect(next).toEqual({ ...STATES.publishing, breaks: 1 });
  });
});

describe('broken machinery', () => {
  const going = PHASES.filter((phase) => 'breaks' in STATES[phase] && LEGAL[phase].machinery_broke);

  test.each(going)('keeps the attempt of a run that is %s', (phase) => {
    const next = apply({ ...STATES[phase], attempt: 2 } as RunState, EVENTS.machinery_broke);
    expect(next).toMatchObject({ attempt: 2, breaks: 1 });
  });

  test.each(going)(`ends a run that is %s the ${BREAKS_MAX}rd time, as broke`, (phase) => {
    const run = { ...STATES[phase], breaks: BREAKS_MAX - 1 } as RunState;
    expect(apply(run, EVENTS.machinery_broke)).toEqual({
      phase: 'done',
      outcome: { kind: 'broke', code: 'engine_failed', message: 'the engine is gone' },
    });
  });

  test.each(going)('that is final ends a run that is %s at once', (phase) => {
    const final = { ...EVENTS.machinery_broke, final: true };
    expect(apply(STATES[phase], final)).toMatchObject({ outcome: { kind: 'broke' } });
  });
});
