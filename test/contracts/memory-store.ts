/**
 * A store in memory for tests that need no disk: the whole contract of `Store`, and nothing is
 * forgiven. Illegal events, events that could not be read back, writes without the lease and calls
 * after `close` fail as they do on a real store.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import {
  type AuditDraft,
  type AuditRecord,
  chain,
  opening,
} from '../../orchestrator/domain/audit.ts';
import { auditOf, kept, queued } from '../../orchestrator/domain/audit-events.ts';
import { spkiOf } from '../../orchestrator/domain/dsse.ts';
import { Fault } from '../../orchestrator/domain/faults.ts';
import type { RunId } from '../../orchestrator/domain/ids.ts';
import { KeptRecord } from '../../orchestrator/domain/records.ts';
import { apply, nextStep } from '../../orchestrator/domain/run.ts';
import { RunEvent } from '../../orchestrator/domain/run-state.ts';
import { Task } from '../../orchestrator/domain/task.ts';
import {
  type Activity,
  type Budget,
  type JournalEntry,
  JournalMoved,
  type Lease,
  type ModelCall,
  type Store,
} from '../../orchestrator/ports.ts';
import { replay } from '../../orchestrator/runner.ts';

const LEASE_MS = 30_000;

type Row = {
  readonly task: Task;
  readonly journal: JournalEntry[];
  token: number;
  /** Milliseconds since 1970; null when nobody holds the lease. */
  until: number | null;
};

/** What several openers share, as several processes share one file. */
export type Memory = {
  readonly rows: Map<RunId, Row>;
  readonly activity: Activity[];
  readonly calls: Map<string, ModelCall>;
  readonly kept: KeptRecord[];
  readonly audit: AuditRecord[];
};

export function emptyMemory(): Memory {
  return { rows: new Map(), activity: [], calls: new Map(), kept: [], audit: [] };
}

export function openMemoryStore(memory: Memory, clock: () => Date): Store {
  let isOpen = true;
  const rows = (): Memory['rows'] => {
    if (!isOpen) throw new Fault('store_failed', 'the store was closed');
    return memory.rows;
  };
  return {
    addTask: async (task) => {
      if (rows().has(task.id)) throw new Fault('store_failed', `there is already a run ${task.id}`);
      const parsed = Task.parse(task);
      record(memory, clock, [queued(parsed)]);
      rows().set(task.id, { task: parsed, journal: [], token: 0, until: null });
    },
    task: async (run) => copy(rows().get(run)?.task ?? null),
    tasks: async () => copy([...rows().values()].map(({ task }) => task)),
    read: async (run) => copy(rows().get(run)?.journal ?? []),
    append: async (run, seq, event, lease) =>
      append(rows() && memory, clock, { run, seq, event, lease }),
    ...leases(rows, clock),
    note: async (activity) => note(rows(), memory, activity),
    activity: async (run) => copy(rows() && memory.activity.filter((one) => one.run === run)),
    calls: async (run) => copy(rows() && callsOf(memory, run)),
    keep: async (one) => keep(rows() && memory, clock, one),
    kept: async () => copy(rows() && memory.kept),
    ledger: {
      reserve: async (call, budget) => reserve(rows() && memory, call, budget),
      settle: async (call) => settle(rows() && memory, call),
    },
    audit: {
      append: async (draft) => record(rows() && memory, clock, [draft]),
      records: async (from) => copy(rows() && memory.audit.slice(from, from + 1000)),
      head: async () => copy((rows() && memory.audit.at(-1)) ?? null),
      // There are no files to bring up to date.
      publish: async () => void rows(),
    },
    close: () => {
      isOpen = false;
    },
  };
}

type Appending = { run: RunId; seq: number; event: RunEvent; lease: Lease | null };

function append(memory: Memory, clock: () => Date, { run, seq, event, lease }: Appending): void {
  const row = memory.rows.get(run);
  if (row === undefined) throw new Fault('run_not_found', `there is no run ${run}`);
  if (row.journal.length !== seq) throw new JournalMoved(`${run} has ${row.journal.length} events`);
  if (lease !== null && !(lease.run === run && holds(row, lease))) {
    throw new JournalMoved(`lease ${lease.token} of ${lease.run} is no longer held`);
  }
  const parsed = RunEvent.parse(JSON.parse(JSON.stringify(event)));
  const before = replay(row.journal);
  const after = apply(before, parsed);
  record(memory, clock, auditOf(parsed, { run, before, after }));
  row.journal.push({ seq, at: clock().toISOString(), event: parsed });
}

/** All of them or none, as a transaction would. */
function record({ audit }: Memory, clock: () => Date, drafts: readonly AuditDraft[]): void {
  const first = audit.length === 0 ? [genesis()] : [];
  const records: AuditRecord[] = [];
  for (const draft of [...first, ...drafts]) {
    const previous = records.at(-1) ?? audit.at(-1) ?? null;
    records.push(chain(previous, draft, { ts: clock().toISOString(), salt: randomUUID() }));
  }
  audit.push(...records);
}

function genesis(): AuditDraft {
  return opening(randomUUID(), spkiOf(generateKeyPairSync('ed25519').publicKey));
}

function leases(
  rows: () => Memory['rows'],
  clock: () => Date,
): Pick<Store, 'claim' | 'hold' | 'renew' | 'release'> {
  const held = (lease: Lease): Row | null => {
    const row = rows().get(lease.run);
    return row !== undefined && holds(row, lease) ? row : null;
  };
  const isFree = ({ until }: Row): boolean => until === null || until <= clock().getTime();
  const taken = (row: Row | undefined): Lease | null => {
    if (row === undefined) return null;
    row.token += 1;
    row.until = clock().getTime() + LEASE_MS;
    return { run: row.task.id, token: row.token };
  };
  return {
    claim: async (only) =>
      taken(
        [...rows().values()].find(
          (row) =>
            (only === undefined || row.task.id === only) &&
            isFree(row) &&
            nextStep(replay(row.journal)) !== null,
        ),
      ),
    hold: async (run) => taken([rows().get(run)].find((row) => row !== undefined && isFree(row))),
    renew: async (lease) => {
      const row = held(lease);
      if (row !== null) row.until = clock().getTime() + LEASE_MS;
      return row !== null;
    },
    release: async (lease) => {
      const row = held(lease);
      if (row !== null) row.until = null;
    },
  };
}

function holds(row: Row, { token }: Lease): boolean {
  return row.until !== null && row.token === token;
}

function note(rows: Memory['rows'], { activity }: Memory, line: Activity): void {
  if (!rows.has(line.run)) throw new Fault('store_failed', `there is no run ${line.run}`);
  const name = ({ run, attempt, source, index }: Activity): string =>
    [run, attempt, source, index].join(' ');
  if (!activity.some((known) => name(known) === name(line))) activity.push(copy(line));
}

function keep(memory: Memory, clock: () => Date, given: KeptRecord): void {
  const parsed = KeptRecord.parse(JSON.parse(JSON.stringify(given)));
  if (memory.kept.some(({ id }) => id === parsed.id)) return;
  record(memory, clock, kept(parsed));
  memory.kept.push(parsed);
}

function callsOf({ calls }: Memory, run: RunId): ModelCall[] {
  return [...calls.values()].filter((call) => call.run === run);
}

function reserve(memory: Memory, call: ModelCall, budget: Budget): { refused: string } | null {
  checkNumbers(call);
  const others = callsOf(memory, call.run).filter(({ id }) => id !== call.id);
  const all = [...others, call];
  const tokens = all.reduce((n, { usage }) => n + usage.inputTokens + usage.outputTokens, 0);
  const turns = others.filter(({ state }) => state !== 'failed').length + 1;
  const money = all.reduce((sum, { microUsd }) => sum + (microUsd ?? 0), 0);
  const unpriced = all.some(({ microUsd }) => microUsd === null);
  if (turns > (budget.turns ?? turns)) return { refused: `turns: the budget is ${budget.turns}` };
  if (tokens > (budget.tokens ?? tokens))
    return { refused: `tokens: the budget is ${budget.tokens}` };
  if (budget.microUsd !== null && (unpriced || money > budget.microUsd)) {
    return { refused: `money: the budget is ${budget.microUsd}` };
  }
  if (!memory.calls.has(call.id)) memory.calls.set(call.id, copy(call));
  return null;
}

function settle(memory: Memory, call: ModelCall): void {
  checkNumbers(call);
  const known = memory.calls.get(call.id);
  if (known === undefined) throw new Fault('internal', `call ${call.id} was never reserved`);
  if (known.state === 'reserved') memory.calls.set(call.id, copy(call));
}

function checkNumbers({ usage, microUsd, wallMs }: ModelCall): void {
  const all = [usage.inputTokens, usage.outputTokens, microUsd ?? 0, wallMs];
  if (all.every((value) => Number.isSafeInteger(value) && value >= 0)) return;
  throw new Fault('internal', `${all.join(', ')} are not whole numbers`);
}

/** Nobody changes what is stored by changing what they were given. */
function copy<T>(value: T): T {
  return structuredClone(value);
}
