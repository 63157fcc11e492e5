/**
 * Asks again where that can help, and only before anything reached the agent: after the first byte
 * a second answer would make it do things twice. The gateway does this for every agent alike,
 * because left to themselves some of them hammer a busy model and others give up at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, ModelUpstream, Patience, Question } from './upstream.ts';

/** A server that wants us away for longer is not waited for. */
const RETRY_AFTER_MS_MAX = 20_000;

export async function askPatiently(
  upstream: ModelUpstream,
  question: Question,
  signal: AbortSignal,
): Promise<Answer> {
  for (let tries = 0; ; tries += 1) {
    const answer = await upstream.ask(question, signal);
    const waitMs = wait(answer, tries, upstream.patience);
    if (waitMs === null) return answer;
    await sleep(waitMs, undefined, { signal });
  }
}

export function canComeRight(answer: Answer): boolean {
  if (answer.kind === 'refused') return answer.status === 429 || answer.status >= 500;
  return answer.kind === 'unreachable';
}

function wait(answer: Answer, tries: number, { retriesMax, retryMs }: Patience): number | null {
  if (tries >= retriesMax || !canComeRight(answer)) return null;
  const asked = answer.kind === 'refused' ? answer.retryAfterMs : null;
  if (asked !== null) return asked <= RETRY_AFTER_MS_MAX ? asked : null;
  // Full jitter, so that many runs do not come back at one moment.
  return Math.random() * retryMs * 2 ** tries;
}
