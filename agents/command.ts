/**
 * Any program as an agent: it finds the task in a file and the model at the usual addresses.
 * Whatever it prints is shown as what it said; nothing that it prints is believed.
 */
import type { Agent, AgentEvent, Brief, Launch } from '../orchestrator/ports.ts';
import { HOME, RULES_FILE, TASK_FILE } from './sandbox.ts';

const TEXT_CHARS_MAX = 4_000;

export function command(argv: readonly string[]): Agent {
  return {
    name: 'command',
    version: 'any',
    image: 'base',
    tellsItsEnd: false,
    launch: (brief) => launch(argv, brief),
    parse,
  };
}

function launch(
  argv: readonly string[],
  { prompt, rules, model, gatewayUrl, token }: Brief,
): Launch {
  return {
    argv,
    env: {
      PROOFHOUSE_TASK_FILE: `${HOME}/${TASK_FILE}`,
      PROOFHOUSE_RULES_FILE: `${HOME}/${RULES_FILE}`,
      PROOFHOUSE_MODEL: model,
      OPENAI_BASE_URL: `${gatewayUrl}/v1`,
      OPENAI_API_KEY: token,
      ANTHROPIC_BASE_URL: gatewayUrl,
      ANTHROPIC_API_KEY: token,
    },
    files: { [TASK_FILE]: prompt, [RULES_FILE]: rules },
  };
}

function parse(line: string): AgentEvent | null {
  const text = line.trimEnd();
  if (text === '') return null;
  return { kind: 'said', text: text.slice(0, TEXT_CHARS_MAX) };
}
