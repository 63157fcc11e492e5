/**
 * OpenAI's Codex CLI, without a person at the keyboard.
 *
 * Its own sandbox and its approvals are off: ours is around it, and one inside the other fails.
 * What a repository could plant for it is off as well: rules in the tree (an agent may have
 * changed them; those of the base commit are given instead), skills, hooks, plugins. Settings
 * under the tree's own `.codex` are ignored because no folder is trusted.
 */
import { z } from 'zod';
import type { Agent, AgentEvent, Brief, Launch } from '../orchestrator/ports.ts';
import { event, lineOf } from './lines.ts';

/**
 * Waits double from 0.2 s: 8 of them outlast a controller that is away for half a minute. Only for
 * whole streams, because Codex multiplies the two kinds, and the gateway asks a model again itself.
 */
const STREAM_RETRIES = 8;
const STREAM_IDLE_MS = 300_000;
const TOKEN_VARIABLE = 'PROOFHOUSE_TOKEN';

export function codex(version: string): Agent {
  return { name: 'codex', version, image: 'codex', tellsItsEnd: true, launch, parse };
}

function launch(brief: Brief): Launch {
  return {
    // The task comes from a file: an argument may hold 128 KiB at most, and shows in lists of processes.
    argv: ['sh', '-c', `exec ${COMMAND.join(' ')} - < "$CODEX_HOME/task.md"`],
    env: { CODEX_HOME: '/home/agent/.codex', [TOKEN_VARIABLE]: brief.token },
    files: {
      '.codex/config.toml': settings(brief),
      '.codex/task.md': brief.prompt,
      ...(brief.rules === '' ? {} : { '.codex/AGENTS.md': brief.rules }),
    },
  };
}

const COMMAND = [
  'codex',
  'exec',
  '--json',
  '--ephemeral',
  '--ignore-rules',
  '--skip-git-repo-check',
  '--dangerously-bypass-approvals-and-sandbox',
  '--color',
  'never',
];

/** TOML; its basic strings take every escape that JSON writes. */
function settings({ model, gatewayUrl }: Brief): string {
  return `model = ${JSON.stringify(model)}
model_provider = "proofhouse"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
project_doc_max_bytes = 0
web_search = "disabled"

[analytics]
enabled = false

[history]
persistence = "none"

[agents]
enabled = false

[skills]
include_instructions = false

[skills.bundled]
enabled = false

[features]
plugins = false
remote_plugin = false
apps = false
hooks = false
goals = false
image_generation = false
shell_snapshot = false
skill_search = false
tool_suggest = false

[model_providers.proofhouse]
name = "Proofhouse"
base_url = ${JSON.stringify(`${gatewayUrl}/v1`)}
wire_api = "responses"
env_key = "${TOKEN_VARIABLE}"
requires_openai_auth = false
supports_websockets = false
request_max_retries = 0
stream_max_retries = ${STREAM_RETRIES}
stream_idle_timeout_ms = ${STREAM_IDLE_MS}
`;
}

const Item = z.looseObject({
  type: z.string(),
  text: z.string().default(''),
  message: z.string().default(''),
  command: z.string().default(''),
  exit_code: z.int().nullish(),
  aggregated_output: z.string().default(''),
  changes: z
    .array(z.looseObject({ path: z.string(), kind: z.string().default('edit') }))
    .default([]),
  server: z.string().default(''),
  tool: z.string().default(''),
});
type Item = z.infer<typeof Item>;

const Line = z.looseObject({
  type: z.string(),
  item: Item.optional(),
  message: z.string().default(''),
  error: z.looseObject({ message: z.string() }).nullish(),
  usage: z.looseObject({ input_tokens: z.int(), output_tokens: z.int() }).optional(),
});

function parse(line: string): AgentEvent | null {
  const read = lineOf(Line, line);
  if (read === null) return null;
  const { type, item, message, error, usage } = read;
  switch (type) {
    case 'item.completed':
      return item ? completed(item) : null;
    case 'turn.completed':
      return event(
        'completed',
        usage ? `${usage.input_tokens} in, ${usage.output_tokens} out` : 'done',
      );
    case 'turn.failed':
      return event('failed', error?.message ?? 'the turn failed');
    case 'error':
      return event('error', message);
    default:
      return null;
  }
}

function completed(item: Item): AgentEvent | null {
  switch (item.type) {
    case 'agent_message':
      return event('said', item.text);
    case 'command_execution': {
      const end = item.exit_code === 0 ? '' : ` (exit code ${item.exit_code ?? 'unknown'})`;
      return event('command', `$ ${item.command}${end}\n${item.aggregated_output}`.trimEnd());
    }
    case 'file_change':
      return event('edit', item.changes.map(({ kind, path }) => `${kind} ${path}`).join('\n'));
    case 'mcp_tool_call':
      return event('command', `${item.server} ${item.tool}`);
    case 'error':
      // Every good run with a model that Codex has not heard of begins with this one.
      return item.message.startsWith('Model metadata for ') ? null : event('error', item.message);
    default:
      return null;
  }
}
