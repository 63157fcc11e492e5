import { describe, expect, test } from 'vitest';
import {
  type BreakGlass,
  breakGlass,
  reviewGlass,
} from '../../../orchestrator/commands/break-glass.ts';
import { veto } from '../../../orchestrator/commands/veto.ts';
import type { Judgement } from '../../../orchestrator/domain/judgement.ts';
import { GATE, HOLD, RITA, RUN, SAM } from '../fixtures.ts';
import { by, now, records, refusedBy, waitingDesk } from './waiting.ts';

const HOUR_MS = 3_600_000;
const RULE = {
  ...{ groups: ['security'], count: 2, maxDurationMs: 2 * HOUR_MS, reasonMinChars: 10 },
  ...{ incidentUrl: 'https://incidents.acme.dev/', never: ['edit-policy'] },
  reviewWithinMs: 48 * HOUR_MS,
};
const JUDGED: Judgement = { ...HOLD, breakGlass: RULE };
const wanted = (as: string, over: Partial<BreakGlass> = {}): BreakGlass => ({
  ...by(as),
  ...{ gates: ['auth'], reason: 'nobody can sign in', incident: 'https://incidents.acme.dev/7' },
  ...over,
});
const review = (as: string) => ({ run: RUN, as, note: 'It was right, and is mended.' });

describe('breaking the glass', () => {
  test('takes two: the first opens, another confirms with the same command', async () => {
    const one = await waitingDesk(JUDGED);
    expect(await breakGlass(one.context, wanted('rita'))).toBe(3);
    expect((await now(one.store)).phase).toBe('awaiting_approval');
    expect(await breakGlass(one.context, wanted('sam'))).toBe(0);
    expect(await now(one.store)).toMatchObject({
      phase: 'publishing',
      records: {
        approvals: [],
        glass: [{ record: { by: { id: RITA } } }, { record: { by: { id: SAM } } }],
      },
    });
    expect(one.said).toEqual([
      `local:rita broke the glass of ${RUN}. It opens when another person confirms with the same command.\n` +
        'Gate auth needs 1 more of security: local:rita, local:sam could.',
      `The glass of ${RUN} is broken. Somebody else must review it: ./proofhouse break-glass review ${RUN} --note TEXT\n` +
        'It goes on in a controller that runs, or with: ./proofhouse serve --until-idle',
    ]);
  });

  test('twice by one person opens nothing', async () => {
    const one = await waitingDesk(JUDGED);
    await breakGlass(one.context, wanted('rita'));
    expect(await breakGlass(one.context, wanted('rita'))).toBe(3);
  });

  test('opens nothing when the second comes too late', async () => {
    const one = await waitingDesk(JUDGED);
    await breakGlass(one.context, wanted('rita'));
    one.at('2026-03-01T12:00:00.000Z');
    expect(await breakGlass(one.context, wanted('sam'))).toBe(3);
    expect(await breakGlass(one.context, wanted('rita'))).toBe(0);
  });

  const never: Judgement = { ...JUDGED, breakGlass: { ...RULE, never: ['auth'] } };
  test.each([
    ['where the policy has none', HOLD, {}, 'no break_glass'],
    ['of a gate that is never opened', never, {}, 'never opens gate auth'],
    ['of a gate that is not there', JUDGED, { gates: ['ghost'] }, 'no gate named ghost'],
    ['with too few words', JUDGED, { reason: 'urgent' }, 'at least 10 characters'],
    ['without the incident', JUDGED, { incident: 'https://evil.example/' }, 'must begin with'],
    ['by who asked', JUDGED, { as: 'dana' }, 'requested this task'],
    ['by a stranger', JUDGED, { as: 'mallory' }, 'is not in security'],
  ] as const)('%s is refused', async (_, judgement, over, why) => {
    const one = await waitingDesk(judgement);
    const fault = { code: 'not_eligible', message: expect.stringContaining(why) };
    await refusedBy(one, breakGlass(one.context, wanted('rita', over as object)), fault);
  });

  test.each([
    ['the tree', { tree: null }],
    ['a gate', { gates: [] }],
    ['a reason', { reason: ' ' }],
  ])('without %s is not understood', async (_, over) => {
    const one = await waitingDesk(JUDGED);
    await refusedBy(one, breakGlass(one.context, wanted('rita', over)), { code: 'usage' });
  });

  test('does not open what somebody vetoed', async () => {
    const one = await waitingDesk(JUDGED);
    await veto(one.context, { ...by('sam'), gates: [], reason: 'it makes it worse' });
    await breakGlass(one.context, wanted('rita'));
    expect(await breakGlass(one.context, wanted('sam'))).toBe(3);
  });

  test('opens the gates named and leaves the others', async () => {
    const pay = { ...GATE, id: 'pay' };
    const one = await waitingDesk({ ...JUDGED, gates: [GATE, pay] });
    await breakGlass(one.context, wanted('rita'));
    expect(await breakGlass(one.context, wanted('sam'))).toBe(3);
    expect(one.said[1]).toContain('Gate pay needs 1 more of security');
    expect((await records(one.store)).glass).toHaveLength(2);
  });
});

describe('afterwards', () => {
  const broken = async () => {
    const one = await waitingDesk(JUDGED);
    await breakGlass(one.context, wanted('rita'));
    await breakGlass(one.context, wanted('sam'));
    return one;
  };

  test('a review is due, once the glass is broken and not before', async () => {
    const one = await waitingDesk(JUDGED);
    await breakGlass(one.context, wanted('rita'));
    expect(await one.store.kept()).toEqual([]);
    await breakGlass(one.context, wanted('sam'));
    expect(await one.store.kept()).toMatchObject([
      { kind: 'review_due', task: RUN, by: [RITA, SAM], dueAt: '2026-03-03T10:00:00.000Z' },
    ]);
  });

  test('somebody else reviews', async () => {
    const one = await broken();
    for (const as of ['rita', 'sam'])
      await refusedBy(one, reviewGlass(one.context, review(as)), { code: 'not_eligible' });
    expect(await reviewGlass(one.context, review('lou'))).toBe(0);
    expect((await one.store.kept()).at(-1)).toMatchObject({
      kind: 'review',
      signed: { record: { by: 'local:lou', note: 'It was right, and is mended.' } },
    });
    await refusedBy(one, reviewGlass(one.context, review('lou')), { code: 'not_now' });
  });

  test('an overdue review refuses every further emergency, of any run, until it is done', async () => {
    const one = await waitingDesk(JUDGED, {}, '2026-04-01T00:00:00.000Z');
    await one.store.keep({
      ...{ kind: 'review_due', id: 'due_1', task: RUN, by: [RITA, SAM] },
      dueAt: '2026-03-03T10:00:00.000Z',
    });
    one.at('2026-03-03T09:59:59.999Z');
    expect(await breakGlass(one.context, wanted('rita'))).toBe(3);
    one.at('2026-03-03T10:00:00.000Z');
    await refusedBy(one, breakGlass(one.context, wanted('sam')), {
      code: 'not_now',
      message:
        `The emergency of ${RUN} was to be reviewed by 2026-03-03 10:00 and was not. ` +
        'No glass is broken before that is done.',
    });
    await reviewGlass(one.context, review('lou'));
    expect(await breakGlass(one.context, wanted('sam'))).toBe(0);
  });

  test('there is nothing to review where no glass was broken', async () => {
    const one = await waitingDesk(JUDGED);
    await refusedBy(one, reviewGlass(one.context, review('lou')), { code: 'not_now' });
  });
});
