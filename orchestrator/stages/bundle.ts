/**
 * Puts the bundle of a change that is about to be published together, and keeps it.
 *
 * Times come from the journal, so a controller that comes after a killed one makes the same bytes: up to
 * the event that let the change through, and nothing that was written after it.
 */
import { decide, policyDigest } from '../../policies/decide.ts';
import type { LoadedPolicy } from '../../policies/parse.ts';
import type {
  AgentInput,
  Claims,
  EffectiveInput,
} from '../../validators/evidence/bundle/claims.ts';
import { countedIn } from '../../validators/evidence/bundle/counted.ts';
import { bundleOf, type Views } from '../../validators/evidence/bundle/make.ts';
import { layerPath } from '../../validators/evidence/bundle/paths.ts';
import { withoutTexts } from '../../validators/evidence/bundle/repository.ts';
import { sha256 } from '../domain/canonical.ts';
import type { Facts } from '../domain/change.ts';
import { type Check, TEST_NAMES_FILE, TestNames } from '../domain/check.ts';
import { keyAt, type SigningKey } from '../domain/dsse.ts';
import { Fault } from '../domain/faults.ts';
import { type Digest, Sha } from '../domain/ids.ts';
import type { Judgement } from '../domain/judgement.ts';
import { answerTokens, promptTokens } from '../domain/money.ts';
import type { Records } from '../domain/records.ts';
import type { In } from '../domain/run-state.ts';
import type { Task } from '../domain/task.ts';
import type { JournalEntry, ModelCall } from '../ports.ts';
import { type Noted, noted } from './bundle-views.ts';
import type { StageTools } from './tools.ts';

const PATCH_BYTES_MAX = 512 * 1024;

export type Published = {
  readonly run: Pick<In<'publishing'>, 'attempt' | 'prepared' | 'checks' | 'evidence'>;
  readonly task: Task;
  readonly journal: readonly JournalEntry[];
  readonly records: Records;
  readonly facts: Facts;
  readonly layers: readonly LoadedPolicy[];
  /** As it was made at `decidedAt`. */
  readonly judgement: Judgement;
};

export type Kept = {
  readonly manifest: Digest;
  readonly envelope: Digest;
  /** The last record of the audit log that it holds, as `seq:hash`; null where there is none. */
  readonly audit: string | null;
};

/** When the last thing happened that let the change through. What broke since changed nothing of it. */
export function decidedAt(journal: readonly JournalEntry[], { queuedAt }: Task): string {
  return journal.findLast(({ event }) => event.type !== 'machinery_broke')?.at ?? queuedAt;
}

/** As `decide` at the moment that a bundle names. */
export function judgedThen(
  { layers, facts }: Pick<Published, 'layers' | 'facts'>,
  at: string,
  { advice }: Judgement,
): Judgement {
  return decide(layers, facts, at, advice);
}

export async function keepBundle(tools: StageTools, published: Published): Promise<Kept> {
  const { task, journal } = published;
  const at = decidedAt(journal, task);
  const seen = noted(await tools.store.activity(task.id), at);
  const calls = (await tools.store.calls(task.id)).filter(
    (call) => call.at <= at && call.state !== 'reserved',
  );
  const claims = await claimsOf(tools, { ...published, at, seen, calls });
  const views = await viewsOf(tools, { ...published, at, seen });
  const counted = countedIn(claims, tools.signatures.holds);
  const keys = { evidence: signerAt(tools, 'evidence', at), audit: signerAt(tools, 'audit', at) };
  const bundle = bundleOf(claims, views, counted, keys);
  for (const file of bundle.files) {
    if ('bytes' in file) await keep(tools, file.path, file.bytes);
    else await found(tools, file.path, file.digest);
  }
  const last = views.audit.records.at(-1);
  return {
    manifest: await keep(tools, 'manifest.json', bundle.manifest),
    envelope: await keep(tools, 'manifest.dsse.json', bundle.envelope),
    audit: last === undefined ? null : `${last.seq}:${last.hash}`,
  };
}

function signerAt({ keys }: StageTools, role: SigningKey['role'], at: string): SigningKey {
  return keys.signer(role, keyAt(keys.trusted(role), at));
}

/** What is kept loses its secrets on the way, and evidence that lost something proves nothing. */
async function keep({ evidence }: StageTools, path: string, bytes: Uint8Array): Promise<Digest> {
  const digest = await evidence.put(bytes);
  if (digest === sha256(bytes)) return digest;
  throw new Fault(
    'secret_refused',
    `${path} of the bundle holds a secret of the controller's environment, or what looks like a key`,
  );
}

async function found({ evidence }: StageTools, path: string, digest: Digest): Promise<Uint8Array> {
  const bytes = await evidence.get(digest);
  if (bytes !== null) return bytes;
  throw new Fault('evidence_missing', `${path} (${digest}) is not in the evidence store`);
}

type Known = Published & {
  readonly at: string;
  readonly seen: Noted;
  readonly calls: readonly ModelCall[];
};

async function claimsOf(tools: StageTools, known: Known): Promise<Claims> {
  const { task, run, layers, judgement, facts, records, at } = known;
  const withheld = secretTexts(tools, facts);
  const effective = effectiveOf(layers);
  const checks = run.checks.toSorted((a, b) => (a.validator < b.validator ? -1 : 1));
  return {
    task: {
      ...{ id: task.id, repository: task.repository, base: task.base, source: task.source },
      ...{ requester: task.requester, operator: task.operator, queuedAt: task.queuedAt },
      text: sha256(task.text),
    },
    agent: agentOf(known),
    effective,
    layers: new Map(
      effective.layers.map(({ path }, index) => [path, Buffer.from(layers[index]?.source ?? '')]),
    ),
    decision: { at, judgement, evidence: run.evidence, withheld },
    facts: withoutTexts(facts, withheld),
    checks,
    names: await namesOf(tools, checks),
    records,
  };
}

/** They are in the repository for who may read it, and are not copied out of there. */
function secretTexts({ redact }: StageTools, { texts }: Facts): Sha[] {
  const isSecret = (text: string): boolean => {
    const quoted = JSON.stringify(text);
    return redact(text) !== text || redact(quoted) !== quoted;
  };
  return Object.keys(texts)
    .filter((oid) => isSecret(texts[oid] ?? ''))
    .sort()
    .map((oid) => Sha.parse(oid));
}

function effectiveOf(layers: readonly LoadedPolicy[]): EffectiveInput {
  return {
    policy: policyDigest(layers),
    layers: layers.map(({ name, file, digest, packs }, index) => ({
      ...{ path: layerPath(index, name), file, name, digest },
      packs: packs.map((pack) => ({ name: pack.name, digest: pack.digest })),
    })),
  };
}

function agentOf({ task, run, journal, seen, calls }: Known): AgentInput {
  const { agent, image, model, rules, machine } = run.prepared;
  const timeOf = (...types: readonly string[]): string =>
    journal.findLast(({ event }) => types.includes(event.type))?.at ?? task.queuedAt;
  const ended = journal.findLast(({ event }) => event.type === 'agent_finished')?.event;
  const ending = ended?.type === 'agent_finished' ? withoutWords(ended.ending) : null;
  return {
    ...{ attempt: run.attempt, agent, image, model, rules, machine, ending },
    startedAt: timeOf('claimed'),
    sealedAt: timeOf('change_sealed', 'base_moved'),
    models: usedOf(calls),
    harnesses: [...seen.harnesses],
  };
}

type Ending = Extract<JournalEntry['event'], { type: 'agent_finished' }>['ending'];

function withoutWords({ said: _, ...ending }: Ending): Omit<Ending, 'said'> {
  return ending;
}

function usedOf(calls: readonly ModelCall[]): AgentInput['models'] {
  const groups = Map.groupBy(calls, ({ role, model, vendor }) =>
    JSON.stringify([role, model, vendor]),
  );
  return [...groups.values()].map((group) => {
    const sum = (of: (call: ModelCall) => number): number =>
      group.reduce((total, call) => total + of(call), 0);
    const [{ role = '', model = '', vendor = '' } = {}] = group;
    return {
      ...{ role, model, vendor, calls: group.length },
      failed: group.filter(({ state }) => state !== 'settled').length,
      inputTokens: sum(({ usage }) => promptTokens(usage)),
      outputTokens: sum(({ usage }) => answerTokens(usage)),
      microUsd: group.some(({ microUsd }) => microUsd === null)
        ? null
        : sum(({ microUsd }) => microUsd ?? 0),
    };
  });
}

async function namesOf(
  tools: StageTools,
  checks: readonly Check[],
): Promise<Map<string, TestNames>> {
  const names = new Map<string, TestNames>();
  for (const { validator, evidence } of checks) {
    const file = evidence.find(({ name }) => name === TEST_NAMES_FILE);
    if (file === undefined) continue;
    const bytes = await found(tools, `${TEST_NAMES_FILE} of ${validator}`, file.digest);
    names.set(validator, TestNames.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))));
  }
  return names;
}

async function viewsOf(
  tools: StageTools,
  { task, run, facts, at, seen }: Published & { at: string; seen: Noted },
): Promise<Views> {
  const { tree, base } = facts.change;
  const here = { run: task.id, attempt: run.attempt, repository: task.repository, base };
  const harnesses = new Map<Digest, Uint8Array>();
  for (const digest of seen.harnesses)
    harnesses.set(digest, await found(tools, 'a harness', digest));
  const own = await tools.store.audit.of(task.id);
  const [first] = await tools.store.audit.records(0);
  return {
    raw: await tools.source.rawEntries(here, tree),
    patch: tools.redact(await tools.source.diff(here, tree, PATCH_BYTES_MAX)),
    egress: seen.egress,
    tools: seen.tools,
    harnesses,
    audit: {
      log: String(first?.data['log'] ?? ''),
      // That a publish is about to happen is written each time that it is tried.
      records: own.filter(({ ts, type }) => ts <= at && type !== 'pr.intended'),
    },
  };
}
