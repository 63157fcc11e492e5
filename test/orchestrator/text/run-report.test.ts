import { describe, expect, test } from 'vitest';
import { RunId } from '../../../orchestrator/domain/ids.ts';
import type { RunEvent } from '../../../orchestrator/domain/run-state.ts';
import type { Task } from '../../../orchestrator/domain/task.ts';
import type { JournalEntry, ModelCall } from '../../../orchestrator/ports.ts';
import { replay } from '../../../orchestrator/runner.ts';
import type { Decided } from '../../../orchestrator/text/decisions.ts';
import {
  approveLines,
  duration,
  money,
  runList,
  runReport,
} from '../../../orchestrator/text/run-report.ts';
import {
  AT,
  CHECK,
  DENY,
  EVENTS,
  GATE,
  HOLD,
  JOURNEY,
  RITA,
  RUN,
  SAM,
  STATES,
  TASK,
  WAITING,
} from '../fixtures.ts';

const MAY = [RITA, SAM];
const DECIDED: Decided = {
  open: [{ gate: 'auth', group: 'security', missing: 1, candidates: MAY, deadlock: null }],
  counted: [],
  lapsed: [],
  vetoes: [],
  opened: [],
};

/** One event every 1.2 seconds. */
function journalOf(events: readonly RunEvent[]): JournalEntry[] {
  return events.map((event, seq) => {
    return { seq, at: new Date(Date.parse(AT) + seq * 1_200).toISOString(), event };
  });
}

const call = (over: Partial<ModelCall> = {}): ModelCall => ({
  id: 'c1',
  run: RUN,
  attempt: 1,
  at: AT,
  role: 'edit',
  model: 'm',
  vendor: 'acme',
  state: 'settled',
  usage: { inputTokens: 900, outputTokens: 100 },
  microUsd: 12_300,
  wallMs: 5,
  failure: null,
  ...over,
});

function report(
  events: readonly RunEvent[],
  calls: readonly ModelCall[] = [],
  task: Task = TASK,
): string {
  const journal = journalOf(events);
  const run = replay(journal);
  const decided = run.phase === 'awaiting_approval' ? DECIDED : null;
  return runReport({
    task,
    run,
    journal,
    calls,
    alarms: [],
    may: MAY,
    decided,
    related: [],
    command: './proofhouse',
  });
}

describe('the list of runs', () => {
  test('has a line for each, with where it is', () => {
    const other = { ...TASK, id: RunId.parse('r0000002'), title: 'Stay signed in' };
    const rows = [
      { task: TASK, run: replay(journalOf(JOURNEY)), at: AT },
      { task: other, run: STATES.awaiting_approval, at: AT },
    ];
    expect(runList(rows)).toMatchInlineSnapshot(`
      "RUN       STATE               ATTEMPT  BASE  REQUESTER   LAST EVENT           TASK
      r0000001  pull request #7              main  local:dana  2026-03-01 10:00:00  Round the total
      r0000002  waits for approval  1        main  local:dana  2026-03-01 10:00:00  Stay signed in"
    `);
  });

  test('says how to begin when there is none', () => {
    expect(runList([])).toMatchInlineSnapshot(
      `"No runs yet. Queue a task with: proofhouse task add --repo . "what you want""`,
    );
  });
});

describe('a run', () => {
  test('that waits shows what it waits for, and the exact line to approve this tree', () => {
    expect(report(WAITING, [call(), call({ id: 'c2', state: 'failed' })])).toMatchInlineSnapshot(`
      "r0000001  Round the total
      waits for approval; asked by local:dana on 2026-03-01 10:00:00, from cli
      repository /repositories/shop, base main

            +0.0 s  claimed
            +1.2 s  workspace ready: codex 1.2.3 on scripted, base aaaaaaaaaaaa
            +2.4 s  agent finished, and says: "I rounded it."
            +3.6 s  change sealed: tree bbbbbbbbbbbb, 2 files, +5 -1
            +4.8 s  judged: hold, class critical
            +6.0 s  validation passed

      change: base aaaaaaaaaaaa, tree bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb

      checks
        unit  passed  12 tests, 0 failed  1.5 s

      gates
        auth  critical  One bug is everyone's account.  .proofhouse/policy.yaml:12:5  1 paths

      model calls: 2 (1 failed), tokens: 1800 in, 200 out, $0.0246
        edit  m (acme)  2 calls, 1 failed  1800 in, 200 out  $0.0246

      Gate auth asks for 1 of security: One bug is everyone's account.
        src/auth/session.ts
      Gate auth needs 1 more of security: local:rita, local:sam could.
      It waits until 2026-03-02 10:00. To see the change, then to approve exactly this tree:
        ./proofhouse run show r0000001 --diff
        ./proofhouse approve r0000001 --tree bbbbbbbbbbbb --as local:rita
        ./proofhouse approve r0000001 --tree bbbbbbbbbbbb --as local:sam"
    `);
  });

  test('that was published shows its pull request', () => {
    expect(report(JOURNEY)).toMatchInlineSnapshot(`
      "r0000001  Round the total
      pull request #7; asked by local:dana on 2026-03-01 10:00:00, from cli
      repository /repositories/shop, base main

            +0.0 s  claimed
            +1.2 s  workspace ready: codex 1.2.3 on scripted, base aaaaaaaaaaaa
            +2.4 s  agent finished, and says: "I rounded it."
            +3.6 s  change sealed: tree bbbbbbbbbbbb, 2 files, +5 -1
            +4.8 s  judged: hold, class critical
            +6.0 s  validation passed
            +7.2 s  approved: local:rita, gate auth
            +8.4 s  pull request opened: #7

      checks
        unit  passed  12 tests, 0 failed  1.5 s

      /pulls/7
      commit cccccccccccccccccccccccccccccccccccccccc"
    `);
  });

  test('shows what people did besides approving', () => {
    const { vetoed, veto_lifted, revoked, glass_broken, approvals_went_stale } = EVENTS;
    const text = report([...WAITING, vetoed, veto_lifted, revoked, glass_broken]);
    expect(text.split('\n').slice(10, 14).join('\n')).toMatchInlineSnapshot(`
      "      +7.2 s  vetoed: local:sam, gate auth: not yet
            +8.4 s  veto lifted: local:sam: it is fine now
            +9.6 s  revoked: local:rita
           +10.8 s  glass broken: local:sam, gates auth, https://incidents.acme.dev/7"
    `);
    const carried = { ...EVENTS.validation_passed, carried: ['apr_1', 'apr_2'] };
    const again = [...JOURNEY.slice(0, 7), approvals_went_stale, EVENTS.judged, carried];
    expect(report(again)).toContain('approvals went stale: the policy changed\n');
    const opened = { ...EVENTS.pull_request_opened, consumed: ['brk_1', 'brk_2'] };
    expect(report([...JOURNEY.slice(0, 7), opened])).toContain(
      'pull request opened: #7, passed by break-glass\n',
    );
    expect(report(again)).toContain('2 approvals of an earlier change still count');
  });

  test('that was denied shows why and what to do', () => {
    const judged: RunEvent = { type: 'judged', judgement: DENY };
    expect(report([...JOURNEY.slice(0, 4), judged])).toMatchInlineSnapshot(`
      "r0000001  Round the total
      denied (change_denied); asked by local:dana on 2026-03-01 10:00:00, from cli
      repository /repositories/shop, base main

            +0.0 s  claimed
            +1.2 s  workspace ready: codex 1.2.3 on scripted, base aaaaaaaaaaaa
            +2.4 s  agent finished, and says: "I rounded it."
            +3.6 s  change sealed: tree bbbbbbbbbbbb, 2 files, +5 -1
            +4.8 s  judged: deny, class critical

      The policy forbids this change.
      - policy: Nobody edits the rules.
      What to do: Ask for a change that leaves those paths alone, or ask the owner of the policy."
    `);
  });

  test('that broke shows each time, and the last reason', () => {
    const broke = EVENTS.machinery_broke;
    expect(report([EVENTS.claimed, broke, broke, broke])).toMatchInlineSnapshot(`
      "r0000001  Round the total
      broke (engine_failed); asked by local:dana on 2026-03-01 10:00:00, from cli
      repository /repositories/shop, base main

            +0.0 s  claimed
            +1.2 s  machinery broke (engine_failed): the engine is gone
            +2.4 s  machinery broke (engine_failed): the engine is gone
            +3.6 s  machinery broke (engine_failed): the engine is gone

      the engine is gone
      What to do: See what the machine lacks with: proofhouse doctor"
    `);
  });

  test('whose checks failed shows what was found while it goes on', () => {
    const red = [...JOURNEY.slice(0, 5), EVENTS.validation_failed];
    expect(report(red)).toContain('  - unit: cart › rounds: expected 3 to be 2');
  });

  test('whose checks say something beside their verdict shows it, also when they passed', () => {
    const note = { validator: 'e2e', code: 'page_changed', message: '/ looks different' };
    const passed = { ...EVENTS.validation_passed, checks: [{ ...CHECK, notes: [note] }] };
    expect(report([...JOURNEY.slice(0, 5), passed])).toContain('  (e2e: / looks different)');
  });
});

describe('who may approve', () => {
  test('has a line each while the run waits, and none before or after', () => {
    const lines = (run: Parameters<typeof approveLines>[0]['run']) =>
      approveLines({ task: TASK, run, may: MAY, command: './proofhouse' });
    expect(lines(STATES.awaiting_approval)).toEqual([
      './proofhouse approve r0000001 --tree bbbbbbbbbbbb --as local:rita',
      './proofhouse approve r0000001 --tree bbbbbbbbbbbb --as local:sam',
    ]);
    expect([...lines(STATES.publishing), ...lines(STATES.done)]).toEqual([]);
  });
});

test.each([
  [0, '0.0 s'],
  [59_940, '59.9 s'],
  [60_000, '1 min 0 s'],
  [754_000, '12 min 34 s'],
])('%d ms are %s', (ms, words) => {
  expect(duration(ms)).toBe(words);
});

test('money is the sum of all calls, and unknown when one of them has no price', () => {
  expect(money([call(), call()])).toBe('$0.0246');
  expect(money([call(), call({ microUsd: null })])).toBe('not priced');
  expect(money([])).toBe('$0.0000');
});

describe('nothing that a terminal would act on gets through', () => {
  const EVIL = 'a\u001b[2J\u202eb\u0007';
  const finding = { validator: EVIL, code: EVIL, message: EVIL };
  const gate = { ...GATE, why: EVIL, where: EVIL, paths: [EVIL] };
  const task: Task = { ...TASK, title: EVIL, source: EVIL, repository: EVIL, base: EVIL };
  const judgement = { ...HOLD, gates: [gate] };
  const { prepared } = EVENTS.workspace_ready;
  const ready: RunEvent = {
    ...EVENTS.workspace_ready,
    prepared: { ...prepared, agent: EVIL, model: EVIL },
  };
  const finished: RunEvent = {
    ...EVENTS.agent_finished,
    ending: { ...EVENTS.agent_finished.ending, said: EVIL },
  };
  const start: RunEvent[] = [EVENTS.claimed, ready, finished];
  const waiting: RunEvent[] = [
    ...start,
    EVENTS.change_sealed,
    { type: 'judged', judgement },
    EVENTS.validation_passed,
  ];

  test.each<[string, RunEvent[]]>([
    ['waits', waiting],
    ['was rejected', [...waiting, { ...EVENTS.rejected, reason: EVIL }]],
    ['was refused', [...start, { type: 'change_refused', findings: [finding] }]],
    [
      'failed its checks',
      [...waiting.slice(0, 5), { ...EVENTS.validation_failed, findings: [finding] }],
    ],
    ['met a limit', [...start.slice(0, 2), { ...EVENTS.limit_reached, message: EVIL }]],
    ['broke', [EVENTS.claimed, { ...EVENTS.machinery_broke, message: EVIL, final: true }]],
    ['had nothing to do', [...start, EVENTS.nothing_changed]],
    [
      'has a pull request',
      [...waiting, EVENTS.approved, { ...EVENTS.pull_request_opened, url: EVIL }],
    ],
  ])('when a run %s', (_, events) => {
    const run = replay(journalOf(events));
    const shown = `${report(events, [], task)}\n${runList([{ task, run, at: AT }])}`;
    expect(shown).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    expect(shown).toContain('a·[2J·b·');
  });
});

test('a run says that its model was scripted, and what of its harness was not expected', () => {
  const calls = [call({ model: 'scripted' })];
  expect(report(WAITING, calls)).toContain('The model was scripted: no real model took part.');
  expect(report(WAITING, [call()])).not.toContain('scripted:');
  const journal = journalOf(WAITING);
  const given = { task: TASK, run: replay(journal), journal, calls, may: [], decided: null };
  const text = runReport({ ...given, related: [], command: 'p', alarms: ['other \u001b[31m'] });
  expect(text.split('\n')[3]).toBe('ALARM: other ·[31m');
});
