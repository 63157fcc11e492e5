/** RES-10: no push without audit. The store is the real one, on a disk that takes no more. */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { In } from '../../../orchestrator/domain/run-state.ts';
import type { Source } from '../../../orchestrator/ports/source.ts';
import type { PullRequest, PullRequestDraft, Store } from '../../../orchestrator/ports.ts';
import { factsOf } from '../../../orchestrator/stages/facts.ts';
import { publish } from '../../../orchestrator/stages/publish.ts';
import { auditFilePaths } from '../../../orchestrator/store/audit-files.ts';
import { openSqliteStore } from '../../../orchestrator/store/sqlite.ts';
import { decide } from '../../../policies/decide.ts';
import { AT, STATES, sha, TASK } from '../../orchestrator/fixtures.ts';
import {
  BASE,
  EDIT,
  FORGE,
  layers,
  POLICY,
  POLICY_PATH,
  repository,
  SIGNAL,
  sourceOf,
  TREE,
  toolsWith,
} from '../../orchestrator/stages/tools.ts';
import { scratch } from '../../scenarios/support.ts';
import { LIFECYCLE_ROWS } from './rows.ts';

type Broken = 'the journal takes no more' | 'the log cannot be written';

async function storeThat(broken: Broken | null): Promise<Store> {
  const home = scratch('full');
  const file = path.join(home, 'journal.sqlite');
  const store = openSqliteStore(file, () => new Date(AT));
  onTestFinished(() => store.close());
  await store.addTask(TASK);
  if (broken === 'the journal takes no more') {
    const other = new DatabaseSync(file);
    // What SQLite says of a disk without room, where it says it.
    other.exec(
      `create trigger full before insert on audit begin select raise(abort, 'database or disk is full'); end`,
    );
    other.close();
  }
  if (broken === 'the log cannot be written') {
    const { log } = auditFilePaths(home);
    rmSync(log);
    mkdirSync(log);
  }
  return store;
}

/** Publishes a change that nobody has to agree to, and gives what the forge was asked for. */
async function published(store: Store) {
  const drafts: PullRequestDraft[] = [];
  const files = { [BASE]: { [POLICY_PATH]: POLICY } };
  const source = sourceOf(repository({ entries: { [`${BASE} ${TREE}`]: [EDIT] }, files }), {
    commit: async () => ({ commit: sha('c'), from: '/quarantine.git' }),
  });
  const forge = {
    ...FORGE,
    ensurePullRequest: async (draft: PullRequestDraft): Promise<PullRequest> => {
      drafts.push(draft);
      return { ...draft, number: 7, state: 'open', openedAt: AT, url: '/pulls/7' };
    },
  };
  const tools = await toolsWith({ source, forge, over: { store } });
  const error = await publish(tools, await publishing(source), TASK, SIGNAL).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { drafts, error };
}

async function publishing(source: Source): Promise<In<'publishing'>> {
  const place = { run: TASK.id, attempt: 1, repository: TASK.repository, base: BASE };
  const read = await factsOf(source, place, TREE, { base: TASK.base, layers: [] });
  if ('refused' in read) throw new Error('the sample is refused');
  const judgement = decide(layers(), read.facts, AT);
  return { ...STATES.publishing, change: read.facts.change, judgement };
}

describe(`${LIFECYCLE_ROWS.full.id}: ${LIFECYCLE_ROWS.full.attack}`, () => {
  it.each<Broken>(['the journal takes no more', 'the log cannot be written'])(
    '%s',
    async (broken) => {
      const store = await storeThat(broken);
      // Weak in one thing: the audit log is not asked first.
      const weak = { ...store, audit: { ...store.audit, append: async () => {} } };
      expect((await published(weak)).drafts).toHaveLength(1);

      const { drafts, error } = await published(store);
      expect(drafts).toEqual([]);
      expect(error).not.toBeNull();
    },
  );

  it('a pull request is in the log before it is in the forge', async () => {
    const store = await storeThat(null);
    expect((await published(store)).drafts).toHaveLength(1);
    const types = (await store.audit.records(0)).map(({ type }) => type);
    expect(types.at(-1)).toBe('pr.intended');
  });
});
