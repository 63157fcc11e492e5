import { expect, test } from 'vitest';
import type { Replay } from '../../../orchestrator/domain/policy-change.ts';
import { policyDiffText } from '../../../orchestrator/text/policy-diff.ts';
import { replayText } from '../../../orchestrator/text/policy-replay.ts';
import {
  caseReportJunit,
  caseReportTap,
  caseReportText,
} from '../../../orchestrator/text/policy-test.ts';

const HOSTILE = 'a\u001b[2J\nnot ok 9 <b>"&\u202e';
const NAME = { commit: 'a'.repeat(40), title: HOSTILE, when: '2026-01-01T00:00:00Z' };
const LOOSE = { part: 'needs', gate: HOSTILE, before: HOSTILE, after: '', where: HOSTILE } as const;
const REPLAY: Replay = {
  judged: 30,
  loosened: Array.from({ length: 25 }, () => ({
    ...NAME,
    paths: [HOSTILE],
    loosenings: [LOOSE],
    isFree: true,
  })),
  gated: [{ ...NAME, paths: ['1', '2', '3', '4', '5'], gates: [] }],
  gates: [{ id: HOSTILE, before: 1, after: 2 }],
  load: [{ group: HOSTILE, before: 0.25, after: 12 }],
  weeks: 4,
  refused: [{ ...NAME, why: HOSTILE }],
};

test('nothing that a commit or a policy chose moves a cursor or begins a line', () => {
  const report = {
    cases: [
      {
        name: HOSTILE,
        where: HOSTILE,
        misses: [{ key: 'class', expected: HOSTILE, found: HOSTILE }],
      },
    ],
    coverage: null,
  };
  const changes = [{ effect: 'looser', about: HOSTILE, what: HOSTILE, where: HOSTILE }] as const;
  const texts = [
    replayText(REPLAY, 30),
    policyDiffText(changes),
    caseReportText(report),
    caseReportTap(report),
    caseReportJunit(report),
  ];
  for (const text of texts) {
    expect(text).not.toContain('\u001b');
    expect(text).not.toContain('\u202e');
    expect(text).not.toMatch(/^not ok 9/m);
  }
  expect(caseReportJunit(report)).not.toContain('<b>');
});

test('a long list is cut, and says by how much', () => {
  const text = replayText(REPLAY, 30);
  expect(text).toContain('Loosened: the new policy asks for less (25)');
  expect(text).toContain('and 5 more; --json has them all');
  expect(text).toContain('1, 2, 3 and 2 more: denied');
  expect(text).not.toContain('were asked for');
});
