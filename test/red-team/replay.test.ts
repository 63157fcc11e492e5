/** An approval is for one tree with its checks and its policy. Used for another it is worth nothing. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { approve } from '../../orchestrator/commands/approve.ts';
import type { Factory } from '../../orchestrator/compose.ts';
import type { RunId } from '../../orchestrator/domain/ids.ts';
import type { RunEvent } from '../../orchestrator/domain/run-state.ts';
import { contextFor } from '../scenarios/context.ts';
import { eventsOf, shellAgent } from '../scenarios/steps.ts';
import { leftOver, queue, settle, stateOf, testFactory } from '../scenarios/support.ts';
import { tinyRepository } from '../scenarios/tiny.ts';

const AGENT = shellAgent(
  'mkdir -p src/auth; grep -c . "$PROOFHOUSE_TASK_FILE" > src/auth/lines.txt; cksum < "$PROOFHOUSE_TASK_FILE" >> src/auth/lines.txt\n',
);
type Approved = Extract<RunEvent, { type: 'approved' }>;

describe('an approval that was given for another change', () => {
  it('is refused by name, changes nothing when forged, and is found stale before it publishes', async () => {
    const factory = await testFactory('replay');
    const repository = tinyRepository(path.join(factory.home, 'tiny'), AGENT);
    const first = await queue(factory, repository, 'The harmless one');
    const second = await queue(factory, repository, 'The other one');
    const seen = await waits(factory, first.id);
    const other = await waits(factory, second.id);
    expect(other.change.tree).not.toBe(seen.change.tree);

    const context = contextFor(factory);
    const borrowed = { run: second.id, tree: seen.change.tree, as: 'local:rita' };
    await expect(approve(context, borrowed)).rejects.toMatchObject({ code: 'approval_stale' });
    const own = { run: second.id, tree: other.change.tree, as: 'local:dana' };
    await expect(approve(context, own)).rejects.toMatchObject({ code: 'not_eligible' });

    await approve(context, { run: first.id, tree: seen.change.tree, as: 'local:rita' });
    const [given] = await approvals(factory, first.id);
    if (given === undefined) throw new Error('nobody approved');
    // As somebody would who can write to the journal: the approval of one run, told to the other.
    await append(factory, second.id, { ...given, openSlots: 0 });
    expect(await stateOf(factory, second.id)).toMatchObject({
      phase: 'awaiting_approval',
      records: { approvals: [] },
    });
    // And with tree and evidence made to fit: the rest of what it names does not.
    const { record, envelope } = given.approval;
    const subject = { ...record.subject, tree: other.change.tree };
    const fitted = { ...record, subject, evidence: { digest: other.evidence } };
    const forged = { ...given, openSlots: 0, approval: { record: fitted, envelope } };
    await append(factory, second.id, forged);
    expect(await settle(factory, second.id)).toMatchObject({ phase: 'awaiting_approval' });
    const journal = await factory.store.read(second.id);
    const last = journal.findLast(({ event }) => event.type === 'validation_passed')?.event;
    expect(last).toMatchObject({ lapsed: [{ code: 'bad_signature' }] });
    expect(await eventsOf(factory, second.id)).toContain('approvals_went_stale');

    const pulls = await factory.forge.pullRequests(repository);
    expect(pulls.map(({ head }) => head)).toEqual([expect.stringContaining(first.id)]);
    expect([...leftOver(first.id), ...leftOver(second.id)]).toEqual([]);
  });
});

async function waits(factory: Factory, id: RunId) {
  const run = await settle(factory, id);
  if (run.phase !== 'awaiting_approval') throw new Error(`${id} is ${run.phase}`);
  return run;
}

async function append(factory: Factory, id: RunId, event: RunEvent): Promise<void> {
  await factory.store.append(id, (await factory.store.read(id)).length, event, null);
}

async function approvals(factory: Factory, id: RunId): Promise<Approved[]> {
  const journal = await factory.store.read(id);
  return journal.flatMap(({ event }) => (event.type === 'approved' ? [event] : []));
}
