/** Random walks over legal events: whatever a run goes through, its journal rebuilds it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  apply,
  BREAKS_MAX,
  IllegalTransition,
  NEW_RUN,
  nextStep,
} from '../../../orchestrator/domain/run.ts';
import { RunEvent, RunState } from '../../../orchestrator/domain/run-state.ts';
import type { JournalEntry } from '../../../orchestrator/ports.ts';
import { replay } from '../../../orchestrator/runner.ts';
import { ALLOW, AT, approval, CHANGE, DENY, EVENTS, FINDING, RITA, sha } from '../fixtures.ts';

/** Every type of event, and each way in which the same type leads elsewhere. */
const POOL: readonly RunEvent[] = [
  ...Object.values(EVENTS),
  { type: 'judged', judgement: ALLOW },
  { type: 'judged', judgement: DENY },
  { type: 'change_sealed', change: { ...CHANGE, tree: sha('7') } },
  { ...EVENTS.validation_failed, findings: [{ ...FINDING, message: 'another' }] },
  { ...EVENTS.approved, openSlots: 1 },
  { ...EVENTS.approved, approval: approval(RITA, { subject: { tree: sha('9') } }) },
  { ...EVENTS.machinery_broke, final: true },
];
const STEPS_MAX = 60;
const ENDS_ONE_IN = 17;

/** Takes any event that is legal now; the picks choose among them. */
function walk(picks: readonly number[]): { events: RunEvent[]; states: RunState[] } {
  const events: RunEvent[] = [];
  const states: RunState[] = [NEW_RUN];
  let run: RunState = NEW_RUN;
  for (const pick of picks) {
    const choice = choices(run, pick % ENDS_ONE_IN === 0);
    const event = choice[pick % choice.length];
    if (event === undefined) break;
    run = apply(run, event);
    events.push(event);
    states.push(run);
  }
  return { events, states };
}

/** Most steps lead on: an even choice would cancel nearly every run before it gets anywhere. */
function choices(run: RunState, mayEnd: boolean): RunEvent[] {
  const legal = POOL.filter((event) => isLegal(run, event));
  const onward = legal.filter((event) => isOpened(event) || apply(run, event).phase !== 'done');
  return mayEnd || onward.length === 0 ? legal : onward;
}

function isLegal(run: RunState, event: RunEvent): boolean {
  try {
    apply(run, event);
    return true;
  } catch (error) {
    if (error instanceof IllegalTransition) return false;
    throw error;
  }
}

const walks = fc.array(fc.nat({ max: 999 }), { maxLength: STEPS_MAX, size: 'max' }).map(walk);
const entries = (events: readonly RunEvent[]): JournalEntry[] =>
  events.map((event, seq) => ({ seq, at: AT, event }));

test('the walks get everywhere: into every phase, and to pull requests that people approved', () => {
  const all = fc.sample(walks, { numRuns: 100, seed: 1 });
  const phases = new Set(all.flatMap(({ states }) => states.map(({ phase }) => phase)));
  expect(phases.size).toBe(9);
  expect(all.filter(({ events }) => events.some(isOpened)).length).toBeGreaterThan(4);
});

test('replaying a journal that went through JSON gives the state of each step', () => {
  fc.assert(
    fc.property(walks, ({ events, states }) => {
      const stored = events.map((event) => RunEvent.parse(JSON.parse(JSON.stringify(event))));
      for (const [length, state] of states.entries()) {
        expect(replay(entries(stored.slice(0, length)))).toEqual(state);
      }
    }),
    { numRuns: 40 },
  );
});

test('no walk leaves the schema, the attempts or the breaks', () => {
  fc.assert(
    fc.property(walks, ({ states }) => {
      for (const run of states) {
        expect(RunState.safeParse(run).success).toBe(true);
        if ('attempt' in run) expect(run.attempt).toBeLessThanOrEqual(3);
        if ('breaks' in run) expect(run.breaks).toBeLessThan(BREAKS_MAX);
      }
    }),
    { numRuns: 40 },
  );
});

test('a run that is over stays over, and everything before it has a way on', () => {
  fc.assert(
    fc.property(walks, ({ states }) => {
      for (const run of states) {
        const legal = POOL.filter((event) => isLegal(run, event));
        expect(legal.length === 0).toBe(run.phase === 'done');
        if (run.phase === 'done') expect(nextStep(run)).toBeNull();
      }
    }),
    { numRuns: 15 },
  );
});

test('no walk reaches a pull request past a hold without something that people wrote', () => {
  fc.assert(
    fc.property(walks, ({ events, states }) => {
      const before = states[events.findIndex(isOpened)];
      if (before?.phase !== 'publishing' || before.judgement.verdict !== 'hold') return;
      const { approvals, glass, lifts } = before.records;
      expect(approvals.length + glass.length + lifts.length).toBeGreaterThan(0);
    }),
    { numRuns: 100 },
  );
});

function isOpened({ type }: RunEvent): boolean {
  return type === 'pull_request_opened';
}
