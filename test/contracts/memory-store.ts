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
import { Check } from '../../orchestrator/domain/check.ts';
import { spkiOf } from '../../orchestrator/domain/dsse.ts';
import { Fault } from '../../orchestrator/domain/faults.ts';
import type { RunId } from '../../orchestrator/domain/ids.ts';
import { allTokens, RESERVATION_MS } from '../../orchestrator/domain/money.ts';
import { KeptRecord } from '../../orchestrator/domain/records.ts';
import { apply, nextStep } from '../../orchestrator/domain/run.ts';
import { RunEvent } from '../../orchestrator/domain/run-state.ts';
import { Task } from '../../orchestrator/domain/task.ts';
import type { KeptCheck } from '../../orchestrator/ports/kept-check.ts';
import type { Refused } from '../../orchestrator/ports/ledger.ts';
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
import { refusal, type Spent } from '../../orchestrator/store/ceilings.ts';

const LEASE_MS = 30_000;

type Row = {
  readonly task: Task;
  readonly journal: JournalEntry[];
  token: number;
  /** Milliseconds since 1970; null when nobody holds the lease. */
  until: number | null;
};

type Held = {
  readonly call: ModelCall;
  readonly accounts: readonly string[];
  readonly reservedAt: string;
};

/** What several openers share, as several processes share one file. */
export type Memory = {
  readonly rows: Map<RunId, Row>;
  readonly activity: Activity[];
  readonly calls: Map<string, Held>;
  readonly kept: KeptRecord[];
  readonly checks: Map<string, KeptCheck>;
  readonly audit: AuditRecord[];
};

export function emptyMemory(): Memory {
  return {
    rows: new Map(),
    activity: [],
    calls: new Map(),
    kept: [],
    checks: new Map(),
    audit: [],
  };
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
    startedOn: async (repository, day) => startedOn(rows(), repository, day),
    keep: async (one) => keep(rows() && memory, clock, one),
    kept: async () => copy(rows() && memory.kept),
    keepCheck: async (one) => {
      const { checks } = rows() && memory;
      if (!checks.has(one.key))
        checks.set(one.key, { ...one, check: Check.parse(copy(one.check)) });
    },
    keptCheck: async (key) => copy((rows() && memory.checks.get(key)) ?? null),
    ledger: {
      reserve: async (call, budget) => reserve(rows() && memory, clock(), { call, budget }),
      settle: async (call) => settle(rows() && memory, call),
    },
    audit: {
      append: async (draft) => record(rows() && memory, clock, [draft]),
      records: async (from) => copy(rows() && memory.audit.slice(from, from + 1000)),
      of: async (run) => copy(rows() && memory.audit.filter(({ task }) => task === run)),
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
  return [...calls.values()].flatMap(({ call }) => (call.run === run ? [call] : []));
}

function startedOn(rows: Memory['rows'], repository: string, day: string): RunId[] {
  const begun = [...rows.values()].flatMap(({ task, journal: [first] }) =>
    task.repository === repository && first?.event.type === 'claimed' && first.at.startsWith(day)
      ? [{ id: task.id, at: first.at }]
      : [],
  );
  return begun.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)).map(({ id }) => id);
}

type Reserving = { readonly call: ModelCall; readonly budget: Budget };

/** By sums over every call there is: slow, and nothing that could drift. */
function reserve(memory: Memory, now: Date, { call, budget }: Reserving): Refused | null {
  checkNumbers(call);
  if (memory.calls.has(call.id)) return null;
  for (const [id, held] of memory.calls) {
    const isStale = now.getTime() - Date.parse(held.reservedAt) > RESERVATION_MS;
    if (held.call.state !== 'reserved' || !isStale) continue;
    memory.calls.set(id, { ...held, call: { ...held.call, state: 'expired' } });
  }
  const all = [...memory.calls.values()];
  const inRun = all.filter((held) => held.call.run === call.run);
  const today = now.toISOString().slice(0, 10);
  const refused = refusal(call, budget, {
    run: () => sumOf(inRun),
    role: (role) => sumOf(inRun.filter((held) => held.call.role === role)),
    window: (account, per) =>
      sumOf(
        all.filter(({ accounts, reservedAt }) => {
          const from = per === 'day' ? today : today.slice(0, 7);
          return accounts.includes(account) && reservedAt.startsWith(from);
        }),
      ),
    vendors: (role) =>
      inRun.flatMap((held) =>
        held.call.role === role && ['reserved', 'settled'].includes(held.call.state)
          ? [held.call.vendor]
          : [],
      ),
  });
  if (refused !== null) return refused;
  const accounts = budget.accounts ?? [];
  memory.calls.set(call.id, { call: copy(call), accounts, reservedAt: now.toISOString() });
  return null;
}

function sumOf(held: readonly Held[]): Spent {
  const calls = held.map(({ call }) => call).filter(({ state }) => state !== 'expired');
  return {
    calls: calls.filter(({ state }) => state !== 'failed').length,
    tokens: calls.reduce((sum, { usage }) => sum + allTokens(usage), 0),
    microUsd: calls.reduce((sum, { microUsd }) => sum + (microUsd ?? 0), 0),
    unpriced: calls.filter(({ microUsd }) => microUsd === null).length,
  };
}

function settle(memory: Memory, call: ModelCall): void {
  checkNumbers(call);
  const known = memory.calls.get(call.id);
  if (known === undefined) throw new Fault('internal', `call ${call.id} was never reserved`);
  if (!['reserved', 'expired'].includes(known.call.state)) return;
  memory.calls.set(call.id, { ...known, call: copy(call) });
}

function checkNumbers({ usage, microUsd, wallMs }: ModelCall): void {
  const all = [...Object.values(usage), microUsd ?? 0, wallMs];
  if (all.every((value) => Number.isSafeInteger(value) && value >= 0)) return;
  throw new Fault('internal', `${all.join(', ')} are not whole numbers`);
}

/** Nobody changes what is stored by changing what they were given. */
function copy<T>(value: T): T {
  return structuredClone(value);
}
