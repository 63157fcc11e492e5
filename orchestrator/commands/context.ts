/** What every command is given: where to write, who is asking, and how to open the factory. */

import type { Factory, ModelChoice, openAudit, Runtime } from '../compose.ts';
import { Fault } from '../domain/faults.ts';
import type { Person, RunId } from '../domain/ids.ts';
import { RunId as RunIdSchema } from '../domain/ids.ts';
import type { Signatures } from '../domain/signed.ts';
import type { Task } from '../domain/task.ts';
import type { LocalRepository, Source } from '../ports/source.ts';
import type { EvidenceStore, Forge, JournalEntry, Store } from '../ports.ts';
import { printableJson } from '../text/columns.ts';

export type Context = {
  /** The data directory, and the demo's own. */
  readonly home: string;
  readonly demoHome: string;
  readonly cwd: string;
  /** One JSON value a line on stdout, for machines. */
  readonly json: boolean;
  /** How people call this command line from where they are. */
  readonly command: string;
  /** Who the operating system says is asking, unless they said it themselves. */
  readonly person: () => Person;
  /** The result, on stdout. */
  readonly out: (text: string) => void;
  /** Progress and everything else, on stderr. */
  readonly err: (text: string) => void;
  readonly signal: AbortSignal;
  readonly clock: () => Date;
  readonly ledgers: (home?: string) => { store: Store; forge: Forge };
  /** This machine's keys for decisions of people. */
  readonly signatures: (home?: string) => Signatures;
  /** What the data directory signs with, and where its audit log is published. */
  readonly audit: () => ReturnType<typeof openAudit>;
  /** The controller's bare copies and what was kept as evidence, to read from. */
  readonly reading: () => { source: Source; evidence: EvidenceStore };
  /** Takes secrets of the environment out of a text. */
  readonly redact: (text: string) => string;
  /** Policy files above a repository's own, as they were named. */
  readonly orgPolicies: readonly string[];
  /** The repository that a folder is in, to read from. Whoever opens it closes it. */
  readonly local: (folder: string) => Promise<LocalRepository>;
  /** What answers agents: a configured model, or scenario files of a folder. */
  readonly model: (scripted: string | null) => ModelChoice;
  /** With a model and an engine; `scripted` is a folder of scenario files. */
  readonly factory: (scripted: string | null, runtime: Runtime | null) => Promise<Factory>;
};

/** Exit code: 0 done, 1 failed or refused, 2 usage or policy, 3 waits for a person, 4 broke. */
export type Exit = number;

/** Runs a command with what the command line's own options ask for. */
export type Perform = (command: (context: Context) => Promise<Exit>) => Promise<void>;

export async function knownRun(
  store: Store,
  named: string,
): Promise<{ id: RunId; task: Task; journal: readonly JournalEntry[] }> {
  const id = RunIdSchema.safeParse(named);
  const task = id.success ? await store.task(id.data) : null;
  if (!id.success || task === null) throw new Fault('run_not_found', `there is no run "${named}"`);
  return { id: id.data, task, journal: await store.read(id.data) };
}

/** A result for people, or the same as one line of JSON. */
export function show(context: Context, text: () => string, data: () => unknown): void {
  context.out(context.json ? printableJson(data()) : text());
}
