import { describe, expect, test } from 'vitest';
import { approve } from '../../../orchestrator/commands/approve.ts';
import { type Delegate, delegate } from '../../../orchestrator/commands/delegate.ts';
import { revoke } from '../../../orchestrator/commands/revoke.ts';
import { Person } from '../../../orchestrator/domain/ids.ts';
import type { Judgement } from '../../../orchestrator/domain/judgement.ts';
import { HOLD, RITA, RUN } from '../fixtures.ts';
import { by, now, records, refusedBy, waitingDesk } from './waiting.ts';

const ANA = Person.parse('local:ana');
const DAY_MS = 86_400_000;
const JUDGED: Judgement = { ...HOLD, delegation: { maxMs: 3 * DAY_MS, scope: null } };
const wanted = (over: Partial<Delegate> = {}): Delegate => ({
  ...{ to: 'ana', gates: ['auth'], for: '1d', as: 'rita' },
  ...over,
});
const forRita = (as: string) => ({ ...by(as), onBehalfOf: 'rita' });

describe('a vote that was handed on', () => {
  test('counts, and it is said whose it is', async () => {
    const one = await waitingDesk(JUDGED);
    expect(await delegate(one.context, wanted())).toBe(0);
    expect(await approve(one.context, forRita('ana'))).toBe(0);
    expect(one.said).toEqual([
      'local:ana may approve gate auth for local:rita until 2026-03-02 10:00, or as long as the policy allows: ' +
        './proofhouse approve RUN --tree TREE --as local:ana --on-behalf-of local:rita',
      `local:ana for local:rita approved auth of ${RUN}.\n` +
        'It goes on in a controller that runs, or with: ./proofhouse serve --until-idle',
    ]);
    expect(await records(one.store)).toMatchObject({
      approvals: [{ record: { approver: { id: ANA, groups: ['security'] }, onBehalfOf: RITA } }],
      delegations: [{ record: { from: RITA, to: ANA } }],
    });
  });

  test('is needed: nobody acts for another by saying so', async () => {
    const one = await waitingDesk(JUDGED);
    await refusedBy(one, approve(one.context, forRita('ana')), {
      code: 'not_eligible',
      message: 'local:rita did not hand their vote on gate auth to local:ana.',
    });
  });

  test('is good for who was named, on the gates named, until its end', async () => {
    const one = await waitingDesk(JUDGED, {}, '2026-04-01T00:00:00.000Z');
    await delegate(one.context, wanted({ gates: ['docs'] }));
    await delegate(one.context, wanted({ to: 'bob' }));
    await refusedBy(one, approve(one.context, forRita('ana')), { code: 'not_eligible' });
    await delegate(one.context, wanted());
    one.at('2026-03-02T10:00:00.000Z');
    await refusedBy(one, approve(one.context, forRita('ana')), {
      message:
        'The time in which local:ana could act for local:rita ended at 2026-03-02T10:00:00.000Z.',
    });
  });

  test('is good only where the policy has it', async () => {
    const one = await waitingDesk(HOLD);
    await delegate(one.context, wanted());
    await refusedBy(one, approve(one.context, forRita('ana')), {
      message: expect.stringContaining('the policy lets nobody hand on their vote'),
    });
  });

  test('is not for who asked, nor for an agent or a bot', async () => {
    const one = await waitingDesk(JUDGED);
    await delegate(one.context, wanted({ to: 'dana' }));
    await refusedBy(one, approve(one.context, forRita('dana')), {
      message: 'local:dana requested this task and cannot approve it.',
    });
    for (const to of ['agent:codex', 'bot:renovate'])
      await refusedBy(one, delegate(one.context, wanted({ to })), { code: 'not_eligible' });
  });

  test('can be taken back by whose vote it is', async () => {
    const one = await waitingDesk(JUDGED);
    await delegate(one.context, wanted());
    await approve(one.context, forRita('ana'));
    await revoke(one.context, { run: RUN, as: 'rita', gates: [], reason: null });
    expect(await now(one.store)).toMatchObject({ records: { revocations: [{}] } });
  });
});

describe('handing on a vote', () => {
  test.each([
    ['to themselves', { to: 'rita' }],
    ['for no time', { for: 'a while' }],
    ['for longer than 90 days', { for: '91d' }],
    ['to what is no person', { to: 'a b' }],
  ])('%s is refused', async (_, over) => {
    const one = await waitingDesk(JUDGED);
    await expect(delegate(one.context, wanted(over))).rejects.toMatchObject({ code: 'usage' });
    expect(await one.store.kept()).toEqual([]);
  });

  test('is kept for every run, signed', async () => {
    const one = await waitingDesk(JUDGED);
    await delegate(one.context, wanted({ gates: ['pay', 'auth', 'pay'] }));
    expect(await one.store.kept()).toMatchObject([
      { kind: 'delegation', signed: { record: { gates: ['auth', 'pay'] } } },
    ]);
  });
});
