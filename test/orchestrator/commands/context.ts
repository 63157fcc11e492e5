/** A context for commands: a real store and a real local forge in a folder of its own, no engine. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Context } from '../../../orchestrator/commands/context.ts';
import { openAudit } from '../../../orchestrator/compose.ts';
import type { RunEvent } from '../../../orchestrator/domain/run-state.ts';
import type { Task } from '../../../orchestrator/domain/task.ts';
import { openLocalForge } from '../../../orchestrator/forge/local.ts';
import type { Source } from '../../../orchestrator/ports/source.ts';
import type { Store } from '../../../orchestrator/ports.ts';
import { openSqliteStore } from '../../../orchestrator/store/sqlite.ts';
import { openLocal } from '../../../sandboxes/source/local-change.ts';
import { openEvidenceStore } from '../../../validators/evidence/store.ts';
import { SIGNATURES } from '../../policies/signing.ts';
import { AT, DANA, TASK } from '../fixtures.ts';
import { temporaryFolder } from '../intake/repositories.ts';

export type Desk = {
  readonly context: Context;
  readonly store: Store;
  /** What went to stdout, one text for each call. */
  readonly said: string[];
  /** Sets the clock. */
  at(time: string): void;
};

export function desk(over: Partial<Context> = {}): Desk {
  const home = temporaryFolder();
  const time = { now: AT };
  const clock = (): Date => new Date(time.now);
  const store = openSqliteStore(join(home, 'journal.sqlite'), clock);
  onTestFinished(() => store.close());
  const forge = openLocalForge(join(home, 'forge'), clock);
  const said: string[] = [];
  const context: Context = {
    home,
    demoHome: home,
    cwd: home,
    json: false,
    command: './proofhouse',
    person: () => DANA,
    out: (text) => said.push(text),
    err: () => {},
    signal: new AbortController().signal,
    clock,
    ledgers: () => ({ store, forge }),
    signatures: () => SIGNATURES,
    audit: () => openAudit(home, clock),
    reading: () => ({
      evidence: openEvidenceStore(join(home, 'evidence')),
      get source(): Source {
        return unused<Source>('source');
      },
    }),
    redact: (text) => text,
    orgPolicies: [],
    local: openLocal,
    model: () => unused('model'),
    factory: () => unused('factory'),
    ...over,
  };
  const at = (now: string): void => {
    time.now = now;
  };
  return { context, store, said, at };
}

/** A task whose journal has come this far. */
export async function journaled(
  { store }: Desk,
  events: readonly RunEvent[],
  task: Task = TASK,
): Promise<void> {
  await store.addTask(task);
  for (const [seq, event] of events.entries()) await store.append(task.id, seq, event, null);
}

function unused<T>(what: string): T {
  throw new Error(`this command has no business with ${what}`);
}
