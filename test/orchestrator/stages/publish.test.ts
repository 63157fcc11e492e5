import { describe, expect, test } from 'vitest';
import type { Approval } from '../../../orchestrator/domain/approval.ts';
import type { Facts } from '../../../orchestrator/domain/change.ts';
import type { In } from '../../../orchestrator/domain/run-state.ts';
import type { PullRequest, PullRequestDraft, Source } from '../../../orchestrator/ports.ts';
import { factsOf } from '../../../orchestrator/stages/facts.ts';
import { publish } from '../../../orchestrator/stages/publish.ts';
import { bind } from '../../../policies/approvals.ts';
import { decide, policyDigest } from '../../../policies/decide.ts';
import { entry, load } from '../../policies/sample.ts';
import { AT, DANA, EVIDENCE, PREPARED, RITA, RUN, STATES, sha, TASK } from '../fixtures.ts';
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
  sourceOf,
  TREE,
  toolsWith,
} from './tools.ts';

const COMMIT = sha('c');
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
async function publishing(by: readonly Approval['by'][] = [RITA]): Promise<In<'publishing'>> {
  const facts = await read(sourceOf(repository({ entries: ENTRIES })));
  const judgement = decide(layers(), facts);
  const { change } = facts;
  const approvals = by.map((person): Approval => {
    const binding = bind(judgement, change, EVIDENCE, 'auth');
    const expiresAt = new Date(Date.parse(AT) + 86_400_000).toISOString();
    return { by: person, assurance: 'session', binding, at: AT, expiresAt };
  });
  return { ...STATES.publishing, change, judgement, approvals };
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
    expect(await publish(await toolsWith(given), run, TASK)).toEqual({
      type: 'pull_request_opened',
      number: 7,
      url: '/pulls/7',
      commit: COMMIT,
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

  test('has the time of the task on its commit, so that doing it again makes the same one', async () => {
    const { given, committed } = writing();
    const run = await publishing();
    await publish(await toolsWith(given), run, TASK);
    const later = { clock: () => new Date(Date.parse(AT) + 3_600_000) };
    await publish(await toolsWith({ ...given, over: later }), run, TASK);
    expect(committed).toHaveLength(2);
    expect(committed[1]).toEqual(committed[0]);
    expect(committed[0]).toMatchObject({ at: TASK.queuedAt });
  });
});

describe('nothing is written, and people are asked again,', () => {
  async function stale(given: Given, run: In<'publishing'>, reason: string): Promise<void> {
    const { given: forge } = writing();
    const strictest = { ...forge, forge: FORGE, ...given };
    const event = await publish(await toolsWith(strictest), run, TASK);
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
    await stale({}, await publishing([]), 'Gate auth needs 1 more of security.');
  });

  test('when the only one who agreed is who asked', async () => {
    await stale({}, await publishing([DANA]), 'asked for this change');
  });

  test('when a policy above the repository has come since', async () => {
    const org = load(POLICY.replace('layer: standalone', 'layer: org').replace('small', 'acme'));
    await stale({ over: { above: [org] } }, await publishing(), 'the policy changed');
  });

  test('when the tree is not the one that was approved', async () => {
    const run = await publishing();
    const [approval] = run.approvals;
    if (approval === undefined) throw new Error('the sample has an approval');
    const other = { ...approval, binding: { ...approval.binding, tree: sha('9') } };
    await stale({}, { ...run, approvals: [other] }, 'another tree');
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
    const event = await publish(await toolsWith(moved({ tree: MERGED })), await publishing(), TASK);
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
    const event = await publish(await toolsWith(given), await publishing(), TASK);
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
    const gone = publish(await toolsWith({ forge }), await publishing(), TASK);
    await expect(gone).rejects.toMatchObject({ code: 'base_not_found', exit: 2 });
  });
});

test('a tree whose objects are refused now is broken machinery and opens nothing', async () => {
  const entries = { [`${BASE} ${TREE}`]: [{ ...EDIT, newMode: '160000' }] };
  const tools = await toolsWith({ source: sourceOf(repository({ entries })) });
  const broken = publish(tools, await publishing(), TASK);
  await expect(broken).rejects.toMatchObject({ code: 'git_failed' });
});
