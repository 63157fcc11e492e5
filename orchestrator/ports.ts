/**
 * What a run needs from the outside world. Adapters implement these and meet in `compose.ts`;
 * nothing else crosses. Every method may throw a `Fault` and may be called again after a crash
 * with the same arguments, unless its comment says otherwise.
 */
import type { Check } from './domain/check.ts';
import type { Digest, RunId, Sha } from './domain/ids.ts';
import type { RunEvent, RunState } from './domain/run.ts';
import type { Task } from './domain/task.ts';

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

export type ModelUsage = { readonly inputTokens: number; readonly outputTokens: number };

/** One model call as the gateway saw it. Money in millionths of a dollar; null is "nobody said". */
export type ModelCall = {
  readonly id: string;
  readonly run: RunId;
  readonly attempt: number;
  readonly at: string;
  readonly model: string;
  readonly state: 'reserved' | 'settled' | 'failed';
  readonly usage: ModelUsage;
  readonly microUsd: number | null;
  readonly wallMs: number;
  /** Fault code of a failed call. */
  readonly failure: string | null;
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
  /** False when the lease was lost meanwhile. */
  renew(lease: Lease): Promise<boolean>;
  release(lease: Lease): Promise<void>;
  note(activity: Activity): Promise<void>;
  activity(run: RunId): Promise<readonly Activity[]>;
  calls(run: RunId): Promise<readonly ModelCall[]>;
  ledger: Ledger;
  close(): void;
};

export class JournalMoved extends Error {
  override readonly name = 'JournalMoved';
}

export type Budget = {
  readonly microUsd: number | null;
  readonly tokens: number | null;
  readonly turns: number | null;
};

/** Money and tokens of a run. A call is reserved before it is made and settled after. */
export type Ledger = {
  /** In one transaction: either all of the budget holds with this call, or nothing is written. */
  reserve(call: ModelCall, budget: Budget): Promise<{ refused: string } | null>;
  settle(call: ModelCall): Promise<void>;
};

/** One stage of the run: does its work and reports the single event that came of it. */
export type Stage = (run: RunState, task: Task, signal: AbortSignal) => Promise<RunEvent>;

/** How to start an agent CLI, and how to read what it prints. Pure. */
export type Agent = {
  readonly name: string;
  /** Version and sandbox image the agent is installed in. */
  readonly version: string;
  readonly image: ImageName;
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
};

export type Launch = {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Files to write before the start: path relative to the home folder, and text. */
  readonly files: Readonly<Record<string, string>>;
};

export type AgentEvent = {
  readonly kind: 'said' | 'command' | 'edit' | 'error' | 'turn';
  readonly text: string;
};

export type ImageName = 'base' | 'codex' | 'browser';

/** Where repositories and pull requests live. */
export type Forge = {
  /** Brings the forge's copy up to date and names the commit a branch points to; null if there is none. */
  tip(repository: string, branch: string): Promise<Sha | null>;
  branches(repository: string): Promise<readonly string[]>;
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

/** Inspects one change in fresh sandboxes. A change that fails is a value; broken machinery throws. */
export type Validator = (request: CheckRequest, signal: AbortSignal) => Promise<Check>;

export type CheckRequest = {
  readonly run: RunId;
  readonly attempt: number;
  readonly id: string;
};
