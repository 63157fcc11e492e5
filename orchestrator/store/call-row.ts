/** A model call as a row, and back. What is no whole number is neither written nor read. */
import { z } from 'zod';
import { Fault } from '../domain/faults.ts';
import { RunId } from '../domain/ids.ts';
import { allTokens, MODEL_ROLES, tokensByClass } from '../domain/money.ts';
import type { ModelCall } from '../ports/ledger.ts';
import type { Row } from './database.ts';
import { readable } from './readable.ts';

export const COLUMNS = [
  ...['id', 'run', 'attempt', 'at', 'role', 'model', 'vendor', 'state', 'failure', 'wall_ms'],
  ...['input_tokens', 'output_tokens', 'cache_write_5m_tokens', 'cache_write_1h_tokens'],
  ...['cache_read_tokens', 'reasoning_tokens', 'tokens', 'micro_usd', 'reported_micro_usd'],
] as const;

/** In the order of the columns. */
export function valuesOf(call: ModelCall): (string | number | null)[] {
  const { usage, microUsd } = call;
  const tokens = tokensByClass(usage);
  const reported = usage.reportedMicroUsd ?? null;
  return [
    ...[call.id, call.run, call.attempt, call.at, call.role, call.model, call.vendor, call.state],
    ...[call.failure, whole(call.wallMs), whole(tokens.input), whole(tokens.output)],
    ...[whole(tokens.cacheWrite5m), whole(tokens.cacheWrite1h), whole(tokens.cacheRead)],
    ...[whole(tokens.reasoning), whole(allTokens(usage))],
    ...[microUsd === null ? null : whole(microUsd), reported === null ? null : whole(reported)],
  ];
}

export function callIn(row: Row, run: RunId): ModelCall {
  return readable(StoredCall, row, `a model call of run ${run}`);
}

function whole(value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Fault(
    'internal',
    `${value} is not a whole number of tokens, millionths or milliseconds`,
  );
}

const count = z.int().nonnegative();

const StoredCall = z
  .object({
    id: z.string(),
    run: RunId,
    attempt: z.int(),
    at: z.string(),
    role: z.enum(MODEL_ROLES),
    model: z.string(),
    vendor: z.string(),
    state: z.enum(['reserved', 'settled', 'failed', 'expired']),
    failure: z.string().nullable(),
    wall_ms: count,
    input_tokens: count,
    output_tokens: count,
    cache_write_5m_tokens: count,
    cache_write_1h_tokens: count,
    cache_read_tokens: count,
    reasoning_tokens: count,
    micro_usd: count.nullable(),
    reported_micro_usd: count.nullable(),
  })
  .transform((row): ModelCall => {
    const { id, run, attempt, at, role, model, vendor, state, failure } = row;
    const usage = {
      inputTokens: row.input_tokens,
      outputTokens: row.output_tokens,
      ...given('cacheWrite5mTokens', row.cache_write_5m_tokens),
      ...given('cacheWrite1hTokens', row.cache_write_1h_tokens),
      ...given('cacheReadTokens', row.cache_read_tokens),
      ...given('reasoningTokens', row.reasoning_tokens),
      ...(row.reported_micro_usd === null ? {} : { reportedMicroUsd: row.reported_micro_usd }),
    };
    const what = { role, model, vendor, state, usage, microUsd: row.micro_usd };
    return { id, run, attempt, at, ...what, wallMs: row.wall_ms, failure };
  });

/** A class without a token is left out, as in most calls most are. */
function given<K extends string>(name: K, tokens: number): Partial<Record<K, number>> {
  return tokens === 0 ? {} : ({ [name]: tokens } as Partial<Record<K, number>>);
}
