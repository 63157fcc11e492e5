/**
 * The forge of one machine: bare repositories and pull requests in a folder, no account needed.
 *
 *   <folder>/shop-1a2b3c4d.git            branches of the source, and `proofhouse/*` of ours
 *   <folder>/shop-1a2b3c4d.pulls/0001.json
 *
 * Invariant: a head branch has one pull request, and its record names a commit only after that
 * commit was read back from the branch. A push never takes the place of a commit that is not ours.
 */
import { join } from 'node:path';
import { Fault } from '../domain/faults.ts';
import type { Sha } from '../domain/ids.ts';
import type { Forge, PullRequest, PullRequestDraft } from '../ports.ts';
import { branchNames, branchTip, headBranch, nameOf, OWN_BRANCHES, refresh } from './bare.ts';
import { tryGit } from './git.ts';
import {
  addRecord,
  type PullRequestRecord,
  readRecords,
  recordFile,
  replaceRecord,
} from './records.ts';

export function openLocalForge(folder: string, clock: () => Date): Forge {
  const remote = (repository: string): string => join(folder, `${nameOf(repository)}.git`);
  const pulls = (repository: string): string => join(folder, `${nameOf(repository)}.pulls`);
  const refreshed = async (repository: string): Promise<string> => {
    const bare = remote(repository);
    await refresh(repository, bare);
    return bare;
  };
  return {
    remote,
    tip: async (repository, branch) => branchTip(await refreshed(repository), branch),
    branches: async (repository) => branchNames(await refreshed(repository)),
    defaultBranch: async (repository) => headBranch(repository, await refreshed(repository)),
    pullRequests: async (repository) => {
      const records = await readRecords(pulls(repository));
      return records.map((record) => published(pulls(repository), record));
    },
    ensurePullRequest: async (draft) => {
      const bare = await refreshed(draft.repository);
      await checkBranches(bare, draft);
      const place = { bare, pulls: pulls(draft.repository) };
      return published(place.pulls, await ensure(place, draft, clock));
    },
  };
}

type Place = { readonly bare: string; readonly pulls: string };

async function ensure(
  place: Place,
  draft: PullRequestDraft,
  clock: () => Date,
): Promise<PullRequestRecord> {
  const { title, body, base, head, commit } = draft;
  const found = (await readRecords(place.pulls)).find((record) => record.head === head);
  if (found === undefined) {
    // Nobody knew of the branch without its record: what is on it can only be our own unfinished push.
    await push(place.bare, draft, await branchTip(place.bare, head));
    const openedAt = clock().toISOString();
    const wanted = {
      title,
      body,
      base,
      head,
      commit,
      pushing: null,
      state: 'open',
      openedAt,
    } as const;
    return addRecord(place.pulls, wanted);
  }
  if ((await branchTip(place.bare, head)) !== commit) await pushAnother(place, draft, found);
  const { number, state, openedAt } = found;
  const record = { number, title, body, base, head, commit, pushing: null, state, openedAt };
  if (JSON.stringify(record) !== JSON.stringify(found)) await replaceRecord(place.pulls, record);
  return record;
}

/** Notes what it is about to push, so that after a crash the branch is still known as ours. */
async function pushAnother(
  { bare, pulls }: Place,
  draft: PullRequestDraft,
  found: PullRequestRecord,
): Promise<void> {
  const current = await branchTip(bare, draft.head);
  if (current !== null && current !== found.commit && current !== found.pushing) {
    throw new Fault(
      'git_failed',
      `${draft.head} in ${bare} holds ${current}, which Proofhouse did not put there; it was left alone`,
    );
  }
  await replaceRecord(pulls, { ...found, commit: current ?? found.commit, pushing: draft.commit });
  await push(bare, draft, current);
}

async function push(bare: string, draft: PullRequestDraft, expected: Sha | null): Promise<void> {
  const { from, head, commit } = draft;
  if (expected !== commit) {
    const { code, stderr } = await tryGit(from, [
      ...['push', '--quiet', '--no-verify', '--no-follow-tags', '--recurse-submodules=no'],
      ...[`--force-with-lease=refs/heads/${head}:${expected ?? ''}`, '--', bare],
      `${commit}:refs/heads/${head}`,
    ]);
    if (code !== 0) throw new Fault('git_failed', `push to ${head} in ${bare}: ${stderr.trim()}`);
  }
  const arrived = await branchTip(bare, head);
  if (arrived === commit) return;
  throw new Fault('git_failed', `${head} in ${bare} is ${arrived} after ${commit} was pushed`);
}

async function checkBranches(
  bare: string,
  { base, head, repository }: PullRequestDraft,
): Promise<void> {
  // A head elsewhere would be pruned by the next fetch, or would overwrite a member's branch.
  const own =
    head.startsWith(OWN_BRANCHES) && /^[a-z0-9][a-z0-9-]*$/.test(head.slice(OWN_BRANCHES.length));
  if (!own) throw new Fault('internal', `${head} is not a branch of ours: ${OWN_BRANCHES}RUN`);
  if ((await branchTip(bare, base)) !== null) return;
  throw new Fault('base_not_found', `${repository} has no branch ${base}`);
}

function published(pulls: string, { pushing: _, ...record }: PullRequestRecord): PullRequest {
  return { ...record, url: recordFile(pulls, record.number) };
}
