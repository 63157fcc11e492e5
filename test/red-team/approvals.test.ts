/**
 * Approvals turned against the gate: replayed, outlived by a policy, raced. Each attack first gets
 * through a gate that lacks one check, so that we know it is an attack, and then fails against ours.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { appendOutside } from '../../orchestrator/commands/outside.ts';
import type { Approval } from '../../orchestrator/domain/approval.ts';
import type { Judgement } from '../../orchestrator/domain/judgement.ts';
import type { RunEvent } from '../../orchestrator/domain/run-state.ts';
import type { Store } from '../../orchestrator/ports.ts';
import { replay } from '../../orchestrator/runner.ts';
import { openSqliteStore } from '../../orchestrator/store/sqlite.ts';
import { type Held, momentOf } from '../../policies/moment.ts';
import { standing } from '../../policies/standing.ts';
import { tally } from '../../policies/tally.ts';
import { approval, EVENTS, HOLD, RITA, RUN, SAM, TASK, WAITING } from '../orchestrator/fixtures.ts';
import { JUDGED, moment, no, takenBack, yes } from '../policies/moments.ts';
import { digest, person, sha } from '../policies/sample.ts';
import { SIGNATURES } from '../policies/signing.ts';

type Changes = NonNullable<Parameters<typeof moment>[1]>;

/** A gate with a check for each thing an approval is bound to, but for the one that it lacks. */
function weakened(lacks: string, approved: Approval, changes: Changes): boolean {
  const now = moment({}, changes);
  const gate = now.judgement.gates.find(({ id }) => id === approved.gate);
  const checks: Record<string, boolean> = {
    place: approved.subject.repo === now.repo && approved.subject.targetRef === now.targetRef,
    task: approved.task === now.task,
    tree: approved.subject.tree === now.change.tree,
    scope: approved.subject.scope === gate?.scope,
    definition: approved.policy.gate === gate?.definition,
    evidence: approved.evidence.digest === now.evidence,
    time: Date.parse(now.now) < Date.parse(approved.expiresAt),
    member: (now.judgement.groups['security']?.members ?? []).includes(approved.approver.id),
  };
  return Object.entries(checks).every(([name, holds]) => name === lacks || holds);
}

const RULED: Changes = { gate: { bind: 'evidence' } };
const { subject } = yes('rita').record;

const ATTACKS: readonly [
  attack: string,
  lacks: string,
  Partial<Approval>,
  Changes,
  code: string,
][] = [
  ['on another tree', 'tree', {}, { change: { tree: sha('9') } }, 'tree_changed'],
  [
    'on another repository',
    'place',
    { subject: { ...subject, repo: 'github:acme/x' } },
    {},
    'other_repository',
  ],
  ['on another branch', 'place', {}, { targetRef: 'refs/heads/release' }, 'other_target'],
  [
    'on another task of the same tree',
    'task',
    {},
    { task: 'r0000009' as Approval['task'] },
    'other_task',
  ],
  [
    'under another base with other blobs',
    'scope',
    {},
    { change: { base: sha('9') }, gate: { scope: digest('9') } },
    'scope_changed',
  ],
  [
    'under another policy of the gate',
    'definition',
    {},
    { gate: { definition: digest('9') } },
    'gate_redefined',
  ],
  ['after it expired', 'time', { expiresAt: '2026-01-01T11:30:00.000Z' }, {}, 'expired'],
  [
    'when its giver is no member',
    'member',
    {},
    {
      judgement: {
        groups: {
          ...JUDGED.groups,
          security: { members: [person('sam')], minAssurance: 'session' },
        },
      },
    },
    'left_the_group',
  ],
  [
    'when a validator of another image checked it',
    'evidence',
    {},
    { evidence: digest('9') },
    'evidence_changed',
  ],
];

describe('an approval replayed', () => {
  test.each(ATTACKS)(
    '%s passes a gate that does not look at %s, and not ours',
    (_, lacks, over, changes, code) => {
      const held = yes('rita', over);
      const now = { ...changes, gate: { ...RULED.gate, ...changes.gate } };
      expect(weakened(lacks, held.record, now)).toBe(true);
      expect(weakened('nothing', held.record, now)).toBe(false);
      expect(standing(held, moment({ approvals: [held] }, now))).toMatchObject({
        counts: false,
        code,
      });
    },
  );

  test('after it was taken back passes a gate that reads approvals only, and not ours', () => {
    const held = yes('rita');
    const revocations = [takenBack(held, 'rita')];
    expect(tally(moment({ approvals: [held] }, RULED)).satisfied).toBe(true);
    expect(tally(moment({ approvals: [held], revocations }, RULED))).toMatchObject({
      satisfied: false,
      lapsed: [{ code: 'revoked' }],
    });
  });

  test('by who can write to the journal passes a gate that believes the record, and not ours', () => {
    const given = approval(RITA, { gate: 'other' });
    const forged = { ...given, record: { ...given.record, gate: 'auth' } };
    const run = {
      change: EVENTS.change_sealed.change,
      judgement: HOLD,
      evidence: EVENTS.validation_passed.evidence,
    };
    const records = { approvals: [forged], revocations: [], lifts: [], delegations: [], glass: [] };
    const at = new Date('2026-03-01T11:00:00.000Z');
    const believing = momentOf(TASK, { ...run, records }, () => true, at);
    expect(tally(believing).satisfied).toBe(true);
    const ours = momentOf(TASK, { ...run, records }, SIGNATURES.holds, at);
    expect(tally(ours)).toMatchObject({ satisfied: false, lapsed: [{ code: 'bad_signature' }] });
  });
});

describe('a policy or a validator that changed between approval and push', () => {
  const held = yes('rita');
  const cases: readonly [string, Changes][] = [
    ['the counts of the gate', { gate: { bind: 'evidence', definition: digest('9') } }],
    ['the image of a validator', { gate: { bind: 'evidence' }, evidence: digest('9') }],
  ];

  test.each(cases)(
    '%s: passes when the policy of the approval is looked at, and not when that of now is',
    (_, changes) => {
      const atApproval = moment({ approvals: [held] }, RULED);
      const atPush = moment({ approvals: [held] }, changes);
      expect(tally(atApproval).satisfied).toBe(true);
      expect(tally(atPush).satisfied).toBe(false);
      expect(tally(atPush).open).toMatchObject([{ gate: 'auth', group: 'security', missing: 1 }]);
    },
  );
});

describe('two decisions that race', () => {
  const two: Judgement = {
    ...HOLD,
    gates: HOLD.gates.map((gate) => ({ ...gate, approvals: [{ group: 'security', count: 2 }] })),
  };
  const journal = WAITING.map(
    (event): RunEvent => (event.type === 'judged' ? { ...event, judgement: two } : event),
  );

  async function storeWaiting(): Promise<Store> {
    const folder = mkdtempSync(path.join(tmpdir(), 'proofhouse-race-'));
    const store = openSqliteStore(path.join(folder, 'journal.sqlite'), () => new Date());
    onTestFinished(() => {
      store.close();
      rmSync(folder, { recursive: true, force: true });
    });
    await store.addTask(TASK);
    for (const [seq, event] of journal.entries()) await store.append(RUN, seq, event, null);
    return store;
  }

  const counted = (run: ReturnType<typeof replay>, more: Approval[] = []): number => {
    if (run.phase !== 'awaiting_approval') throw new Error(`it is ${run.phase}`);
    const signed = more.map((record) => SIGNATURES.sign('approval', record));
    const records = { ...run.records, approvals: [...run.records.approvals, ...signed] };
    const at = new Date('2026-03-01T11:00:00.000Z');
    return tally(momentOf(TASK, { ...run, records }, SIGNATURES.holds, at)).openSlots;
  };
  const decide =
    (by: typeof RITA, decision: 'approve' | 'reject') =>
    (run: ReturnType<typeof replay>): RunEvent => {
      const given = approval(by, { decision });
      return decision === 'reject'
        ? { type: 'vetoed', veto: given }
        : {
            type: 'approved',
            approval: given,
            delegation: null,
            openSlots: counted(run, [given.record]),
          };
    };

  test('two approvals that were counted apart open nothing; counted in turn they open the gate', async () => {
    const apart = await storeWaiting();
    const seen = replay(await apart.read(RUN));
    // Each looks at what was there before the other, as two processes that do not hear each other.
    for (const by of [RITA, SAM]) {
      const seq = (await apart.read(RUN)).length;
      await apart.append(RUN, seq, decide(by, 'approve')(seen), null);
    }
    expect(replay(await apart.read(RUN)).phase).toBe('awaiting_approval');

    const store = await storeWaiting();
    await Promise.all([RITA, SAM].map((by) => appendOutside(store, RUN, decide(by, 'approve'))));
    expect(replay(await store.read(RUN)).phase).toBe('publishing');
    const types = (await store.read(RUN)).map(({ event }) => event.type).slice(journal.length);
    expect(types).toEqual(['approved', 'approved']);
  });

  test('approve and reject have one outcome in either order: the gate is shut', () => {
    const last = (records: readonly Held<Approval>[]): boolean =>
      records.at(-1)?.record.decision === 'approve';
    const orders: Held<Approval>[][] = [
      [yes('rita'), no('sam')],
      [no('sam'), yes('rita')],
    ];
    // Whoever counts the last word lets one of the two orders through.
    expect(orders.map(last)).toEqual([false, true]);
    expect(orders.map((approvals) => tally(moment({ approvals })).satisfied)).toEqual([
      false,
      false,
    ]);
  });

  test('approve and veto at once are both written down, and one order of them is the truth', async () => {
    const store = await storeWaiting();
    const racing = [
      appendOutside(store, RUN, decide(RITA, 'approve')),
      appendOutside(store, RUN, decide(SAM, 'reject')),
    ];
    await Promise.all(racing);
    const run = replay(await store.read(RUN));
    expect(run.phase).toBe('awaiting_approval');
    expect(counted(run)).toBe(2);
    const logged = (await store.audit.records(0)).map(({ type }) => type);
    expect(logged).toContain('approval.granted');
    expect(logged).toContain('approval.rejected');
  });
});
