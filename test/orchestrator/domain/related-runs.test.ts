import { describe, expect, test } from 'vitest';
import { RunId } from '../../../orchestrator/domain/ids.ts';
import { type JudgedRun, relatedRuns } from '../../../orchestrator/domain/related-runs.ts';
import { AT, GATE, RUN, TASK } from '../fixtures.ts';

const NOW = '2026-03-20T10:00:00.000Z';
const OLD = AT;
const RECENT = '2026-03-10T10:00:00.000Z';
const OTHER = RunId.parse('r0000002');

/** A run whose gate asks people for these paths. */
function run(paths: readonly string[], over: Partial<JudgedRun> = {}): JudgedRun {
  const task = { ...TASK, id: OTHER };
  const gates = [{ ...GATE, paths: [...paths] }];
  return {
    ...{ task, judgement: { gates }, phase: 'awaiting_approval', isPublished: false, at: RECENT },
    ...over,
  };
}

const OWN = run(['src/auth/a.ts'], { task: { ...TASK, id: RUN } });
const ids = (...others: JudgedRun[]) => relatedRuns(OWN, others, NOW).map(({ id }) => id);

describe('a run is told of', () => {
  test('another one through the same gate, with what that one touches of it', () => {
    expect(relatedRuns(OWN, [OWN, run(['src/auth/b.ts'])], NOW)).toEqual([
      {
        ...{ id: OTHER, title: TASK.title, isPublished: false, files: [] },
        gates: [{ id: 'auth', paths: ['src/auth/b.ts'] }],
      },
    ]);
  });

  test('another one that touches the same file, though no gate asks anybody in both', () => {
    const quiet = { ...GATE, id: 'docs', approvals: [], paths: ['src/auth/a.ts', 'docs/b.md'] };
    const [told] = relatedRuns(OWN, [run([], { judgement: { gates: [quiet] } })], NOW);
    expect(told).toMatchObject({ gates: [], files: ['src/auth/a.ts'] });
  });

  test('what was published within two weeks, and what waits however long', () => {
    const published = { phase: 'done', isPublished: true } as const;
    expect(ids(run(['x'], published))).toEqual([OTHER]);
    expect(ids(run(['x'], { at: OLD }))).toEqual([OTHER]);
    expect(ids(run(['x'], { ...published, at: OLD }))).toEqual([]);
  });

  test('nothing of another repository, of a run that came to nothing, or of other gates and files', () => {
    const elsewhere = { task: { ...TASK, id: OTHER, repository: '/other' } };
    const other = { judgement: { gates: [{ ...GATE, id: 'docs', paths: ['docs/a.md'] }] } };
    expect(ids(run(['x'], elsewhere), run(['x'], { phase: 'done' }), run([], other))).toEqual([]);
  });

  test('ten at most, the newest first', () => {
    const many = Array.from({ length: 12 }, (_, day) => {
      const id = RunId.parse(`r00000${10 + day}`);
      return run(['x'], { task: { ...TASK, id }, at: `2026-03-${10 + (day % 10)}T10:00:00.000Z` });
    });
    const told = ids(...many);
    expect(told).toHaveLength(10);
    expect(told[0]).toBe('r0000019');
  });
});
