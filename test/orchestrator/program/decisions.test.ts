/** How the commands of decisions are called; what they do is tested in `commands/`. */
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import type { Perform } from '../../../orchestrator/commands/context.ts';
import type { Judgement } from '../../../orchestrator/domain/judgement.ts';
import { decisionCommands, emergencyCommands } from '../../../orchestrator/program/decisions.ts';
import type { Desk } from '../commands/context.ts';
import { now, records, TREE, waitingDesk } from '../commands/waiting.ts';
import { HOLD, RUN } from '../fixtures.ts';

const JUDGED: Judgement = {
  ...HOLD,
  gates: HOLD.gates.map((gate) => ({ ...gate, approvals: [{ group: 'security', count: 2 }] })),
  delegation: { maxMs: 86_400_000, scope: null },
  breakGlass: {
    ...{ groups: ['security'], count: 2, maxDurationMs: 7_200_000, reasonMinChars: 10 },
    ...{ incidentUrl: 'https://incidents.acme.dev/', never: [], reviewWithinMs: 86_400_000 },
  },
};

async function called({ context }: Desk, line: string): Promise<void> {
  const program = new Command('proofhouse').exitOverride().configureOutput({ writeErr: () => {} });
  const perform: Perform = async (command) => {
    await command(context);
  };
  decisionCommands(program, perform);
  emergencyCommands(program, perform);
  await program.parseAsync(line.split(' '), { from: 'user' });
}

const tree = `--tree ${TREE}`;
const emergency = `break-glass ${RUN} ${tree} --gate auth --incident https://incidents.acme.dev/7`;

describe('a decision is called', () => {
  test('to approve, to take it back, and to lift what was vetoed', async () => {
    const one = await waitingDesk(JUDGED);
    await called(one, `approve ${RUN} ${tree} --as rita`);
    await called(one, `revoke ${RUN} --as rita --gate auth --reason doubts`);
    await called(one, `veto ${RUN} ${tree} --as sam --gate auth --reason no`);
    await called(one, `veto ${RUN} --lift --as sam`);
    expect(await records(one.store)).toMatchObject({
      approvals: [{ record: { decision: 'approve' } }, { record: { decision: 'reject' } }],
      revocations: [{ record: { reason: 'doubts' } }],
      lifts: [{}],
    });
  });

  test('for somebody who handed their vote on', async () => {
    const one = await waitingDesk(JUDGED);
    await called(one, 'delegate --to ana --gate auth pay --for 3h --as rita');
    await called(one, `approve ${RUN} ${tree} --as ana --on-behalf-of rita`);
    expect(await records(one.store)).toMatchObject({
      approvals: [{ record: { onBehalfOf: 'local:rita' } }],
      delegations: [{ record: { gates: ['auth', 'pay'] } }],
    });
  });

  test('in an emergency, and after it', async () => {
    const one = await waitingDesk(JUDGED);
    const reason = '--reason nobody-can-sign-in';
    await called(one, `${emergency} ${reason} --as rita`);
    await called(one, `${emergency} ${reason} --as sam`);
    expect((await now(one.store)).phase).toBe('publishing');
    await called(one, `break-glass review ${RUN} --note fine --as lou`);
    expect((await one.store.kept()).at(-1)).toMatchObject({
      kind: 'review',
      signed: { record: { by: 'local:lou', note: 'fine' } },
    });
  });

  test('and a sentence is asked for where it must be said', async () => {
    const one = await waitingDesk(JUDGED);
    const usage = { code: 'usage' };
    await expect(called(one, `veto ${RUN} ${tree} --as sam`)).rejects.toMatchObject(usage);
    await expect(called(one, `${emergency} --as rita`)).rejects.toMatchObject(usage);
    await expect(called(one, `break-glass review ${RUN} --as lou`)).rejects.toThrow('--note');
    await expect(called(one, `reject ${RUN} ${tree} --as sam`)).rejects.toThrow('--reason');
  });
});
