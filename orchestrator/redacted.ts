/**
 * The one place where what is to be stored loses its secrets: journal, tasks, trace, evidence, ledger,
 * pull requests and the commit that is published are written through here and in no other way.
 *
 * What people signed cannot be changed any more, so it is refused instead. A repository's name leads
 * somewhere, so it stays as it is, and a task whose repository holds a secret is refused as well.
 */
import { Fault } from './domain/faults.ts';
import { RunEvent } from './domain/run-state.ts';
import type { Task } from './domain/task.ts';
import type { Redact } from './ports/redact.ts';
import type { Source } from './ports/source.ts';
import type { EvidenceStore, Forge, Store } from './ports.ts';

export function redactedStore(store: Store, redact: Redact): Store {
  return {
    ...store,
    addTask: async (task) => store.addTask(taskWithout(task, redact)),
    append: async (run, seq, event, lease) =>
      store.append(run, seq, eventWithout(event, redact), lease),
    note: (activity) => store.note({ ...activity, text: redact.text(activity.text) }),
    keep: async (record) => store.keep(unchanged(record, redact, 'the record')),
    keepCheck: (kept) => store.keepCheck({ ...kept, check: within(kept.check, redact) }),
    ledger: {
      ...store.ledger,
      reserve: (call, budget) => store.ledger.reserve(within(call, redact), budget),
      settle: (call) => store.ledger.settle(within(call, redact)),
    },
    audit: { ...store.audit, append: (draft) => store.audit.append(within(draft, redact)) },
  };
}

export function redactedEvidence(evidence: EvidenceStore, redact: Redact): EvidenceStore {
  return { ...evidence, put: (bytes) => evidence.put(redact.bytes(bytes)) };
}

export function redactedForge(forge: Forge, redact: Redact): Forge {
  return {
    ...forge,
    ensurePullRequest: ({ title, body, ...draft }) =>
      forge.ensurePullRequest({ ...draft, title: redact.text(title), body: redact.text(body) }),
  };
}

export function redactedSource(source: Source, redact: Redact): Source {
  return {
    ...source,
    commit: (place, tree, message, at) => source.commit(place, tree, redact.text(message), at),
  };
}

function taskWithout(task: Task, redact: Redact): Task {
  const { repository, base } = unchanged(
    { repository: task.repository, base: task.base },
    redact,
    'the name of the repository or of its branch',
  );
  return { ...within(task, redact), repository, base };
}

/** Signed records in it are looked at whole: one that says a secret is not written. */
function eventWithout(event: RunEvent, redact: Redact): RunEvent {
  switch (event.type) {
    case 'approved':
    case 'vetoed':
    case 'veto_lifted':
    case 'revoked':
    case 'glass_broken':
      return unchanged<RunEvent>(event, redact, 'what was signed');
    default:
      // Parsed again: one that cannot be read back would end every replay of its run.
      return RunEvent.parse(within(event, redact));
  }
}

function unchanged<T extends object>(value: T, redact: Redact, what: string): T {
  const isSame = JSON.stringify(within(value, redact)) === JSON.stringify(value);
  if (isSame) return value;
  throw new Fault(
    'secret_refused',
    `${what} holds a value of the controller's environment that is a secret, or what looks like a key`,
  );
}

/** Every text in it, however deep. */
function within<T extends object>(value: T, redact: Redact): T {
  return deep(value, redact) as T;
}

function deep(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return redact.text(value);
  if (Array.isArray(value)) return value.map((item) => deep(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, deep(item, redact)]));
}
