/** What is said of the scripted model: nobody may take it for a real one. Pure. */
import { counted, printable } from './columns.ts';

export function servingText({
  url,
  scenarios,
}: {
  readonly url: string;
  readonly scenarios: readonly string[];
}): string {
  return [
    `The scripted model answers at ${url}: from files, no AI, no key.`,
    `${counted(scenarios.length, 'scenario')}: ${printable(scenarios.join(', '))}`,
    '',
    'Lead an agent to it with',
    `  OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=none`,
    `  ANTHROPIC_BASE_URL=${url} ANTHROPIC_AUTH_TOKEN=none`,
    'Stop it with Ctrl-C.',
  ].join('\n');
}

export function recordedComment({
  run,
  attempt,
  agent,
  model,
}: {
  readonly run: string;
  readonly attempt: number;
  readonly agent: string;
  readonly model: string;
}): string {
  return [
    `Recorded from run ${run}, attempt ${attempt}: ${printable(agent)} on ${printable(model)}.`,
    'Secrets were taken out. It repeats what the model did then, whatever it is asked now.',
  ].join('\n');
}
