/** Where adapters meet. Everything else sees ports. */
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { adapters } from '../agents/adapters.ts';
import { command } from '../agents/command.ts';
import type { EgressOptions } from '../gateway/egress/tunnel.ts';
import { chooseModel, type ModelChoice } from '../gateway/model/choose.ts';
import { openModel, openModels } from '../gateway/model/open.ts';
import type { ModelUpstream } from '../gateway/model/upstream.ts';
import { priceFact } from '../gateway/prices/price.ts';
import { redactor } from '../gateway/redact.ts';
import { recorded } from '../gateway/scripted/record.ts';
import { writeScenario } from '../gateway/scripted/scenario.ts';
import { serveScripted } from '../gateway/scripted/serve.ts';
import { textSearch } from '../gateway/secret-search.ts';
import type { LoadedPolicy } from '../policies/parse.ts';
import { type Engine, openEngine } from '../sandboxes/docker.ts';
import { openEitherWorkspaces } from '../sandboxes/either-workspaces.ts';
import { collect, collectImages } from '../sandboxes/gc.ts';
import { collectVolumes } from '../sandboxes/gc-volumes.ts';
import { openHostLeft } from '../sandboxes/host-left.ts';
import {
  recipes,
  SERVICE_IMAGES,
  type ServiceImage,
  wantedRecipes,
} from '../sandboxes/images/recipes.ts';
import { unmountBelow } from '../sandboxes/mounts.ts';
import { clearProbes, mountedRuns, openQuotas } from '../sandboxes/quota.ts';
import { openReaper } from '../sandboxes/reaper.ts';
import { sharesFiles } from '../sandboxes/shares-files.ts';
import { folders } from '../sandboxes/source/folders.ts';
import { openLocal } from '../sandboxes/source/local-change.ts';
import { openSource } from '../sandboxes/source/source.ts';
import type { Runtime } from '../sandboxes/spec.ts';
import { openUsers } from '../sandboxes/users.ts';
import { GATEWAY_URL } from '../sandboxes/workspaces/launch.ts';
import { onceMore } from '../validators/again.ts';
import { commandValidator } from '../validators/command.ts';
import { collectEvidence } from '../validators/evidence/retention.ts';
import { openEvidenceStore } from '../validators/evidence/store.ts';
import { readJunit as readReport } from '../validators/junit.ts';
import { playwrightValidator } from '../validators/playwright.ts';
import { inspectorsOf } from './compose-checks.ts';
import { askerOf, doorsOf } from './compose-gateway.ts';
import { machineOf } from './compose-machine.ts';
import { asFault, Fault } from './domain/faults.ts';
import type { In, Phase, RunEvent, RunState } from './domain/run-state.ts';
import { type Signatures, signaturesWith } from './domain/signed.ts';
import type { Task } from './domain/task.ts';
import { namedEvidence } from './evidence-named.ts';
import { openLocalForge } from './forge/local.ts';
import { lockedAgents } from './intake/agents-lock.ts';
import { livesIn, stateIn } from './lives.ts';
import type { Source } from './ports/source.ts';
import type { Collected, Reaped } from './ports/upkeep.ts';
import type { EvidenceStore, Forge, Keys, Stage, Store } from './ports.ts';
import { redactedEvidence, redactedForge, redactedSource, redactedStore } from './redacted.ts';
import type { Runner, Stages } from './runner.ts';
import { judge } from './stages/judge.ts';
import { prepare } from './stages/prepare.ts';
import { publish } from './stages/publish.ts';
import { seal } from './stages/seal.ts';
import type { StageTools } from './stages/tools.ts';
import { validate } from './stages/validate.ts';
import { work } from './stages/work.ts';
import { type AuditFilePaths, auditFilePaths } from './store/audit-files.ts';
import { openKeys } from './store/keys.ts';
import { openSqliteStore } from './store/sqlite.ts';

/** Node inside the images: the one that our own packages bring. */
export const NODE_INSIDE = '24.21.0';
/** uid inside sandboxes when the controller is root; else its own, so that it can clear up. */
const SANDBOX_UID = 20_000;
const RENEW_MS = 10_000;
/** Layers go while less than this is free: four times what a run needs to start. */
const FLOOR_BYTES = 2 ** 30;
const BREAK_MS = 2000;
/** An engine is updated and started again within this. */
const AWAY_MS = 10 * 60_000;

export type { Engine, Runtime };
export {
  chooseModel,
  type ModelChoice,
  openLocal,
  openModel,
  openModels,
  readReport,
  recorded,
  SERVICE_IMAGES,
  type ServiceImage,
  serveScripted,
  writeScenario,
};

export type FactoryOptions = {
  readonly home: string;
  readonly model: ModelUpstream;
  /** Further models that a policy may name. Left out, none. */
  readonly models?: readonly ModelUpstream[];
  /** Values that must never be stored. */
  readonly secrets: readonly string[];
  /** What sandboxes run under; null for the engine's own choice. */
  readonly runtime: Runtime | null;
  readonly above: readonly LoadedPolicy[];
  readonly clock: () => Date;
  /** Left out, the name servers of this machine and addresses of the public network. */
  readonly outside?: Pick<EgressOptions, 'resolve' | 'isGlobal'>;
};

export type Factory = {
  readonly home: string;
  readonly store: Store;
  readonly forge: Forge;
  readonly engine: Engine;
  readonly runner: Runner;
  /** Clears away what no run needs, of this controller or of one that died. Throws where no engine answers. */
  readonly reap: () => Promise<Reaped>;
  readonly collect: Collecting;
  readonly tools: StageTools;
  close(): void;
};

/** Opens the journal and the forge of a data directory; needs no engine. */
export function openLedgers(
  home: string,
  clock: () => Date,
  secrets: readonly string[],
): { store: Store; forge: Forge } {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const redact = redactor(secrets);
  return {
    store: redactedStore(openSqliteStore(path.join(home, 'journal.sqlite'), clock), redact),
    forge: redactedForge(openLocalForge(path.join(home, 'forge'), clock), redact),
  };
}

/** What a data directory signs with, and the files that its audit log is published to. */
export function openAudit(home: string, clock: () => Date): { keys: Keys; files: AuditFilePaths } {
  return { keys: openKeys(home, clock), files: auditFilePaths(home) };
}

/** The controller's bare copies and what was kept as evidence, to read from. */
export function openReading(home: string): { source: Source; evidence: EvidenceStore } {
  return {
    source: openSource(folders(home)),
    evidence: openEvidenceStore(path.join(home, 'evidence')),
  };
}

/** Takes these values, and what looks like a key, out of a text. */
export const textRedactor = (secrets: readonly string[]) => redactor(secrets).text;

/** This machine's keys for what people decide. */
export function openSignatures(home: string, clock: () => Date): Signatures {
  const keys = openKeys(home, clock);
  return signaturesWith({
    signer: () => keys.signer('approval'),
    trusted: () => keys.trusted('approval'),
  });
}

function signingOf(home: string, clock: () => Date): Pick<StageTools, 'signatures' | 'keys'> {
  return { signatures: openSignatures(home, clock), keys: openKeys(home, clock) };
}

export function openFactory(options: FactoryOptions): Factory {
  const { clock } = options;
  const ledgers = openLedgers(options.home, clock, options.secrets);
  const home = realpathSync(options.home);
  const engine = engineOf(home, options.runtime);
  const redact = redactor(options.secrets);
  const evidence = redactedEvidence(openEvidenceStore(path.join(home, 'evidence')), redact);
  const quotas = openQuotas(home);
  const workspaces = openEitherWorkspaces({
    engine,
    quotas,
    image: imagesOf(engine),
    uidOf: openUsers(folders(home), sandboxUid()),
    folders: folders(home),
    runtime: runtimeFolder(home),
  });
  const validating = { workspaces, evidence, redact: redact.text, redactBytes: redact.bytes };
  const agents = adapters(lockedAgents());
  const ways = { ...options, models: modelsOf(options) };
  const tools: StageTools = {
    ...ledgers,
    source: redactedSource(openSource(folders(home)), redact),
    workspaces,
    doors: doorsOf(ways, ledgers.store),
    askModel: askerOf(ways, ledgers.store),
    evidence,
    ...signingOf(home, clock),
    agentFor: (agent) => (agent.kind === 'command' ? command(agent.run) : agents[agent.kind]),
    validators: {
      command: onceMore(commandValidator(validating), evidence),
      playwright: onceMore(playwrightValidator(validating), evidence),
    },
    ...inspectorsOf(validating, clock),
    model: {
      model: options.model.model,
      ...priceFact(options.model, clock()),
    },
    models: modelsOf(options).map((one) => priceFact(one, clock())),
    machine: machineOf(engine, { quotas, isBeside: workspaces.isBeside }),
    image: imagesOf(engine),
    ownImage: engine.ownImage,
    above: options.above,
    gatewayUrl: GATEWAY_URL,
    redact: redact.text,
    secretIn: textSearch(options.secrets),
    clock,
  };
  const runner = {
    store: ledgers.store,
    stages: stagesOf(tools),
    discard: workspaces.discard,
    clock,
    renewMs: RENEW_MS,
    breakMs: BREAK_MS,
    awayMs: AWAY_MS,
  };
  const reap = reaperOf(home, engine, tools);
  const collecting = openCollecting(home, ledgers.store, clock);
  const close = () => ledgers.store.close();
  return { ...ledgers, home, engine, tools, runner, reap, collect: collecting, close };
}

function reaperOf(
  home: string,
  engine: Engine,
  { store, workspaces }: StageTools,
): Factory['reap'] {
  return openReaper({
    engine,
    host: openHostLeft({
      home,
      runtime: runtimeFolder(home),
      mounted: () => mountedRuns(folders(home).runs),
    }),
    journal: { ...store, state: (run) => stateIn(store, run) },
    discard: workspaces.discard,
  });
}

export type Collecting = (keepBytes: number, isDryRun: boolean) => Promise<Collected>;

/** Keeps a data directory to a size. Where no engine answers, images stay and everything else goes. */
export function openCollecting(given: string, store: Store, clock: () => Date): Collecting {
  const home = realpathSync(given);
  const lives = livesIn(store, (named) => path.dirname(folders(home).mirror(named)));
  const all = allRecipes();
  const current = new Set(all.map(({ tag }) => tag));
  return async (keepBytes, isDryRun) => {
    const at = { current, now: clock() };
    const evidence = await agedEvidence(home, store, at.now, isDryRun);
    const sizes = { home, lives, keepBytes, floorBytes: FLOOR_BYTES };
    const collected = await collect(sizes, isDryRun);
    const engine = engineOf(home);
    const images = await collectImages(engine, at, isDryRun).catch(noEngine);
    const aged = { home, lives, now: at.now };
    const volumes = await collectVolumes(engine, aged, isDryRun).catch(noEngine);
    const isEngineAsked = images !== null && volumes !== null;
    const removed = [...evidence, ...collected.removed];
    const freedBytes = removed.reduce((sum, { bytes }) => sum + bytes, 0);
    return {
      ...collected,
      removed,
      freedBytes,
      isEngineAsked,
      images: images ?? [],
      volumes: volumes ?? [],
    };
  };
}

function agedEvidence(home: string, store: Store, now: Date, isDryRun: boolean) {
  const folder = path.join(home, 'evidence');
  const named = () => namedEvidence(store, openEvidenceStore(folder));
  return collectEvidence({ folder, named, now }, isDryRun);
}

function noEngine(error: unknown): null {
  if (asFault(error).code === 'docker_missing') return null;
  throw error;
}

/** The engine as one data directory uses it. */
export function engineOf(home: string, runtime: Runtime | null = null): Engine {
  const roots = [home, runtimeFolder(home)];
  return openEngine({ instance: instanceOf(home), uid: sandboxUid(), roots, runtime });
}

/** Whether its sandboxes see what lies in this data directory, and can talk to a socket here. */
export function seesOurs(home: string, engine: Engine, signal: AbortSignal): Promise<boolean> {
  const shop = { engine, image: imagesOf(engine) };
  return sharesFiles({ ...shop, home, runtime: runtimeFolder(home) }, signal);
}

export function instanceOf(home: string): string {
  return createHash('sha256').update(home).digest('hex').slice(0, 12);
}

/** What workspaces of a data directory are mounted on; their sandboxes must be gone. */
export async function unmountAll(home: string): Promise<void> {
  // Nothing else that is mounted there, and not the data directory itself, is ours to unmount.
  await unmountBelow(folders(home).runs);
  await clearProbes(home);
}

/** What goes into images. */
export const insideImages = () => ({ nodeVersion: NODE_INSIDE, agents: lockedAgents() });
export const recipesOf = () => recipes(insideImages());
const allRecipes = () => [...recipesOf(), ...wantedRecipes(insideImages())];

function stagesOf(tools: StageTools): Stages {
  return {
    prepare: stage('preparing', (run, task, signal) => prepare(tools, run, task, signal)),
    work: stage('working', (run, task, signal) => work(tools, run, task, signal)),
    seal: stage('sealing', (run, task, signal) => seal(tools, run, task, signal)),
    judge: stage('judging', (run, task, signal) => judge(tools, run, task, signal)),
    validate: stage('validating', (run, task, signal) => validate(tools, run, task, signal)),
    publish: stage('publishing', (run, task, signal) => publish(tools, run, task, signal)),
  };
}

/** A stage is asked only for runs in its phase; the table of steps says so, and this makes sure. */
function stage<P extends Phase>(
  phase: P,
  perform: (run: In<P>, task: Task, signal: AbortSignal) => Promise<RunEvent>,
): Stage {
  const isIn = (run: RunState): run is In<P> => run.phase === phase;
  return async (run, task, signal) => {
    if (!isIn(run))
      throw new Fault('internal', `the stage of ${phase} was given a run that is ${run.phase}`);
    return perform(run, task, signal);
  };
}

function modelsOf({ model, models = [] }: FactoryOptions): readonly ModelUpstream[] {
  return [model, ...models.filter(({ id }) => id !== model.id)];
}

/** Any other image of the engine may be another team's: whoever runs it allows one by a tag of this form. */
const allowed = (name: string): string => `proofhouse-service/${name}`;

function imagesOf(engine: Engine): (name: string) => Promise<string> {
  const tags = new Map(allRecipes().map(({ name, tag }) => [name as string, tag]));
  const ids = new Map<string, Promise<string>>();
  return (name) => {
    if (name.startsWith('sha256:')) return Promise.resolve(name);
    const known = ids.get(name);
    if (known !== undefined) return known;
    const id = engine.imageId(tags.get(name) ?? allowed(name));
    ids.set(name, id);
    id.catch(() => ids.delete(name));
    return id;
  };
}

function sandboxUid(): number {
  const own = process.getuid?.() ?? 0;
  return own === 0 ? SANDBOX_UID : own;
}

/** Sockets need short paths, and this one must be nobody else's: others may write to its parent. */
export function runtimeFolder(home: string): string {
  const own = process.getuid?.() ?? 0;
  const folder = path.join(tmpdir(), `proofhouse-${own}-${instanceOf(home)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (found.uid !== own || !found.isDirectory()) {
    throw new Fault('internal', `${folder} is not a folder of this user; remove it and try again`);
  }
  chmodSync(folder, 0o700);
  return folder;
}
