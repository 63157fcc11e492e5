/**
 * Stage tools over one repository in memory: the files of each commit, the entries of each tree.
 * A commit or tree that nobody declared, and every method that a test did not give, is a failure.
 */
import { sha256 } from '../../../orchestrator/domain/canonical.ts';
import type { Entry } from '../../../orchestrator/domain/change.ts';
import { RunToken, type Sha } from '../../../orchestrator/domain/ids.ts';
import type { Source } from '../../../orchestrator/ports/source.ts';
import type {
  Agent,
  Door,
  DoorRequest,
  Doors,
  EvidenceStore,
  Forge,
  Keys,
  Place,
  Store,
  Workspaces,
} from '../../../orchestrator/ports.ts';
import type { StageTools } from '../../../orchestrator/stages/tools.ts';
import { emptyMemory, openMemoryStore } from '../../contracts/memory-store.ts';
import { entry, load, minimal, sha } from '../../policies/sample.ts';
import { SIGNATURES } from '../../policies/signing.ts';
import { keyNamed, trusting } from '../domain/keys.ts';
import { AT, TASK } from '../fixtures.ts';
import { MACHINE } from '../machine.ts';
import { strict } from '../strict.ts';

export const SIGNAL = new AbortController().signal;
export const BASE = sha('a');
export const TREE = sha('b');

export const POLICY = minimal(`
groups:
  security: { members: [local:rita, local:sam, local:dana] }
classes:
  critical: { approvals: [{ group: security, count: 1 }], expires: 24h }
unmatched: { class: low }
gates:
  - { id: auth, why: Accounts., class: critical, paths: ["src/auth/"] }
  - { id: policy, why: The rules., class: critical, surface: forbid, paths: [".proofhouse/"] }
validators:
  unit: { run: [npx, vitest], reports: { junit: "junit.xml" }, required_for: ["**"] }
budgets:
  per_task: { usd: 2, tokens: 2M, wall: 20m, turns: 60, retries: 2 }
`);

export const POLICY_PATH = '.proofhouse/policy.yaml';
export const WORKSPACE_PATH = '.proofhouse/workspace.yaml';
export const layers = () => [load(POLICY)];

export const EDIT = entry('src/cart.ts');
export const AUTH = entry('src/auth/session.ts');

export type Repository = {
  /** Text of each file at a commit. */
  readonly files: Record<string, Readonly<Record<string, string>>>;
  /** What a tree changes against a base, under `base tree`. */
  readonly entries: Record<string, readonly Entry[]>;
  /** Paths of a whole tree; those of its entries when it is not here. */
  readonly paths: Record<string, readonly string[]>;
  readonly blobs: Record<string, string>;
};

export function repository(over: Partial<Repository> = {}): Repository {
  return {
    files: { [BASE]: { [POLICY_PATH]: POLICY } },
    entries: { [`${BASE} ${TREE}`]: [EDIT] },
    paths: {},
    blobs: {},
    ...over,
  };
}

export function sourceOf(held: Repository, over: Partial<Source> = {}): Source {
  const known = <T>(from: Record<string, T>, key: string): T => {
    const found = from[key];
    if (found === undefined) throw new Error(`nobody declared ${key}`);
    return found;
  };
  const entriesOf = ({ base }: Place, tree: Sha) => known(held.entries, `${base} ${tree}`);
  return strict<Source>('source', {
    read: async (_, commit, path) => {
      const text = known(held.files, commit)[path];
      return text === undefined ? null : Buffer.from(text);
    },
    diff: async () => 'diff --git a/src/cart.ts b/src/cart.ts\n',
    rawEntries: async (place, tree) => rawOf(entriesOf(place, tree)),
    treePaths: async (place, tree) =>
      held.paths[tree] ?? entriesOf(place, tree).map(({ path }) => path),
    measure: async (place, tree) => ({
      blobBytes: Object.fromEntries(entriesOf(place, tree).map(({ newOid }) => [newOid, 10])),
      binary: [],
      texts: held.blobs,
      roots: [],
      addedLines: 3,
      removedLines: 1,
    }),
    ...over,
  });
}

/** As `diff-tree -r -z --raw` writes it. */
export function rawOf(entries: readonly Entry[]): Uint8Array {
  const letter = { add: 'A', delete: 'D', modify: 'M', mode: 'M', type: 'T' } as const;
  const rows = entries.map(
    ({ oldMode, newMode, oldOid, newOid, operation, path }) =>
      `:${oldMode} ${newMode} ${oldOid} ${newOid} ${letter[operation]}\0${path}\0`,
  );
  return Buffer.from(rows.join(''));
}

export const FORGE: Partial<Forge> = {
  tip: async () => BASE,
  remote: () => '/forge/shop.git',
  branches: async () => ['main'],
};

/** One key for each role, the same each time. */
export const KEYS: Pick<Keys, 'signer' | 'trusted'> = {
  signer: (role) => keyNamed(role, role),
  trusted: (role) => trusting(keyNamed(role, role)),
};

const KINDS = ['said', 'command', 'completed', 'failed'] as const;

export const AGENT: Agent = {
  name: 'codex',
  version: '1.2.3',
  image: 'codex',
  tellsItsEnd: false,
  launch: (brief) => ({
    argv: ['codex', brief.prompt],
    env: { MODEL: brief.model, TOKEN: brief.token },
    files: {},
  }),
  parse: (line) => {
    const [word, text] = line.split('|');
    const kind = KINDS.find((one) => one === word);
    return kind !== undefined && text ? { kind, text } : null;
  },
};

/** Doors that say what they were asked for and whether they were closed, once each. */
export function doorsWith(): {
  readonly doors: Doors;
  readonly opened: DoorRequest[];
  open(): number;
} {
  const opened: DoorRequest[] = [];
  let open = 0;
  const door = (): Door => {
    let isOpen = true;
    open += 1;
    return strict<Door>('door', {
      close: async () => {
        if (!isOpen) throw new Error('the door was closed twice');
        isOpen = false;
        open -= 1;
      },
    });
  };
  const doors: Doors = {
    token: (run, attempt) => RunToken.parse(`proofhouse-${run}-${String(attempt).repeat(48)}`),
    open: async (request) => {
      opened.push(request);
      return door();
    },
  };
  return { doors, opened, open: () => open };
}

export type Given = {
  readonly source?: Source;
  readonly forge?: Partial<Forge>;
  readonly workspaces?: Partial<Workspaces>;
  readonly over?: Partial<StageTools>;
};

export async function toolsWith(given: Given = {}): Promise<StageTools> {
  return {
    store: await storeWithTask(),
    forge: strict<Forge>('forge', given.forge ?? FORGE),
    source: given.source ?? sourceOf(repository()),
    workspaces: strict<Workspaces>('workspaces', given.workspaces ?? {}),
    doors: strict<Doors>('doors', {}),
    askModel: async ({ role }) => {
      throw new Error(`nobody was to be asked for ${role}`);
    },
    evidence: strict<EvidenceStore>('evidence', {
      put: async (bytes) => sha256(Buffer.from(bytes).toString('utf8')),
    }),
    signatures: SIGNATURES,
    keys: KEYS,
    agentFor: () => AGENT,
    validators: strict<StageTools['validators']>('validators', {}),
    inspectors: strict<StageTools['inspectors']>('inspectors', {}),
    checksMemoryBytes: 8 * 2 ** 30,
    model: { id: 'm-1', model: 'm-1', shown: 'scripted (models)', isPriced: true },
    models: [{ id: 'm-1', shown: 'scripted (models)', isPriced: true }],
    ownImage: async () => null,
    machine: { facts: async () => MACHINE },
    image: async (name) => `sha256:${name}`,
    above: [],
    gatewayUrl: 'http://127.0.0.1:8080',
    secretIn: (text) => (text.includes('AKIA') ? 'what looks like a key' : null),
    redact: (text) => text.replaceAll('hunter2', '***'),
    clock: () => new Date(AT),
    ...given.over,
  };
}

async function storeWithTask(): Promise<Store> {
  const store = openMemoryStore(emptyMemory(), () => new Date(AT));
  await store.addTask(TASK);
  return store;
}
