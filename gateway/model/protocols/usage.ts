/** How OpenAI's protocols tell tokens: whole sums, with what of them was cached or reasoned beside. */
import { z } from 'zod';
import { type ModelUsage, microUsdIn } from '../../../orchestrator/domain/money.ts';
import { count } from './protocol.ts';

const known = z.int().nonnegative().nullish().catch(null);

export const cacheDetails = z
  .looseObject({ cached_tokens: known, cache_write_tokens: count })
  .nullish()
  .catch(null);
export const reasoningDetails = z.looseObject({ reasoning_tokens: count }).nullish().catch(null);

type Told = {
  readonly input: number;
  readonly output: number;
  readonly cached: z.infer<typeof cacheDetails>;
  readonly reasoned: z.infer<typeof reasoningDetails>;
  readonly cost?: unknown;
};

/** Disjoint classes of whole sums. A part that is larger than its whole is not believed. */
export function splitUsage({ input, output, cached, reasoned, cost }: Told): ModelUsage {
  const read = Math.min(input, cached?.cached_tokens ?? 0);
  const written = Math.min(input - read, cached?.cache_write_tokens ?? 0);
  const reasoning = Math.min(output, reasoned?.reasoning_tokens ?? 0);
  const reported = microUsdIn(cost);
  const isTold = cached?.cached_tokens !== null && cached?.cached_tokens !== undefined;
  return {
    inputTokens: input - read - written,
    outputTokens: output - reasoning,
    ...(written === 0 ? {} : { cacheWrite5mTokens: written }),
    ...(isTold ? { cacheReadTokens: read } : {}),
    ...(reasoning === 0 ? {} : { reasoningTokens: reasoning }),
    ...(reported === null ? {} : { reportedMicroUsd: reported }),
  };
}
