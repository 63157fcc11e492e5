import { describe, expect, test } from 'vitest';
import type { Facts } from '../../../orchestrator/domain/change.ts';
import { type Person, RunId } from '../../../orchestrator/domain/ids.ts';
import { NO_RECORDS } from '../../../orchestrator/domain/records.ts';
import type { In, RunEvent } from '../../../orchestrator/domain/run-state.ts';
import type { Source } from '../../../orchestrator/ports/source.ts';
import type { PullRequest, PullRequestDraft } from '../../../orchestrator/ports.ts';
import { factsOf } from '../../../orchestrator/stages/facts.ts';
import { publish } from '../../../orchestrator/stages/publish.ts';
import { pullRequestText } from '../../../orchestrator/text/pull-request.ts';
import { runReport } from '../../../orchestrator/text/run-report.ts';
import { decide, policyDigest } from '../../../policies/decide.ts';
import { entry, load } from '../../policies/sample.ts';
import { SIGNATURES } from '../../policies/signing.ts';
import {
  AT,
  approval,
  DANA,
  EVENTS,
  PREPARED,
  RITA,
  RUN,
  recordsOf,
  SAM,
  STATES,
  sha,
  TASK,
  WAITING,
} from '../fixtures.ts';
import { PULL_REQUEST } from '../text/pull-request-facts.ts';
import {
  AUTH,
  BASE,
  EDIT,
  FORGE,
  type Given,
  layers,
  POLICY,
  POLICY_PATH,
  repository,
  SIGNAL,
  sourceOf,
  TREE,
  toolsWith,
} from './tools.ts';

const COMMIT = sha('c');
const DIGEST = expect.stringMatching(/^sha256:[0-9a-f]{64}$/);
const TIP = sha('d');
const MERGED = sha('e');
const ENTRIES = { [`${BASE} ${TREE}`]: [EDIT, AUTH] };

async function read(source: Source): Promise<Facts> {
  const place = { run: RUN, attempt: 1, repository: TASK.repository, base: BASE };
  const facts = await factsOf(source, place, TREE, { base: TASK.base, layers: [] });
  if ('refused' in facts) throw new Error('the sample is refused');
  return facts.facts;
}

/** A run whose gate was approved by these, at the time of the task. */
async function publishing(by: readonly Person[] = [RITA]): Promise<In<'publishing'>> {
  const facts = await read(sourceOf(repository({ entries: ENTRIES })));
  const judgement = decide(layers(), facts, AT);
  const { change } = facts;
  const gate = judgement.gates.find(({ id }) => id === 'auth');
  if (gate === undefined) throw new Error('the sample has a gate');
  const approvals = by.map((person) =>
    approval(person, {
      subject: { base: change.base, tree: change.tree, change: change.entries, scope: gate.scope },
      policy: { effective: judgement.policy, gate: gate.definition },
    }),
  );
  return { ...STATES.publishing, change, judgement, records: recordsOf(...approvals) };
}

function withRecord(run: In<'publishing'>, over: Parameters<typeof approval>[1]): In<'publishing'> {
  const [signed] = run.records.approvals;
  if (signed === undefined) throw new Error('the sample has an approval');
  const { subject, policy } = signed.record;
  const merged = { ...over, policy, subject: { ...subject, ...over?.subject } };
  return { ...run, records: recordsOf(approval(RITA, merged)) };
}

/** A forge and a source that note what is written; each writes once. */
function writing(
  over: Partial<Source> = {},
  files: Record<string, string> = { [POLICY_PATH]: POLICY },
) {
  const committed: unknown[] = [];
  const drafts: PullRequestDraft[] = [];
  const source = sourceOf(repository({ entries: ENTRIES, files: { [BASE]: files } }), {
    commit: async (place, tree, message, at) => {
      committed.push({ place, tree, message, at });
      return { commit: COMMIT, from: '/quarantine.git' };
    },
    ...over,
  });
  const forge = {
    ...FORGE,
    ensurePullRequest: async (draft: PullRequestDraft): Promise<PullRequest> => {
      drafts.push(draft);
      return { ...draft, number: 7, state: 'open', openedAt: AT, url: '/pulls/7' };
    },
  };
  return { given: { source, forge }, committed, drafts };
}

describe('a change that everybody still agrees to', () => {
  test('becomes one commit of ours and one pull request', async () => {
    const { given, committed, drafts } = writing();
    const run = await publishing();
    expect(await publish(await toolsWith(given), run, TASK, SIGNAL)).toEqual({
      type: 'pull_request_opened',
      number: 7,
      url: '/pulls/7',
      commit: COMMIT,
      consumed: run.records.approvals.map(({ record }) => record.id),
      bundle: { manifest: DIGEST, envelope: DIGEST },
    });
    expect(committed).toMatchObject([{ tree: TREE, place: { base: BASE, attempt: 1 } }]);
    expect(drafts).toMatchObject([
      {
        base: 'main',
        head: `proofhouse/${RUN}`,
        commit: COMMIT,
        from: '/quarantine.git',
        title: TASK.title,
      },
    ]);
  });

  test('says that its model was scripted, whichever model the controller has that publishes it', async () => {
    for (const [model, isScripted] of [
      ['scripted', true],
      ['large', false],
    ] as const) {
      const { given, drafts } = writing();
      const tools = await toolsWith(given);
      const usage = { inputTokens: 1, outputTokens: 1 };
      const whose = { id: model, run: RUN, attempt: 1, at: AT, role: 'edit', vendor: '' } as const;
      const call = { ...whose, model, usage, microUsd: 0 };
      const NO_BUDGET = { microUsd: null, tokens: null, turns: null };
      const rest = { wallMs: 1, failure: null };
      await tools.store.ledger.reserve({ ...call, ...rest, state: 'reserved' }, NO_BUDGET);
      await tools.store.ledger.settle({ ...call, ...rest, state: 'settled' });
      await publish(tools, await publishing(), TASK, SIGNAL);
      expect(drafts[0]?.body.includes('The model was scripted')).toBe(isScripted);
    }
  });

  test('has the time of the task on its commit, so that doing it again makes the same one', async () => {
    const { given, committed } = writing();
    const run = await publishing();
    const tools = await toolsWith(given);
    const first = await publish(tools, run, TASK, SIGNAL);
    const later = { ...tools, clock: () => new Date(Date.parse(AT) + 3_600_000) };
    expect(await publish(later, run, TASK, SIGNAL)).toEqual(first);
    expect(committed).toHaveLength(2);
    expect(committed[1]).toEqual(committed[0]);
    expect(committed[0]).toMatchObject({ at: TASK.queuedAt });
  });
});

describe('nothing is written, and people are asked again,', () => {
  async function stale(given: Given, run: In<'publishing'>, reason: string): Promise<void> {
    const { given: forge } = writing();
    const strictest = { ...forge, forge: FORGE, ...given };
    const event = await publish(await toolsWith(strictest), run, TASK, SIGNAL);
    expect(event).toMatchObject({
      type: 'approvals_went_stale',
      reasons: expect.arrayContaining([expect.stringContaining(reason)]),
    });
  }

  test('when an approval has run out', async () => {
    const clock = () => new Date(Date.parse(AT) + 86_400_000);
    await stale({ over: { clock } }, await publishing(), 'expired');
  });

  test('when nobody agreed', async () => {
    await stale({}, await publishing([]), 'Gate auth needs 1 more of security');
  });

  test('when the only one who agreed is who asked', async () => {
    await stale({}, await publishing([DANA]), 'requested this task');
  });

  test('when the gate is defined differently by now', async () => {
    const org = load(
      POLICY.replace('layer: standalone', 'layer: org')
        .replace('small', 'acme')
        .replace('count: 1', 'count: 2'),
    );
    const given = { over: { above: [org] } };
    await stale(given, await publishing(), 'before the gate was defined differently');
  });

  test('when a layer above asks for another check by now, though nobody has to agree to more', async () => {
    const org = load(`apiVersion: proofhouse/v1
kind: Policy
metadata: { name: acme, layer: org, owner: security }
unmatched: { class: low }
validators: { licences: { run: [x], reports: { junit: j.xml } } }
`);
    const given = { over: { above: [org] } };
    await stale(given, await publishing(), 'The policy changed, so the change is judged and');
    await stale(given, await publishing(), 'Validator licences is required now');
  });

  test('when a check that the policy asks for is not among those that passed', async () => {
    const run = await publishing();
    const checks = run.checks.map((check) => ({ ...check, verdict: 'unknown' as const }));
    await stale({}, { ...run, checks }, 'Validator unit is required now, and has not passed.');
  });

  test('when the tree is not the one that was approved', async () => {
    const run = await publishing();
    await stale({}, withRecord(run, { subject: { tree: sha('9') } }), 'another tree');
  });

  test('when the signature does not hold', async () => {
    const run = await publishing();
    const [signed] = run.records.approvals;
    if (signed === undefined) throw new Error('the sample has an approval');
    const forged = {
      ...signed,
      record: { ...signed.record, approver: { ...signed.record.approver, id: SAM } },
    };
    await stale({}, { ...run, records: recordsOf(forged) }, "local:sam's approval does not hold");
  });

  test('when it was taken back, or the gate vetoed', async () => {
    const run = await publishing();
    const [signed] = run.records.approvals;
    const revocation = SIGNATURES.sign('revocation', {
      ...EVENTS.revoked.revocation.record,
      approval: signed?.record.id ?? '',
    });
    await stale(
      {},
      { ...run, records: { ...run.records, revocations: [revocation] } },
      'took the approval',
    );
    const veto = approval(SAM, { decision: 'reject', reason: 'no' });
    const approvals = [...run.records.approvals, veto];
    await stale({}, { ...run, records: { ...run.records, approvals } }, 'a veto of local:sam');
  });

  test('when it is taken back while the publish is under way', async () => {
    const run = await publishing();
    const [signed] = run.records.approvals;
    if (signed === undefined) throw new Error('the sample has an approval');
    const tools = await toolsWith({ ...writing().given, forge: FORGE });
    const revocation = SIGNATURES.sign('revocation', {
      ...EVENTS.revoked.revocation.record,
      approval: signed.record.id,
    });
    const { change, judgement } = run;
    const journal: readonly RunEvent[] = [
      ...WAITING.map((event): RunEvent => {
        if (event.type === 'change_sealed') return { ...event, change };
        return event.type === 'judged' ? { ...event, judgement } : event;
      }),
      { ...EVENTS.approved, approval: signed },
      { type: 'revoked', revocation },
    ];
    for (const [seq, event] of journal.entries()) await tools.store.append(RUN, seq, event, null);
    expect(await publish(tools, run, TASK, SIGNAL)).toMatchObject({
      type: 'approvals_went_stale',
      reasons: expect.arrayContaining([expect.stringContaining('took the approval')]),
    });
  });

  test('when nobody knows who steered the run', async () => {
    const tools = await toolsWith({ ...writing().given, forge: FORGE });
    expect(
      await publish(tools, await publishing(), { ...TASK, operator: null }, SIGNAL),
    ).toMatchObject({
      type: 'approvals_went_stale',
      reasons: expect.arrayContaining([expect.stringContaining('Nobody knows who steered')]),
    });
  });

  test('when the checks came to another result', async () => {
    const run = await publishing();
    await stale({}, { ...run, evidence: PREPARED.policy }, 'the checks came to another result');
  });

  test('when the policy forbids the change by now', async () => {
    const source = sourceOf(repository({ entries: { [`${BASE} ${TREE}`]: [entry(POLICY_PATH)] } }));
    await stale({ source }, await publishing(), '.proofhouse/policy.yaml');
  });
});

test('an emergency opens the change, and is used up like an approval', async () => {
  const { given, drafts } = writing();
  const breakGlass = `
break_glass:
  groups: [security]
  count: 2
  incident_url: "https://incidents.acme.dev/"
  reason_min_chars: 10
`;
  const source = sourceOf(
    repository({ entries: ENTRIES, files: { [BASE]: { [POLICY_PATH]: POLICY + breakGlass } } }),
    { commit: async () => ({ commit: COMMIT, from: '/quarantine.git' }) },
  );
  const policy = policyDigest([load(POLICY + breakGlass)]);
  const waited = await publishing([]);
  const run = { ...waited, judgement: { ...waited.judgement, policy } };
  const glass = [RITA, SAM].map((id, index) =>
    SIGNATURES.sign('break_glass', {
      ...EVENTS.glass_broken.use.record,
      id: `brk_${String(index).repeat(26)}`,
      tree: run.change.tree,
      change: run.change.entries,
      policy,
      by: { id, groups: ['security'] },
    }),
  );
  const tools = await toolsWith({ ...given, source });
  const records = { ...NO_RECORDS, glass };
  expect(await publish(tools, { ...run, records }, TASK, SIGNAL)).toMatchObject({
    type: 'pull_request_opened',
    consumed: glass.map(({ record }) => record.id),
  });
  expect(drafts[0]?.body).toContain('**Passed by break-glass**: `local:rita` and `local:sam`');
});

describe('a base that moved on', () => {
  const calls: unknown[] = [];
  const moved = (rebased: Awaited<ReturnType<Source['rebase']>>): Given => ({
    forge: { ...FORGE, tip: async () => TIP },
    source: sourceOf(
      repository({
        files: { [TIP]: { [POLICY_PATH]: `${POLICY}# newer\n`, 'AGENTS.md': 'Be brief.' } },
        entries: { [`${TIP} ${MERGED}`]: [EDIT] },
      }),
      {
        update: async (...given) => {
          calls.push(given);
        },
        rebase: async (place, tree, onto) => {
          calls.push([place.base, tree, onto]);
          return rebased;
        },
      },
    ),
  });

  test('gives another change to judge, with the policy and the rules of the new base', async () => {
    calls.length = 0;
    const event = await publish(
      await toolsWith(moved({ tree: MERGED })),
      await publishing(),
      TASK,
      SIGNAL,
    );
    expect(calls).toEqual([
      [TASK.repository, '/forge/shop.git'],
      [BASE, TREE, TIP],
    ]);
    expect(event).toMatchObject({
      type: 'base_moved',
      prepared: {
        ...PREPARED,
        base: TIP,
        policy: policyDigest([load(`${POLICY}# newer\n`)]),
        rules: expect.stringMatching(/^sha256:/),
      },
      change: { base: TIP, tree: MERGED, files: 1 },
    });
  });

  test('in the same places is a conflict, which names them', async () => {
    const given = moved({ conflicts: ['src/cart.ts', 'README.md'] });
    const event = await publish(await toolsWith(given), await publishing(), TASK, SIGNAL);
    expect(event).toEqual({
      type: 'base_conflicts',
      findings: [
        {
          validator: 'proofhouse',
          code: 'base_conflicts',
          message: 'main moved on while this waited, and both changed: src/cart.ts, README.md',
        },
      ],
    });
  });

  test('and is gone altogether is for a person to mend', async () => {
    const forge = { ...FORGE, tip: async () => null };
    const gone = publish(await toolsWith({ forge }), await publishing(), TASK, SIGNAL);
    await expect(gone).rejects.toMatchObject({ code: 'base_not_found', exit: 2 });
  });
});

test('a tree whose objects are refused now is broken machinery and opens nothing', async () => {
  const entries = { [`${BASE} ${TREE}`]: [{ ...EDIT, newMode: '160000' }] };
  const tools = await toolsWith({ source: sourceOf(repository({ entries })) });
  const broken = publish(tools, await publishing(), TASK, SIGNAL);
  await expect(broken).rejects.toMatchObject({ code: 'git_failed' });
});

test('the pull request names other runs that touch the same, and the commit does not', async () => {
  const { given, committed, drafts } = writing();
  const tools = await toolsWith(given);
  const other = { ...TASK, id: RunId.parse('r0000002') };
  await tools.store.addTask(other);
  for (const id of [RUN, other.id]) {
    for (const [seq, event] of WAITING.entries()) await tools.store.append(id, seq, event, null);
  }
  await publish(tools, await publishing(), TASK, SIGNAL);
  expect(drafts[0]?.body).toContain(
    '### Other runs that touch the same\n\n- `r0000002`, under way',
  );
  expect(JSON.stringify(committed)).not.toContain('r0000002');
});

test('a gate that a model advised still holds when the change is published, and is shown as advised', async () => {
  const only = repository({ entries: { [`${BASE} ${TREE}`]: [EDIT] } });
  const facts = await read(sourceOf(only));
  const advice = { add: ['auth'], by: 'small' };
  const { change } = facts;
  const judgement = decide(layers(), facts, AT, advice);
  const { prepared, checks } = STATES.publishing;
  const run = { ...STATES.publishing, prepared, checks, change, judgement, records: NO_RECORDS };
  const tools = await toolsWith({ source: sourceOf(only) });
  expect(await publish(tools, run, TASK, SIGNAL)).toMatchObject({ type: 'approvals_went_stale' });
  const { body } = pullRequestText({ ...PULL_REQUEST, judgement });
  expect(body).toContain('Accounts. **Advised by a model**, `small`; no path asks for it.');
  const journal = [{ seq: 0, at: AT, event: { type: 'judged' as const, judgement } }];
  const shown = runReport({
    ...{ task: TASK, run, journal, calls: [], alarms: [], may: [], decided: null, related: [] },
    command: 'proofhouse',
  });
  expect(shown).toContain('gates advised by a model, small: auth');
  expect(shown).toContain('Accounts. (advised by a model, small)');
});
