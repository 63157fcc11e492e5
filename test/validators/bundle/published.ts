/**
 * A change that was published for real, but for the engine: a repository, a journal on disk, keys, stored
 * evidence, and the stage that publishes. What the stage names is written to a folder as a member gets it.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runBundle } from '../../../orchestrator/commands/bundle.ts';
import type { Context } from '../../../orchestrator/commands/context.ts';
import { openAudit } from '../../../orchestrator/compose.ts';
import type { Check } from '../../../orchestrator/domain/check.ts';
import { type Person, Sha } from '../../../orchestrator/domain/ids.ts';
import type { RunEvent } from '../../../orchestrator/domain/run-state.ts';
import { signaturesWith } from '../../../orchestrator/domain/signed.ts';
import type { Task } from '../../../orchestrator/domain/task.ts';
import type { Source } from '../../../orchestrator/ports/source.ts';
import type { PullRequestDraft } from '../../../orchestrator/ports.ts';
import { replay } from '../../../orchestrator/runner.ts';
import { publish } from '../../../orchestrator/stages/publish.ts';
import type { StageTools } from '../../../orchestrator/stages/tools.ts';
import { openKeys } from '../../../orchestrator/store/keys.ts';
import { openLocal } from '../../../sandboxes/source/local-change.ts';
import { openEvidenceStore } from '../../../validators/evidence/store.ts';
import { type Desk, desk, journaled } from '../../orchestrator/commands/context.ts';
import { LATER, RITA, TASK } from '../../orchestrator/fixtures.ts';
import {
  commitAll,
  git,
  repositoryWith,
  writeAll,
} from '../../orchestrator/intake/repositories.ts';
import { FORGE, POLICY, POLICY_PATH, SIGNAL, toolsWith } from '../../orchestrator/stages/tools.ts';
import { strict } from '../../orchestrator/strict.ts';
import { checksIn, journalOf } from './journal.ts';

export type Published = {
  readonly one: Desk;
  readonly tools: StageTools;
  readonly task: Task;
  readonly repository: string;
  /** What the forge was asked to open. */
  readonly draft: PullRequestDraft;
  readonly message: string;
  readonly event: RunEvent;
  /** The public keys of who made it, as `audit keys` prints them. */
  readonly keys: string;
  /** Publishes once more, as after a crash. */
  again(clock?: () => Date): Promise<RunEvent>;
  /** Writes the bundle to a new folder. */
  bundle(name: string): Promise<string>;
};

export type Given = {
  readonly policy?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly checks?: (check: Check) => Check[];
  readonly by?: readonly Person[];
};

export async function published(given: Given = {}): Promise<Published> {
  const { policy = POLICY, by = [RITA] } = given;
  const repository = repositoryWith({
    [POLICY_PATH]: policy,
    'src/cart.ts': 'export const total = 1;\n',
    'src/auth/session.ts': 'export const days = 1;\n',
  });
  const base = Sha.parse(git(repository, 'rev-parse', 'HEAD').trim());
  writeAll(repository, given.files ?? { 'src/auth/session.ts': 'export const days = 30;\n' });
  commitAll(repository);
  const tree = Sha.parse(git(repository, 'rev-parse', 'HEAD^{tree}').trim());
  git(repository, 'update-ref', 'refs/heads/main', base);
  const one = desk({ cwd: repository });
  const { home } = one.context;
  const task = { ...TASK, repository };
  const keys = openKeys(home, one.context.clock);
  const evidence = openEvidenceStore(join(home, 'evidence'));
  const wrote: { draft: PullRequestDraft | null; message: string } = { draft: null, message: '' };
  const tools = await toolsWith({
    source: sourceIn(repository, wrote),
    forge: {
      ...FORGE,
      tip: async () => base,
      ensurePullRequest: async (draft) => {
        wrote.draft = draft;
        return { ...draft, number: 7, state: 'open', openedAt: LATER, url: '/pulls/7' };
      },
    },
    over: {
      ...{ store: one.store, evidence, keys, clock: one.context.clock },
      signatures: signaturesWith({
        signer: () => keys.signer('approval'),
        trusted: () => keys.trusted('approval'),
      }),
    },
  });
  const checks = await checksIn(tools, given);
  const events = await journalOf(tools, { task, base, tree, policy, checks, by });
  await journaled(one, events, task);
  const again = async (clock = one.context.clock): Promise<RunEvent> => {
    const run = replay(await one.store.read(task.id));
    if (run.phase !== 'publishing') throw new Error(`the sample is ${run.phase}`);
    return publish({ ...tools, clock }, run, task, SIGNAL);
  };
  const event = await again();
  const keysFile = join(home, 'keys.json');
  const { keys: public_ } = openAudit(home, one.context.clock);
  const roles = ['approval', 'audit', 'evidence'] as const;
  writeFileSync(keysFile, JSON.stringify(roles.flatMap((role) => public_.trusted(role))));
  if (wrote.draft === null) throw new Error(`nothing was published: ${JSON.stringify(event)}`);
  return {
    ...{ one, tools, task, repository, event, again, keys: keysFile },
    draft: wrote.draft,
    message: wrote.message,
    bundle: async (name) => {
      const journal = await one.store.read(task.id);
      const isOpened = journal.at(-1)?.event.type === 'pull_request_opened';
      if (!isOpened) await one.store.append(task.id, journal.length, event, null);
      const folder = join(home, 'bundles', name);
      await runBundle(one.context, task.id, folder);
      return folder;
    },
  };
}

/** Reads a person's repository as the controller reads its own, and writes the branch of the run. */
function sourceIn(repository: string, wrote: { message: string }): Source {
  const reading = async <T>(
    read: (local: Awaited<ReturnType<Context['local']>>) => Promise<T>,
  ): Promise<T> => {
    const local = await openLocal(repository);
    try {
      return await read(local);
    } finally {
      await local.close();
    }
  };
  const change = (base: Sha, tree: Sha) =>
    reading(async (local) => {
      const found = await local.between(base, tree);
      if ('lacks' in found) throw new Error(`the sample lacks ${found.lacks}`);
      return found;
    });
  return strict<Source>('source', {
    read: (_, commit, path) => reading((local) => local.read(commit, path)),
    rawEntries: async ({ base }, tree) => (await change(base, tree)).raw,
    measure: async ({ base }, tree) => (await change(base, tree)).measured,
    treePaths: (_, tree) => reading((local) => local.paths(tree)),
    diff: async ({ base }, tree) => git(repository, 'diff-tree', '-p', base, tree),
    commit: async ({ run, base }, tree, message) => {
      wrote.message = message;
      const env = { GIT_AUTHOR_NAME: 'p', GIT_AUTHOR_EMAIL: 'p@x', GIT_COMMITTER_NAME: 'p' };
      const time = { GIT_AUTHOR_DATE: '@1 +0000', GIT_COMMITTER_DATE: '@1 +0000' };
      const commit = execFileSync('git', ['-C', repository, 'commit-tree', tree, '-p', base], {
        ...{ input: message, encoding: 'utf8' as const },
        env: { ...process.env, ...env, ...time, GIT_COMMITTER_EMAIL: 'p@x' },
      }).trim();
      git(repository, 'update-ref', `refs/heads/proofhouse/${run}`, commit);
      return { commit: Sha.parse(commit), from: repository };
    },
  });
}
