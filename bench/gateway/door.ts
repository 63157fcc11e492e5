/** The door that is measured: with a token and the search for secrets, as a run has it. */
import path from 'node:path';
import { openAiUpstream } from '../../gateway/model/http-upstream.ts';
import { secretSearches } from '../../gateway/secret-search.ts';
import { type Gateway, openGateway } from '../../gateway/server.ts';
import { Person, RunId, RunToken } from '../../orchestrator/domain/ids.ts';
import type { Ledger, Store } from '../../orchestrator/ports.ts';
import { openSqliteStore } from '../../orchestrator/store/sqlite.ts';

const RUN = RunId.parse('rbench00');
export const TOKEN = RunToken.parse(`proofhouse-${RUN}-${'be'.repeat(24)}`);
const SECRETS = ['one-secret-of-the-controller', 'and-another-that-no-body-holds'];
export const SEARCH = secretSearches(SECRETS).block;

export const NO_LEDGER: Ledger = { reserve: async () => null, settle: async () => {} };
/** What an agent sends to be let in. */
export const SHOWN = { authorization: `Bearer ${TOKEN}` } as const;

/** On disk, in a folder that is its own: the audit log lies beside it. */
export async function storeIn(folder: string): Promise<Store & { close(): void }> {
  const store = openSqliteStore(path.join(folder, 'ledger.sqlite'), () => new Date());
  // The ledger counts for runs that are there.
  await store.addTask({
    id: RUN,
    ...{ title: 'bench', text: 'bench', source: 'bench', repository: folder, base: 'main' },
    requester: Person.parse('local:dana'),
    operator: null,
    queuedAt: new Date().toISOString(),
  });
  return store;
}

export function openDoor(socketPath: string, url: string, ledger: Ledger): Promise<Gateway> {
  return openGateway({
    ...{ socketPath, run: RUN, attempt: 1, token: TOKEN, role: 'agent', ledger },
    model: openAiUpstream({ name: 'bench', model: 'bench', url, key: 'a-key', price: null }),
    secrets: SEARCH,
    registry: null,
    budget: { microUsd: null, tokens: null, turns: null },
    note: async () => {},
  });
}
