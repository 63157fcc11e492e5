/** What a bundle shows of what was seen while an agent worked, bounded. Pure; nothing is decided by it. */
import type { Json } from '../domain/canonical.ts';
import { HarnessNote } from '../domain/harness.ts';
import type { Digest } from '../domain/ids.ts';
import type { Activity } from '../ports.ts';

const LINES_MAX = 2_000;
const TEXT_CHARACTERS_MAX = 500;
const EGRESS = new Set(['tunnel', 'refused', 'registry', 'self-test']);
const TOOLS = new Set(['command', 'edit']);
const ALARMS = new Set(['alarm', 'limit', 'harness-refused']);

export type Noted = {
  /** Every try to reach the network, as the gateway saw it. */
  readonly egress: readonly Json[];
  /** What the agent said that it ran and edited, which proves nothing, and what was held against it. */
  readonly tools: readonly Json[];
  /** Of the harnesses as they were kept, each once. */
  readonly harnesses: readonly Digest[];
};

/** Of what was seen until then. */
export function noted(activity: readonly Activity[], at: string): Noted {
  const seen = activity.filter((one) => one.at <= at);
  const byGateway = seen.filter(({ source }) => source === 'gateway');
  return {
    egress: bounded(byGateway.filter(({ kind }) => EGRESS.has(kind))),
    tools: bounded(
      seen.filter(({ source, kind }) =>
        source === 'agent' ? TOOLS.has(kind) : source === 'gateway' && ALARMS.has(kind),
      ),
    ),
    harnesses: [
      ...new Set(byGateway.flatMap(({ kind, text }) => (kind === 'harness' ? fileOf(text) : []))),
    ],
  };
}

function bounded(activity: readonly Activity[]): Json[] {
  const more = activity.length - LINES_MAX;
  return [
    ...activity.slice(0, LINES_MAX).map(({ at, attempt, source, kind, text }) => ({
      ...{ at, attempt, source, kind },
      text: [...text.toWellFormed()].slice(0, TEXT_CHARACTERS_MAX).join(''),
    })),
    ...(more > 0 ? [{ cut: more }] : []),
  ];
}

function fileOf(text: string): Digest[] {
  try {
    return [HarnessNote.parse(JSON.parse(text)).evidence];
  } catch {
    return [];
  }
}
