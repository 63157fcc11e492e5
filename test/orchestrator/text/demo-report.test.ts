import { describe, expect, test } from 'vitest';
import { RunId } from '../../../orchestrator/domain/ids.ts';
import type { RunEvent } from '../../../orchestrator/domain/run-state.ts';
import type { Activity } from '../../../orchestrator/ports.ts';
import { replay } from '../../../orchestrator/runner.ts';
import {
  type DemoRow,
  demoEvent,
  demoReport,
  waitingText,
} from '../../../orchestrator/text/demo-report.ts';
import {
  AT,
  DENY,
  EVENTS,
  HOLD,
  JOURNEY,
  RITA,
  RUN,
  SAM,
  STATES,
  TASK,
  WAITING,
} from '../fixtures.ts';

const COMMAND = './proofhouse --demo';
const MAY = [RITA, SAM];

function row(name: string, events: readonly RunEvent[], over: Partial<DemoRow> = {}): DemoRow {
  const journal = events.map((event, seq) => ({
    seq,
    at: new Date(Date.parse(AT) + seq * 1_000).toISOString(),
    event,
  }));
  const id = RunId.parse(`r000000${name.length % 10}`);
  const task = { ...TASK, id, source: `${name}.md` };
  const run = replay(journal);
  return { task, name, run, may: MAY, journal, calls: [], activity: [], ...over };
}

const refused = (text: string, index: number): Activity => ({
  ...{ run: RUN, attempt: 1, source: 'gateway', index, at: AT, kind: 'refused' },
  text,
});

const DENIED: RunEvent[] = [...JOURNEY.slice(0, 4), { type: 'judged', judgement: DENY }];
const report = (...rows: readonly DemoRow[]): string =>
  demoReport({ rows, forge: '/demo/forge/shop.git', home: '/demo', command: COMMAND });

test('the end of the demo: a table, what was refused, where to look, and what waits', () => {
  const tries = ['evil.example:443', 'evil.example:443', '169.254.169.254:80'].map(refused);
  const text = report(
    row('cart', JOURNEY),
    row('session', WAITING),
    row('helpful-issue', DENIED, { activity: tries }),
  );
  expect(text).toMatchInlineSnapshot(`
    "
    TASK           CLASS     GATES  CHECKS         OUTCOME                 WALL   COST
    cart           critical  auth   1 of 1 passed  pull request #7         7.0 s  $0.0000, 0 tokens
    session        critical  auth   1 of 1 passed  waits for approval      5.0 s  $0.0000, 0 tokens
    helpful-issue  critical  auth   not run        denied (change_denied)  4.0 s  $0.0000, 0 tokens

    Refused in helpful-issue, and recorded in its journal and log:
      - policy: Nobody edits the rules.
      - network: evil.example:443
      - network: 169.254.169.254:80
      - direct connections: the sandbox has no network, so there was nothing to refuse
      - credentials: there is none in the sandbox; what it printed of its environment is in the log

    Pull requests and branches are in the local forge: /demo/forge/shop.git
    Look at each run, and at everything its agent did:
      ./proofhouse --demo run show r0000004   # cart
      ./proofhouse --demo run logs r0000004
      ./proofhouse --demo run show r0000007   # session
      ./proofhouse --demo run logs r0000007
      ./proofhouse --demo run show r0000003   # helpful-issue
      ./proofhouse --demo run logs r0000003

    One change waits for a person. To approve exactly its tree, and then to publish it:
      ./proofhouse --demo approve r0000007 --tree bbbbbbbbbbbb --as local:rita
      ./proofhouse --demo serve --until-idle"
  `);
});

test('with nothing that waits it says nothing of approving', () => {
  expect(report(row('cart', JOURNEY))).not.toContain('approve');
});

describe('each event', () => {
  test('in the words of who watches', () => {
    const lines = Object.values(EVENTS).map((event) => demoEvent(event));
    expect(`\n${lines.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      claimed; a workspace is prepared
      workspace ready; codex 1.2.3 starts in its sandbox
      agent finished; its tree is taken out
      limit reached
      tree bbbbbbbbbbbb sealed: 2 files, +5 -1
      nothing changed
      change refused
      judged critical by gate auth: people must agree
      checks passed: unit (12 tests)
      checks failed: 1 findings go to the next attempt
      local:rita approved gate auth
      vetoed
      veto lifted
      revoked
      glass broken
      rejected
      sent back
      expired
      approvals went stale
      pull request #7 opened
      base moved
      base conflicts
      machinery broke (engine_failed): the engine is gone
      cancelled
      "
    `);
  });

  test.each([
    ['allow', 'nobody has to agree'],
    ['hold', 'people must agree'],
    ['deny', 'forbidden'],
  ] as const)('of a judgement that says %s', (verdict, words) => {
    const judgement = { ...HOLD, verdict, gates: [] };
    expect(demoEvent({ type: 'judged', judgement })).toBe(`judged critical: ${words}`);
  });
});

describe('what waits for a person', () => {
  test('says why, for whom, and the exact line', () => {
    const run = STATES.awaiting_approval;
    expect(waitingText({ task: TASK, run, command: COMMAND, may: MAY })).toMatchInlineSnapshot(`
      "
      "Round the total" waits for approval.
        why    gate auth: One bug is everyone's account.
        files  src/auth/session.ts
        who    local:rita or local:sam, and never local:dana, who asked
        how    ./proofhouse --demo approve r0000001 --tree bbbbbbbbbbbb --as local:rita
      "
    `);
  });

  test('says so when nobody could approve it', () => {
    const run = STATES.awaiting_approval;
    expect(waitingText({ task: TASK, run, command: COMMAND, may: [] })).toContain(
      'nobody is left who could',
    );
  });

  test('is nothing for a run that does not wait', () => {
    expect(waitingText({ task: TASK, run: STATES.done, command: COMMAND, may: [] })).toBe('');
  });
});

test('nothing that a terminal would act on gets through', () => {
  const EVIL = 'a\u001b[2J\u202eb';
  const [gate] = HOLD.gates;
  if (gate === undefined) throw new Error('the sample has a gate');
  const judgement = { ...HOLD, gates: [{ ...gate, why: EVIL, paths: [EVIL] }] };
  const task = { ...TASK, title: EVIL };
  const run = { ...STATES.awaiting_approval, judgement };
  const denials = [{ code: 'change_denied', message: EVIL, paths: [], where: '' }];
  const denied: RunEvent[] = [
    ...JOURNEY.slice(0, 4),
    { type: 'judged', judgement: { ...DENY, denials } },
  ];
  const { prepared } = EVENTS.workspace_ready;
  const shown = [
    waitingText({ task, run, command: COMMAND, may: MAY }),
    report(row('evil', denied, { task, activity: [refused(EVIL, 0)] })),
    demoEvent({ ...EVENTS.workspace_ready, prepared: { ...prepared, agent: EVIL } }),
    demoEvent({ ...EVENTS.machinery_broke, message: EVIL }),
  ].join('\n');
  expect(shown).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  expect(shown.match(/a·\[2J·b/g)?.length).toBeGreaterThan(5);
});
