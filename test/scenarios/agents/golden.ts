/** What a real CLI printed, cut to what its parser must know and made the same from run to run. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AgentName } from '../../../orchestrator/domain/agent-lock.ts';
import type { Agent, Line } from '../../../orchestrator/ports.ts';

const TEXT_CHARS_MAX = 160;
/** Numbers that say what happened; the others are times, sizes and counts of tokens. */
const KEPT = new Set(['exit', 'exitCode', 'exit_code', 'num_turns']);

/** What was printed of a task that came to its end, and of one whose budget was spent before. */
export const GOLDEN = { done: '', spent: '.spent' } as const;

export function goldenFile(agent: AgentName, what: keyof typeof GOLDEN): string {
  return path.join(
    fileURLToPath(new URL('../../agents/golden/', import.meta.url)),
    `${agent}${GOLDEN[what]}.jsonl`,
  );
}

type Printed = { readonly lines: readonly Line[]; readonly exitCode: number | null };

/** Who printed it, one line of each kind that is noise, then every line that is shown, in order. */
export function golden(agent: Agent, { lines, exitCode }: Printed): string {
  const printed = lines.filter(({ index, stream }) => index > 0 && stream === 'out');
  const texts = printed.map(({ text }) => text).filter((text) => text.startsWith('{'));
  const noise = new Map<string, string>();
  const shown: string[] = [];
  for (const text of texts) {
    if (agent.parse(text) !== null) shown.push(steady(text));
    else noise.set(kindOf(text), noise.get(kindOf(text)) ?? steady(text));
  }
  const sorted = [...noise].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  const { name, version } = agent;
  const head = JSON.stringify({ printed_by: name, version, exit_code: exitCode });
  return [head, ...sorted, ...shown, ''].join('\n');
}

function kindOf(text: string): string {
  const { type, subtype, item }: { type?: string; subtype?: string; item?: { type?: string } } =
    JSON.parse(text);
  return [type, subtype, item?.type].join(' ');
}

function steady(text: string): string {
  return JSON.stringify(JSON.parse(text, (key, value: unknown) => steadyValue(key, value)));
}

function steadyValue(key: string, value: unknown): unknown {
  if (typeof value === 'number') return KEPT.has(key) ? value : 0;
  // Lists of tools, skills and commands are long and say nothing of a run.
  if (Array.isArray(value) && value.length > 6) return value.slice(0, 2);
  if (typeof value !== 'string') return value;
  if (/id$|uuid$/i.test(key) && !/^(call_|toolu_)/.test(value)) return 'an-id';
  const plain = value
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'an-id')
    .replace(/\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT/g, 'a-time')
    .replace(/\/cc-socks\/\d+\.sock/g, '/cc-socks/N.sock')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-][\d:]+)/g, 'a-time');
  return plain.length > TEXT_CHARS_MAX ? `${plain.slice(0, TEXT_CHARS_MAX)}…` : plain;
}
