/**
 * The bundle of a change that was published by the real stage, with everything around it in memory; and
 * what somebody might do to it afterwards. Quick enough to be made and broken many hundred times.
 */
import { canonical, type Json, sha256 } from '../../../orchestrator/domain/canonical.ts';
import type { Check } from '../../../orchestrator/domain/check.ts';
import { KeyRole, type SigningKey, type TrustedKey } from '../../../orchestrator/domain/dsse.ts';
import { Digest, type Person, Sha } from '../../../orchestrator/domain/ids.ts';
import type { RunEvent } from '../../../orchestrator/domain/run-state.ts';
import { signaturesWith } from '../../../orchestrator/domain/signed.ts';
import type { EvidenceStore } from '../../../orchestrator/ports.ts';
import { replay } from '../../../orchestrator/runner.ts';
import { factsOf } from '../../../orchestrator/stages/facts.ts';
import { publish } from '../../../orchestrator/stages/publish.ts';
import type { StageTools } from '../../../orchestrator/stages/tools.ts';
import type { Given as Asked } from '../../../validators/evidence/bundle/given.ts';
import { listed, Manifest, signedManifest } from '../../../validators/evidence/bundle/manifest.ts';
import { type Verification, verifyBundle } from '../../../validators/evidence/bundle/verify.ts';
import { readJunit } from '../../../validators/junit.ts';
import { RITA, TASK } from '../../orchestrator/fixtures.ts';
import {
  AUTH,
  BASE,
  EDIT,
  FORGE,
  KEYS,
  POLICY,
  POLICY_PATH,
  repository,
  SIGNAL,
  sourceOf,
  TREE,
  toolsWith,
} from '../../orchestrator/stages/tools.ts';
import { load } from '../../policies/sample.ts';
import { checksIn, journalOf } from './journal.ts';

export type Files = Map<string, Buffer>;

export type Made = {
  readonly files: Files;
  readonly tools: StageTools;
  readonly event: Extract<RunEvent, { type: 'pull_request_opened' }>;
  readonly repository: NonNullable<Asked['repository']>;
  /** Publishes once more, at another time of the clock. */
  again(at: string): Promise<RunEvent>;
};

export type Given = {
  readonly policy?: string;
  readonly checks?: (check: Check) => Check[];
  readonly by?: readonly Person[];
  /** Text of the blob that the change brings. */
  readonly text?: string;
};

export async function made(given: Given = {}): Promise<Made> {
  const { policy = POLICY, by = [RITA], text = 'export const days = 30;\n' } = given;
  const held = repository({
    entries: { [`${BASE} ${TREE}`]: [EDIT, AUTH] },
    files: { [BASE]: { [POLICY_PATH]: policy } },
    blobs: { [AUTH.newOid]: text, [AUTH.oldOid]: 'export const days = 1;\n' },
  });
  const blobs = new Map<Digest, Uint8Array>();
  const source = sourceOf(held, {
    commit: async () => ({ commit: Sha.parse('c'.repeat(40)), from: '/q' }),
  });
  const tools = await toolsWith({
    source,
    forge: {
      ...FORGE,
      ensurePullRequest: async (draft) => ({
        ...{
          ...draft,
          number: 7,
          state: 'open' as const,
          openedAt: TASK.queuedAt,
          url: '/pulls/7',
        },
      }),
    },
    over: {
      evidence: evidenceIn(blobs),
      signatures: signaturesWith({
        signer: () => KEYS.signer('approval'),
        trusted: () => KEYS.trusted('approval'),
      }),
    },
  });
  const checks = await checksIn(tools, given);
  const events = await journalOf(tools, { task: TASK, base: BASE, tree: TREE, policy, checks, by });
  for (const [seq, event] of events.entries()) await tools.store.append(TASK.id, seq, event, null);
  const again = async (at?: string): Promise<RunEvent> => {
    const run = replay(await tools.store.read(TASK.id));
    if (run.phase !== 'publishing') throw new Error(`the sample is ${run.phase}`);
    const clock = at === undefined ? tools.clock : () => new Date(at);
    return publish({ ...tools, clock }, run, TASK, SIGNAL);
  };
  const event = await again();
  if (event.type !== 'pull_request_opened' || event.bundle === undefined)
    throw new Error(`nothing was published: ${JSON.stringify(event)}`);
  const place = { run: TASK.id, attempt: 1, repository: TASK.repository, base: BASE };
  return {
    ...{ tools, event, again, files: filesIn(blobs, event.bundle) },
    repository: async () => {
      const meant = { base: TASK.base, layers: [load(policy)] };
      const read = await factsOf(source, place, TREE, meant);
      if ('refused' in read) throw new Error('the sample is refused');
      const raw = await source.rawEntries(place, TREE);
      return { raw, facts: read.facts, policy: Buffer.from(policy), commit: null };
    },
  };
}

function evidenceIn(blobs: Map<Digest, Uint8Array>): EvidenceStore {
  return {
    put: async (bytes) => {
      const digest = sha256(bytes);
      blobs.set(digest, Buffer.from(bytes));
      return digest;
    },
    get: async (digest) => blobs.get(digest) ?? null,
    path: (digest) => digest,
  };
}

function filesIn(
  blobs: ReadonlyMap<Digest, Uint8Array>,
  { manifest, envelope }: { manifest: Digest; envelope: Digest },
): Files {
  const of = (digest: Digest): Buffer => Buffer.from(blobs.get(digest) ?? '');
  const { files } = Manifest.parse(JSON.parse(of(manifest).toString()));
  return new Map([
    ['manifest.json', of(manifest)],
    ['manifest.dsse.json', of(envelope)],
    ...files.map(({ path, sha256: hex }) => [path, of(Digest.parse(`sha256:${hex}`))] as const),
  ]);
}

export const TRUSTED: readonly TrustedKey[] = KeyRole.options.flatMap((role) => KEYS.trusted(role));

/** As a folder with these files would be checked. */
export function check(
  files: ReadonlyMap<string, Buffer>,
  over: Partial<Asked> = {},
): Promise<Verification> {
  return verifyBundle({
    found: [...files].map(([path, bytes]) => ({
      ...{ path, size: bytes.length, sha256: sha256(bytes).slice('sha256:'.length) },
    })),
    kept: files,
    trusted: TRUSTED,
    repository: null,
    readReport: readJunit,
    ...over,
  });
}

export const problemsOf = ({ steps }: Verification): string[] =>
  steps.flatMap(({ problems }) => [...problems]);

/** One who holds a key lists and signs what lies there now. */
export function resealed(
  files: ReadonlyMap<string, Buffer>,
  over: Partial<Manifest> = {},
  key: SigningKey = KEYS.signer('evidence'),
): Files {
  const old = Manifest.parse(JSON.parse(files.get('manifest.json')?.toString() ?? ''));
  const roles = new Map(old.files.map(({ path, role }) => [path, role]));
  const inside = [...files]
    .filter(([path]) => !path.startsWith('manifest.'))
    .map(([path, bytes]) => ({ path, role: roles.get(path) ?? ('evidence' as const), bytes }));
  const signed = signedManifest({ ...old, ...over, files: listed(inside) }, key);
  return new Map([
    ...files,
    ['manifest.json', signed.manifest],
    ['manifest.dsse.json', signed.envelope],
  ]);
}

/** With one file written anew. */
export function edited(
  files: ReadonlyMap<string, Buffer>,
  path: string,
  change: (text: string) => string,
): Files {
  const before = files.get(path);
  if (before === undefined) throw new Error(`the sample has no ${path}`);
  return new Map([...files, [path, Buffer.from(change(before.toString()))]]);
}

/** JSON of whatever shape. */
export type Loose = { readonly [key: string]: Loose };

export function editedJson(
  files: ReadonlyMap<string, Buffer>,
  path: string,
  change: (value: Loose) => unknown,
): Files {
  return edited(files, path, (text) => canonical(change(JSON.parse(text)) as Json));
}
