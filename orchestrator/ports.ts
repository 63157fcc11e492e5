/**
 * What a run needs from the outside world. Adapters implement these and meet in `compose.ts`;
 * nothing else crosses. Every method may throw a `Fault` and may be called again after a crash
 * with the same arguments, unless its comment says otherwise.
 */
import type { AgentName } from './domain/agent-lock.ts';
import type { AuditDraft, AuditRecord } from './domain/audit.ts';
import type { Check, Finding } from './domain/check.ts';
import type { KeyRole, SigningKey, TrustedKey } from './domain/dsse.ts';
import type { Digest, RunId, RunToken, Sha } from './domain/ids.ts';
import type { KeptRecord } from './domain/records.ts';
import type { Quota, RunEvent, RunState } from './domain/run-state.ts';
import type { Task } from './domain/task.ts';
import type { HarnessTerms } from './ports/harness.ts';
import type { KeptCheck } from './ports/kept-check.ts';
import type { Budget, Ledger, ModelCall, ModelPlan } from './ports/ledger.ts';

/** Every other port is here, and those who use them need not know that these are not. */
export type { ModelUsage } from './domain/money.ts';
export type { Budget, Ledger, ModelCall };

export type JournalEntry = { readonly seq: number; readonly at: string; readonly event: RunEvent };

/** The right to drive one run. `token` grows with every claim; a write under an old token fails. */
export type Lease = { readonly run: RunId; readonly token: number };

/** What an agent or a sandbox did, in order, redacted before it gets here. */
export type Activity = {
  readonly run: RunId;
  readonly attempt: number;
  /** Who saw it. With `index` it names the line, so seeing it twice stores it once. */
  readonly source: 'agent' | 'gateway' | 'sandbox' | 'check';
  readonly index: number;
  readonly at: string;
  readonly kind: string;
  readonly text: string;
};

/** Journal, tasks and everything that can be rebuilt from them. Several processes may share one. */
export type Store = {
  /** Fails if the id is taken. */
  addTask(task: Task): Promise<void>;
  task(run: RunId): Promise<Task | null>;
  tasks(): Promise<readonly Task[]>;
  read(run: RunId): Promise<readonly JournalEntry[]>;
  /**
   * Resolves once the event is on disk. `seq` is the number of events read before: when another
   * wrote in between, or the lease is no longer ours, nothing is written and `JournalMoved` is thrown.
   */
  append(run: RunId, seq: number, event: RunEvent, lease: Lease | null): Promise<void>;
  /** Takes the oldest run that nobody drives and that has a step to do; null when there is none. */
  claim(only?: RunId): Promise<Lease | null>;
  /**
   * Takes a run that nobody drives, whatever its phase, so that what it left is cleared away while
   * nobody can begin to drive it; null when somebody drives it, or when there is no such run.
   */
  hold(run: RunId): Promise<Lease | null>;
  /** False when the lease was lost meanwhile. */
  renew(lease: Lease): Promise<boolean>;
  release(lease: Lease): Promise<void>;
  note(activity: Activity): Promise<void>;
  activity(run: RunId): Promise<readonly Activity[]>;
  calls(run: RunId): Promise<readonly ModelCall[]>;
  /** Runs of a repository that were first driven on a day (UTC, as `2026-03-01`), in that order. */
  startedOn(repository: string, day: string): Promise<readonly RunId[]>;
  /** Stores a record that outlives its run. The first with an id stays; it is never taken out. */
  keep(record: KeptRecord): Promise<void>;
  /** Every record that was kept, in order. */
  kept(): Promise<readonly KeptRecord[]>;
  /** A check that passed, under what decides it. The first under a key stays; the oldest go in the end. */
  keepCheck(kept: KeptCheck): Promise<void>;
  keptCheck(key: Digest): Promise<KeptCheck | null>;
  ledger: Ledger;
  audit: AuditLog;
  close(): void;
};

/**
 * What somebody may have to answer for. Tasks and events write their own records, in the transaction
 * that stores them: neither is there without the other.
 */
export type AuditLog = {
  /** For what happens outside of any run's journal. */
  append(draft: AuditDraft): Promise<void>;
  /** From `seq` on, in order, at most 1,000; none when the log ends before. */
  records(from: number): Promise<readonly AuditRecord[]>;
  /** Every record of one run, in order. */
  of(run: RunId): Promise<readonly AuditRecord[]>;
  /** The newest record; null while there is none. */
  head(): Promise<AuditRecord | null>;
  /** Brings the log's files up to date and signs a checkpoint when one is due. Safe to repeat. */
  publish(): Promise<void>;
};

/** The data directory's signing keys. Synchronous, because they are asked for inside transactions. */
export type Keys = {
  /** The newest key of a role, or exactly this one; a role without a key is given its first. */
  signer(role: KeyRole, key?: string): SigningKey;
  /** Every public key of a role with its time, oldest first. */
  trusted(role: KeyRole): readonly TrustedKey[];
  /** From now on a new key signs for the role; those before it are trusted for their time. */
  rotate(role: KeyRole): TrustedKey;
};

export class JournalMoved extends Error {
  override readonly name = 'JournalMoved';
}

/** One stage of the run: does its work and reports the single event that came of it. */
export type Stage = (run: RunState, task: Task, signal: AbortSignal) => Promise<RunEvent>;

/** How to start an agent CLI, and how to read what it prints. Pure. */
export type Agent = {
  readonly name: string;
  /** Version and sandbox image the agent is installed in. */
  readonly version: string;
  readonly image: ImageName;
  /** Whether it says how it ended; a program that nobody knows does not. */
  readonly tellsItsEnd: boolean;
  launch(brief: Brief): Launch;
  /** One line of output as something worth showing; null for noise. Must not throw. */
  parse(line: string): AgentEvent | null;
};

export type Brief = {
  readonly prompt: string;
  /** Rules of the repository from the base commit; empty when it has none. */
  readonly rules: string;
  readonly model: string;
  /** Where the gateway answers inside the sandbox, without a trailing slash. */
  readonly gatewayUrl: string;
  /**
   * What it shows there as its key: good for this attempt's door and for nothing else. Long, because one
   * agent takes its key's characters out of its own output wherever they stand.
   */
  readonly token: string;
};

export type Launch = {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Files to write before the start: path relative to the home folder, and text. */
  readonly files: Readonly<Record<string, string>>;
};

/**
 * `completed` and `failed` are the agent's own word on its end, the last of them; an agent that was cut
 * off says neither. What it says of its end is shown, and decides only where no model was asked.
 */
export type AgentEvent = {
  readonly kind: 'said' | 'command' | 'output' | 'edit' | 'error' | 'turn' | 'completed' | 'failed';
  readonly text: string;
};

export type ImageName = 'base' | 'browser' | AgentName;

/** Where repositories and pull requests live. */
export type Forge = {
  /** Brings the forge's copy up to date and names the commit a branch points to; null if there is none. */
  tip(repository: string, branch: string): Promise<Sha | null>;
  branches(repository: string): Promise<readonly string[]>;
  /** The branch that the source has checked out; null when it has none. */
  defaultBranch(repository: string): Promise<string | null>;
  /** The bare repository to fetch from. */
  remote(repository: string): string;
  /** Finds the pull request of this head branch or opens it; a second call changes nothing. */
  ensurePullRequest(request: PullRequestDraft): Promise<PullRequest>;
  pullRequests(repository: string): Promise<readonly PullRequest[]>;
};

export type PullRequestDraft = {
  readonly repository: string;
  readonly base: string;
  /** Branch name, without `refs/heads/`; made from the run id, never from a task's text. */
  readonly head: string;
  readonly commit: Sha;
  /** A bare repository of ours that holds the commit's new objects. */
  readonly from: string;
  readonly title: string;
  readonly body: string;
};

export type PullRequest = {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly base: string;
  readonly head: string;
  readonly commit: Sha;
  readonly state: 'open' | 'closed' | 'merged';
  readonly openedAt: string;
  readonly url: string;
};

/** Stored files, found by digest. */
export type EvidenceStore = {
  put(bytes: Uint8Array): Promise<Digest>;
  get(digest: Digest): Promise<Uint8Array | null>;
  path(digest: Digest): string;
};

/** One attempt's place: which run, which repository, which base commit. */
export type Place = {
  readonly run: RunId;
  readonly attempt: number;
  readonly repository: string;
  readonly base: Sha;
};

export type SandboxEnd = {
  readonly ended: 'exited' | 'timed_out' | 'oom' | 'lost';
  readonly exitCode: number | null;
  readonly wallMs: number;
};

/** `full` says that the workspace took no more, and how much it takes; null when there was room left. */
export type AgentEnd = SandboxEnd & { readonly full: string | null };

/** A line of output; `index` counts from the sandbox's start, the same for whoever reads it again. */
export type Line = {
  readonly index: number;
  readonly stream: 'out' | 'err';
  readonly text: string;
};
export type OnLine = (line: Line) => Promise<void>;

export type DependencyPlan = {
  readonly run: readonly (readonly string[])[];
  /** Name of an image of ours, or the id of one that was made from it. */
  readonly image: string;
  /** Digest of the files it is keyed by, of the commands and of the image. */
  readonly key: Digest;
};

/** Something that tests talk to on loopback, started anew for each sandbox that it is for. */
export type Service = {
  readonly name: string;
  /** Name of an image of ours, or a tag or id of one that the engine has. */
  readonly image: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A port that must answer, or a command that must end with 0, run in its image and its network. */
  readonly ready: { readonly port: number } | { readonly argv: readonly string[] };
  readonly readyMs: number;
  /** Run in its image and its network once it is ready, with the base commit at /workspace to read. */
  readonly seed: readonly (readonly string[])[];
  readonly memoryBytes: number;
  /** A folder in memory for its data, which counts as its memory. */
  readonly data: string | null;
};

export type SandboxCommand = Launch & {
  /** Image name of ours, or an image id. */
  readonly image: string;
  readonly memoryBytes: number;
  readonly wallMs: number;
  /** Started before it, and gone after it; none when left out. */
  readonly services?: readonly Service[];
};

export type CheckCommand = SandboxCommand & {
  /** Names the sandbox within the attempt. */
  readonly part: string;
  readonly role: 'validator' | 'app' | 'browser';
  /** Part whose loopback this one shares, and the port it waits for there. */
  readonly joins: { readonly part: string; readonly port: number; readonly waitMs: number } | null;
};

/** A regular file that a check left in its output folder. */
export type OutFile = { readonly name: string; readonly bytes: Uint8Array };

export type CheckRun = {
  readonly end: SandboxEnd;
  /** The last lines it printed, both streams, bounded. */
  readonly tail: readonly string[];
  readonly files: readonly OutFile[];
  /** How many files more it left, too many or too large to be read. */
  readonly left?: number;
};

/** A tree that came out, and what whoever decides on it should know of how it came out. */
export type SealedTree = { readonly tree: Sha; readonly findings: readonly Finding[] };

/** Prepared copies of repositories and the sandboxes over them. */
export type Workspaces = {
  /** Where the gateway listens for a sandbox of this attempt. Makes the folder. */
  socketPath(place: Place, part: string): Promise<string>;
  hasDependencies(place: Place, plan: DependencyPlan, signal: AbortSignal): Promise<boolean>;
  /** Needs a door open at `socketPath(place, 'dependencies')`. */
  buildDependencies(
    place: Place,
    plan: DependencyPlan,
    onLine: OnLine,
    signal: AbortSignal,
  ): Promise<SandboxEnd>;
  /** A fresh workspace at the base, with the previous tree applied. Whatever this attempt had is gone. */
  open(
    place: Place,
    previous: Sha | null,
    plan: DependencyPlan | null,
    signal: AbortSignal,
  ): Promise<Quota>;
  /** Starts the agent, or finds the one that a controller before us started, and follows it to its end. */
  runAgent(
    place: Place,
    command: SandboxCommand,
    onLine: OnLine,
    signal: AbortSignal,
  ): Promise<AgentEnd>;
  /** Ends the agent, takes the tree out in a fresh sandbox and brings its objects into a quarantine. */
  seal(
    place: Place,
    plan: DependencyPlan | null,
    signal: AbortSignal,
  ): Promise<SealedTree | { refused: readonly Finding[] }>;
  /** Runs one command over the sealed tree, or over the base's own (null), in a fresh sandbox. */
  check(
    place: Place,
    tree: Sha | null,
    plan: DependencyPlan | null,
    command: CheckCommand,
    signal: AbortSignal,
  ): Promise<CheckRun>;
  /** Starts an app under test and returns; `stop` ends it and gives what it printed. */
  serve(
    place: Place,
    tree: Sha | null,
    plan: DependencyPlan | null,
    command: CheckCommand,
    signal: AbortSignal,
  ): Promise<{ stop(): Promise<CheckRun> }>;
  /** Removes every sandbox, volume and socket of a run; keeps its sealed changes. */
  discard(run: RunId): Promise<void>;
};

/** The one door of a sandbox. */
export type Doors = {
  open(request: DoorRequest): Promise<Door>;
  /** What the agent of an attempt has to show at its door; the same after a crash. */
  token(run: RunId, attempt: number): RunToken;
};

export type DoorRequest = {
  readonly socketPath: string;
  readonly run: RunId;
  readonly attempt: number;
  readonly to: 'model' | 'package-registry' | 'nothing';
  /** Whether a tunnel to a host may be opened. Pure; asked before the host is looked up. */
  readonly reaches: (host: string, port: number) => boolean;
  readonly budget: Budget;
  /** What an agent at this door may run with; null where no agent is. */
  readonly harness: HarnessTerms | null;
  /** Of a door to a model, which of them answers what, and what ends the run. Left out, the usual one. */
  readonly models?: ModelPlan;
  /** Of a door to a package registry, what may be read there. */
  readonly packages: PackageList;
};

/** Packages that a registry may be asked for, and nothing else of it. */
export type PackageList = {
  readonly names: readonly string[];
  readonly tarballs: readonly {
    readonly package: string;
    /** Name of the file, as in `zod-4.6.7.tgz`. */
    readonly file: string;
    /** What its bytes must hash to, as in `sha512-…`. */
    readonly integrity: string;
  }[];
};

export type Door = {
  close(): Promise<void>;
  /** Fault codes of calls that failed, in order. */
  failures(): readonly string[];
  /** Model calls that were answered. */
  answered(): number;
};

/** Inspects one change in fresh sandboxes. A change that fails is a value; broken machinery throws. */
export type Validator<D> = (request: CheckRequest<D>, signal: AbortSignal) => Promise<Check>;

export type CheckRequest<D> = {
  readonly place: Place;
  readonly tree: Sha;
  readonly plan: DependencyPlan | null;
  readonly id: string;
  readonly definition: D;
  /** What the app or the command may talk to. */
  readonly services: readonly Service[];
};
