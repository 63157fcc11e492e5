import { expect, test } from 'vitest';
import type { Outcome, RunState } from '../../../orchestrator/domain/run-state.ts';
import { exitOf, outcomeDetails, stateWords } from '../../../orchestrator/text/outcomes.ts';
import { DANA, FINDING, RITA, STATES, sha } from '../fixtures.ts';

const OUTCOMES: { readonly [K in Outcome['kind']]: Extract<Outcome, { kind: K }> } = {
  published: { kind: 'published', pullRequest: 7, url: '/pulls/7', commit: sha('c') },
  rejected: { kind: 'rejected', by: RITA, reason: 'not this way' },
  gave_up: { kind: 'gave_up', code: 'attempts_used_up', findings: [FINDING] },
  denied: { kind: 'denied', code: 'change_denied', findings: [FINDING] },
  broke: { kind: 'broke', code: 'engine_failed', message: 'the engine is gone' },
  cancelled: { kind: 'cancelled', by: DANA },
  expired: { kind: 'expired' },
  nothing_to_do: { kind: 'nothing_to_do', said: 'It is right as it is.' },
};
const done = (outcome: Outcome): RunState => ({ phase: 'done', outcome });

test.each([
  ['published', 0],
  ['nothing_to_do', 0],
  ['rejected', 1],
  ['gave_up', 1],
  ['denied', 1],
  ['cancelled', 1],
  ['expired', 1],
  ['broke', 4],
] as const)('a run that ended as %s has exit code %d', (kind, exit) => {
  expect(exitOf(done(OUTCOMES[kind]))).toBe(exit);
});

test('a run that broke has the exit code of what broke it', () => {
  expect(exitOf(done({ ...OUTCOMES.broke, code: 'policy_missing' }))).toBe(2);
});

test('a run that waits for a person has exit code 3, and one that goes on 0', () => {
  expect(exitOf(STATES.awaiting_approval)).toBe(3);
  expect([STATES.queued, STATES.working, STATES.publishing].map(exitOf)).toEqual([0, 0, 0]);
});

test('every outcome in a few words, and what to do about it', () => {
  const all = Object.values(OUTCOMES).map((outcome) => {
    return [stateWords(done(outcome)), ...outcomeDetails(outcome)].join('\n  ');
  });
  expect(`\n${all.join('\n')}\n`).toMatchInlineSnapshot(`
    "
    pull request #7
      /pulls/7
      commit cccccccccccccccccccccccccccccccccccccccc
    rejected by local:rita
      not this way
    gave up (attempts_used_up)
      Every attempt was made and checks still fail.
      - unit: cart › rounds: expected 3 to be 2
      What to do: Read the findings, say more in the task, and queue it again.
    denied (change_denied)
      The policy forbids this change.
      - unit: cart › rounds: expected 3 to be 2
      What to do: Ask for a change that leaves those paths alone, or ask the owner of the policy.
    broke (engine_failed)
      the engine is gone
      What to do: See what the machine lacks with: proofhouse doctor
    cancelled by local:dana
    expired: nobody decided in time
    nothing to do: the agent changed no file
      The agent said: It is right as it is.
    "
  `);
});

test('an agent that said nothing is not quoted', () => {
  expect(outcomeDetails({ kind: 'nothing_to_do', said: '' })).toEqual([]);
});
