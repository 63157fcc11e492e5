/** What an agent may run with, handed to its door, and what came of that. */
import { expectedHarness, toolProblem } from '../../policies/harness.ts';
import { HarnessNote } from '../domain/harness.ts';
import type { Digest } from '../domain/ids.ts';
import type { Prepared } from '../domain/run-state.ts';
import type { HarnessTerms } from '../ports/harness.ts';
import type { Activity, Place } from '../ports.ts';
import type { BaseRules } from './base-rules.ts';
import type { StageTools } from './tools.ts';

/** The role whose rights a policy names under `agents`. */
const ROLE = 'coder';

export function harnessTerms(
  { evidence }: Pick<StageTools, 'evidence'>,
  { agent, image, policy }: Prepared,
  { layers, ruleTexts }: Pick<BaseRules, 'layers' | 'ruleTexts'>,
): HarnessTerms {
  return {
    ...{ agent, image, policy, rules: ruleTexts },
    toolProblem: toolProblem(layers, ROLE),
    expected: expectedHarness(layers, ROLE),
    keep: (bytes) => evidence.put(bytes),
  };
}

/** From what was stored: a controller before us may have seen it. */
export async function harnessRefusal(
  { store }: Pick<StageTools, 'store'>,
  { run, attempt }: Place,
): Promise<string | null> {
  const seen = await store.activity(run);
  const refused = seen.find((one) => {
    return one.attempt === attempt && one.source === 'gateway' && one.kind === 'harness-refused';
  });
  return refused?.text ?? null;
}

/** What a pull request tells of it: each harness once, and what the policy did not expect. */
export function harnessFacts(activity: readonly Activity[]): {
  readonly harnesses: readonly Digest[];
  readonly alarms: readonly string[];
} {
  const ofGateway = activity.filter(({ source }) => source === 'gateway');
  const digests = ofGateway.flatMap(({ kind, text }) => (kind === 'harness' ? digestIn(text) : []));
  const alarms = ofGateway.filter(({ kind }) => kind === 'alarm').map(({ text }) => text);
  return { harnesses: [...new Set(digests)], alarms };
}

function digestIn(text: string): Digest[] {
  try {
    return [HarnessNote.parse(JSON.parse(text)).digest];
  } catch {
    return [];
  }
}
