/** Makes a scenario of what a model did in a run, turn by turn as `gateway/answers.ts` noted it. Pure. */
import { z } from 'zod';
import type { Scenario, Step } from './scenario.ts';
import { wantedOf } from './tools.ts';

const Turn = z.object({
  conversation: z.string(),
  at: z.int().min(0),
  /** Null: the turn was too long to be kept. */
  say: z.string().nullable(),
  calls: z.array(
    z.object({ tool: z.string(), input: z.union([z.record(z.string(), z.unknown()), z.string()]) }),
  ),
});
type Turn = z.infer<typeof Turn>;

export type Recorded = {
  readonly scenario: Scenario;
  /** What of the run is not in it, in words. */
  readonly missing: readonly string[];
};

export type RecordedRun = {
  /** As the lines were noted. */
  readonly answers: readonly string[];
  readonly name: string;
  /** What is looked for in a prompt. */
  readonly contains: string;
  /** Null: whichever attempt it is. */
  readonly attempt: number | null;
  /** What the agent said last. */
  readonly said: string | null;
};

/** Null when no turn was noted. */
export function recorded(run: RecordedRun): Recorded | null {
  const { turns, others } = longest(run.answers.flatMap(turnsIn));
  if (turns.length === 0 && !run.said) return null;
  const tooLong = turns.filter(({ say }) => say === null).length;
  const last = run.said ? [{ say: run.said }] : [];
  const missing = [
    ...(tooLong > 0 ? [`${tooLong} turns that were too long to be kept`] : []),
    ...(others > 0 ? [`${others} other conversations of the agent, as of helpers of its own`] : []),
  ];
  const when = {
    prompt_contains: [run.contains],
    ...(run.attempt === null ? {} : { attempt: run.attempt }),
  };
  const steps = [...turns.flatMap(stepsOf), ...last];
  return { scenario: { scenario: run.name, when, steps }, missing };
}

function turnsIn(line: string): Turn[] {
  try {
    const read = Turn.safeParse(JSON.parse(line));
    return read.success ? [read.data] : [];
  } catch {
    return [];
  }
}

/** The agent's own conversation is the one with most turns; what was noted twice is the same. */
function longest(all: readonly Turn[]): { turns: Turn[]; others: number } {
  const conversations = new Map<string, Map<number, Turn>>();
  for (const turn of all) {
    const known = conversations.get(turn.conversation) ?? new Map<number, Turn>();
    conversations.set(turn.conversation, known.set(turn.at, turn));
  }
  const [first, ...rest] = [...conversations.values()].sort((a, b) => b.size - a.size);
  const turns = [...(first?.values() ?? [])].sort((a, b) => a.at - b.at);
  return { turns, others: rest.length };
}

/** A step has one call: a turn with several becomes several turns, in their order. */
function stepsOf({ say, calls }: Turn): Step[] {
  if (say === null) return [];
  const said = say === '' ? {} : { say };
  if (calls.length === 0) return say === '' ? [] : [said];
  return calls.map((call, at) => ({ ...(at === 0 ? said : {}), ...wantedOf(call) }));
}
