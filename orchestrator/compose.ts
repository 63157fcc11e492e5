/** Where adapters meet. Everything else sees ports. */
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { codex } from '../agents/codex.ts';
import { command } from '../agents/command.ts';
import { chooseModel, type ModelChoice } from '../gateway/model/choose.ts';
import { openModel } from '../gateway/model/open.ts';
import type { ModelUpstream } from '../gateway/model/upstream.ts';
import { redactor } from '../gateway/redact.ts';
import { hostRegistry } from '../gateway/registry/host.ts';
import { openGateway } from '../gateway/server.ts';
import type { LoadedPolicy } from '../policies/parse.ts';
import { type Engine, openEngine } from '../sandboxes/docker.ts';
import { openEitherWorkspaces } from '../sandboxes/either-workspaces.ts';
import { hostFacts } from '../sandboxes/host-facts.ts';
import {
  pinned,
  recipes,
  SERVICE_IMAGES,
  type ServiceImage,
  serviceRecipes,
} from '../sandboxes/images/recipes.ts';
import { sharesFiles } from '../sandboxes/shares-files.ts';
import { folders } from '../sandboxes/source/folders.ts';
import { openLocal } from '../sandboxes/source/local-change.ts';
import { openSource } from '../sandboxes/source/source.ts';
import { GATEWAY_URL } from '../sandboxes/workspaces/launch.ts';
import { commandValidator } from '../validators/command.ts';
import { openEvidenceStore } from '../validators/evidence/store.ts';
import { playwrightValidator } from '../validators/playwright.ts';
import { Fault } from './domain/faults.ts';
import type { In, Phase, RunEvent, RunState } from './domain/run-state.ts';
import { type Signatures, signaturesWith } from './domain/signed.ts';
import type { Task } from './domain/task.ts';
import { openLocalForge } from './forge/local.ts';
import type { Machine } from './ports/machine.ts';
import type { Source } from './ports/source.ts';
import type { Doors, Forge, Keys, ModelCall, Stage, Store } from './ports.ts';
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
const BREAK_MS = 2000;

export {
  chooseModel,
  hostFacts,
  type ModelChoice,
  openLocal,
  openModel,
  SERVICE_IMAGES,
  type ServiceImage,
};

export type FactoryOptions = {
  readonly home: string;
  readonly model: ModelUpstream;
  /** Values that must never be stored. */
  readonly secrets: readonly string[];
  readonly above: readonly LoadedPolicy[];
  readonly clock: () => Date;
};

export type Factory = {
  readonly home: string;
  readonly store: Store;
  readonly forge: Forge;
  readonly engine: Engine;
  readonly runner: Runner;
  readonly tools: StageTools;
  close(): void;
};

/** Opens the journal and the forge of a data directory; needs no engine. */
export function openLedgers(home: string, clock: () => Date): { store: Store; forge: Forge } {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  return {
    store: openSqliteStore(path.join(home, 'journal.sqlite'), clock),
    forge: openLocalForge(path.join(home, 'forge'), clock),
  };
}

/** What a data directory signs with, and the files that its audit log is published to. */
export function openAudit(home: string, clock: () => Date): { keys: Keys; files: AuditFilePaths } {
  return { keys: openKeys(home, clock), files: auditFilePaths(home) };
}

/** The controller's bare copies, to read from. */
export function openReading(home: string): { source: Source } {
  return { source: openSource(folders(home)) };
}

/** This machine's keys for what people decide. */
export function openSignatures(home: string, clock: () => Date): Signatures {
  const keys = openKeys(home, clock);
  return signaturesWith({
    signer: () => keys.signer('approval'),
    trusted: () => keys.trusted('approval'),
  });
}

export function openFactory(options: FactoryOptions): Factory {
  const { clock } = options;
  const ledgers = openLedgers(options.home, clock);
  const home = realpathSync(options.home);
  const engine = engineOf(home);
  const redact = redactor([...options.secrets]);
  const evidence = openEvidenceStore(path.join(home, 'evidence'));
  const workspaces = openEitherWorkspaces({
    engine,
    image: imagesOf(engine),
    uid: sandboxUid(),
    folders: folders(home),
    runtime: runtimeFolder(home),
  });
  const validating = { workspaces, evidence, redact };
  const tools: StageTools = {
    ...ledgers,
    source: openSource(folders(home)),
    workspaces,
    doors: doorsOf(options, ledgers.store, redact),
    evidence,
    signatures: openSignatures(home, clock),
    agentFor: ({ agent }) =>
      agent.kind === 'codex' ? codex(pinned('codex', '@openai/codex')) : command(agent.run),
    validators: {
      command: commandValidator(validating),
      playwright: playwrightValidator(validating),
    },
    model: {
      model: options.model.model,
      shown: options.model.name,
      isPriced: options.model.price !== null,
      isScripted: options.model.wire === 'scripted',
    },
    machine: machineOf(engine),
    image: imagesOf(engine),
    ownImage: engine.ownImage,
    above: options.above,
    gatewayUrl: GATEWAY_URL,
    redact,
    clock,
  };
  const runner = {
    store: ledgers.store,
    stages: stagesOf(tools),
    discard: workspaces.discard,
    held: engine.runs,
    clock,
    renewMs: RENEW_MS,
    breakMs: BREAK_MS,
  };
  return { ...ledgers, home, engine, tools, runner, close: () => ledgers.store.close() };
}

/** The engine as one data directory uses it. */
export function engineOf(home: string): Engine {
  const roots = [home, runtimeFolder(home)];
  return openEngine({ instance: instanceOf(home), uid: sandboxUid(), roots, runtime: null });
}

/** Whether its sandboxes see what lies in this data directory, and can talk to a socket here. */
export function seesOurs(home: string, signal: AbortSignal): Promise<boolean> {
  const engine = engineOf(home);
  const shop = { engine, image: imagesOf(engine), uid: sandboxUid() };
  return sharesFiles({ ...shop, home, runtime: runtimeFolder(home) }, signal);
}

/** The facts that a policy may require: of the engine, and of the controller's own machine. */
export function machineOf(engine: Engine): Machine {
  return {
    facts: async () => {
      const [found, host] = await Promise.all([engine.describe(), hostFacts()]);
      return { engine: found, host };
    },
  };
}

export function instanceOf(home: string): string {
  return createHash('sha256').update(home).digest('hex').slice(0, 12);
}

export const recipesOf = () => recipes(NODE_INSIDE);

function stagesOf(tools: StageTools): Stages {
  return {
    prepare: stage('preparing', (run, task, signal) => prepare(tools, run, task, signal)),
    work: stage('working', (run, task, signal) => work(tools, run, task, signal)),
    seal: stage('sealing', (run, task, signal) => seal(tools, run, task, signal)),
    judge: stage('judging', (run, task) => judge(tools, run, task)),
    validate: stage('validating', (run, task, signal) => validate(tools, run, task, signal)),
    publish: stage('publishing', (run, task) => publish(tools, run, task)),
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

function doorsOf(options: FactoryOptions, store: Store, redact: (text: string) => string): Doors {
  const registry = hostRegistry();
  return {
    open: async ({ socketPath, run, attempt, to, budget }) => {
      // Lines of this door go on after those that a controller before us stored.
      const before = (await store.activity(run)).filter(
        (one) => one.attempt === attempt && one.source === 'gateway',
      );
      let index = before.length;
      return openGateway({
        socketPath,
        run,
        attempt,
        role: to === 'package-registry' ? 'dependencies' : 'agent',
        model: to === 'model' ? options.model : null,
        registry: to === 'package-registry' ? await registry() : null,
        budget,
        ledger: redactedLedger(store, redact),
        note: async (kind, text) => {
          const at = options.clock().toISOString();
          await store.note({
            run,
            attempt,
            source: 'gateway',
            index: index++,
            at,
            kind,
            text: redact(text),
          });
        },
      });
    },
  };
}

function redactedLedger({ ledger }: Store, redact: (text: string) => string): Store['ledger'] {
  const clean = (call: ModelCall): ModelCall => ({ ...call, model: redact(call.model) });
  return {
    reserve: (call, budget) => ledger.reserve(clean(call), budget),
    settle: (call) => ledger.settle(clean(call)),
  };
}

function imagesOf(engine: Engine): (name: string) => Promise<string> {
  const all = [...recipesOf(), ...serviceRecipes(NODE_INSIDE)];
  const tags = new Map(all.map(({ name, tag }) => [name as string, tag]));
  const ids = new Map<string, Promise<string>>();
  return (name) => {
    if (name.startsWith('sha256:')) return Promise.resolve(name);
    const known = ids.get(name);
    if (known !== undefined) return known;
    const id = engine.imageId(tags.get(name) ?? name);
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
