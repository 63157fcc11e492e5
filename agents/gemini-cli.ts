/**
 * Google's Gemini CLI, without a person at the keyboard.
 *
 * The folder that it works in is never trusted: from a trusted one it takes settings, hooks, servers of
 * tools, a `.env` and, whatever its settings say, the `GEMINI.md` there. Without trust it asks before each
 * tool, so the policy in its image, which no repository outranks, says yes: the sandbox around it holds.
 * docs/decisions/021 has the reasons.
 */
import { z } from 'zod';
import type { Agent, AgentEvent, Brief, Launch } from '../orchestrator/ports.ts';
import { event, lineOf, outputEvent, toolEvent } from './lines.ts';
import { onTask, TASK_FILE } from './sandbox.ts';

/**
 * Of its home, where a word with an @ before it is a file beside this one, and there is none. In a task it
 * would be a file of the tree.
 */
const OWN_RULES = '.gemini/GEMINI.md';

export function geminiCli(version: string): Agent {
  return { name: 'gemini-cli', version, image: 'gemini-cli', tellsItsEnd: true, launch, parse };
}

function launch({ prompt, rules, model, gatewayUrl, token }: Brief): Launch {
  return {
    argv: onTask(COMMAND),
    env: {
      GOOGLE_GEMINI_BASE_URL: gatewayUrl,
      GEMINI_API_KEY: token,
      GEMINI_MODEL: model,
      // Its image holds them: it believes no settings of the system that are not root's.
      GEMINI_CLI_SYSTEM_SETTINGS_PATH: '/etc/gemini-cli/settings.json',
      // Said here, it holds before what settings or a list of folders say.
      GEMINI_CLI_TRUST_WORKSPACE: 'false',
      GEMINI_CLI_NO_RELAUNCH: 'true',
      ...NOT_FROM_A_FILE,
    },
    files: { [TASK_FILE]: prompt, ...(rules === '' ? {} : { [OWN_RULES]: rules }) },
  };
}

const COMMAND = [
  ...['gemini', '--output-format', 'stream-json'],
  ...['--extensions', 'none', '--allowed-mcp-server-names', 'none'],
];

/** A `.env` sets only what is not set. */
const NOT_FROM_A_FILE = {
  NODE_OPTIONS: '',
  GEMINI_SYSTEM_MD: 'false',
  GEMINI_WRITE_SYSTEM_MD: 'false',
  GEMINI_SANDBOX: 'false',
  GEMINI_TELEMETRY_ENABLED: 'false',
  GEMINI_CLI_CUSTOM_HEADERS: '',
  GOOGLE_GENAI_USE_VERTEXAI: 'false',
  GOOGLE_GENAI_USE_GCA: 'false',
  GOOGLE_VERTEX_BASE_URL: '',
  GEMINI_CLI_SYSTEM_DEFAULTS_PATH: '',
  GEMINI_CLI_IDE_SERVER_PORT: '',
  GEMINI_CLI_IDE_SERVER_STDIO_COMMAND: '',
};

const Line = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('message'), role: z.string(), content: z.string() }),
  z.looseObject({
    type: z.literal('tool_use'),
    tool_name: z.string(),
    parameters: z.record(z.string(), z.unknown()).default({}),
  }),
  z.looseObject({
    type: z.literal('tool_result'),
    status: z.string(),
    output: z.string().default(''),
    error: z.looseObject({ message: z.string() }).optional(),
  }),
  z.looseObject({ type: z.literal('error'), message: z.string() }),
  z.looseObject({
    type: z.literal('result'),
    status: z.string(),
    error: z.looseObject({ message: z.string() }).optional(),
  }),
]);

function parse(line: string): AgentEvent | null {
  const read = lineOf(Line, line);
  switch (read?.type) {
    case 'message':
      return read.role === 'assistant' && read.content.trim() !== ''
        ? event('said', read.content)
        : null;
    case 'tool_use':
      return toolEvent(read.tool_name, read.parameters);
    case 'tool_result':
      return outputEvent(read.error?.message ?? read.output, read.status !== 'success');
    case 'error':
      return event('error', read.message);
    case 'result':
      return read.status === 'success'
        ? event('completed', 'it says that it is done')
        : event('failed', read.error?.message ?? read.status);
    case undefined:
      return null;
  }
}
