/**
 * What ends a run whose agent goes round in circles at the gateway: calls that are refused one after
 * another, and calls that find nothing in the cache although they repeat what was asked before. Pure.
 *
 *   untouched ─ refused, refused, … ─▶ broken ─ (stays broken)
 *       ▲            │
 *       └─ answered ─┘
 *
 * Turns, tokens and money are held by the ledger, and the time by whoever runs the sandbox.
 */
import type { ModelUsage } from '../../orchestrator/domain/money.ts';
import { promptTokens } from '../../orchestrator/domain/money.ts';

export type Wires = {
  /** Calls refused one after another; null for any number. */
  readonly refusals: number | null;
  /** Calls of one session, one after another, that read nothing from a cache. */
  readonly cacheMisses: number | null;
};

export type Trip = {
  readonly refusals: number;
  /** Of each session, how many calls in a row missed; none while its first has not been answered. */
  readonly misses: ReadonlyMap<string, number>;
  readonly broken: string | null;
};

export type Outcome =
  | { readonly kind: 'refused' }
  | { readonly kind: 'answered'; readonly session: string; readonly usage: ModelUsage | null };

export const UNTOUCHED: Trip = { refusals: 0, misses: new Map(), broken: null };

/** Providers cache no prompt that is shorter. */
const CACHED_TOKENS_MIN = 4096;
const SESSIONS_MAX = 1000;

export function tripAfter(trip: Trip, wires: Wires, outcome: Outcome): Trip {
  if (trip.broken !== null) return trip;
  return outcome.kind === 'refused'
    ? refusedOnce(trip, wires)
    : answeredOnce({ ...trip, refusals: 0 }, wires, outcome);
}

function refusedOnce(trip: Trip, { refusals: max }: Wires): Trip {
  const refusals = trip.refusals + 1;
  const broken =
    max !== null && refusals >= max
      ? `refusals: ${refusals} calls were refused one after another, the limit is ${max}`
      : null;
  return { ...trip, refusals, broken };
}

function answeredOnce(
  trip: Trip,
  { cacheMisses: max }: Wires,
  { session, usage }: Extract<Outcome, { kind: 'answered' }>,
): Trip {
  // A server that says nothing of a cache has perhaps none; a short prompt is never kept.
  if (usage?.cacheReadTokens === undefined || promptTokens(usage) < CACHED_TOKENS_MIN) return trip;
  const before = trip.misses.get(session);
  // The first of a session writes what the others read.
  const missed = before === undefined || usage.cacheReadTokens > 0 ? 0 : before + 1;
  const misses = new Map(trip.misses);
  misses.delete(session);
  misses.set(session, missed);
  for (const oldest of misses.keys()) if (misses.size > SESSIONS_MAX) misses.delete(oldest);
  const broken =
    max !== null && missed >= max
      ? `cache misses: ${missed} calls of one session read nothing from a cache, the limit is ${max}`
      : null;
  return { ...trip, misses, broken };
}

export type TripWire = {
  saw(outcome: Outcome): void;
  /** Why nothing more is asked; null while the wire holds. */
  broken(): string | null;
};

export function openTripWire(wires: Wires): TripWire {
  let trip = UNTOUCHED;
  return {
    saw: (outcome) => {
      trip = tripAfter(trip, wires, outcome);
    },
    broken: () => trip.broken,
  };
}
