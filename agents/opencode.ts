/**
 * OpenCode, without a person at the keyboard.
 *
 * A repository's `opencode.json` is not read: it may name another server for the model. Plugins, updates,
 * lists of models and language servers are off, and so are its own permissions, because the sandbox
 * around it holds and they do not. It reads files by its shell only: docs/decisions/030 has the reasons.
 */
import { z } from 'zod';
import type { Agent, AgentEvent, Brief, Launch } from '../orchestrator/ports.ts';
import { event, lineOf, outputEvent, toolEvent } from './lines.ts';
import { HOME, onTask, RULES_FILE, TASK_FILE } from './sandbox.ts';

export function opencode(version: string): Agent {
  return { name: 'opencode', version, image: 'opencode', tellsItsEnd: true, launch, parse };
}

function launch(brief: Brief): Launch {
  const { prompt, rules, gatewayUrl } = brief;
  return {
    argv: onTask(COMMAND),
    env: {
      ...QUIET,
      OPENCODE_CONFIG_CONTENT: JSON.stringify(settings(brief)),
      // It looks for a package of plugins at every start, and there is no registry for an agent.
      npm_config_registry: `${gatewayUrl}/registry/`,
    },
    files: { [TASK_FILE]: prompt, ...(rules === '' ? {} : { [RULES_FILE]: rules }) },
  };
}

const PROVIDER = 'proofhouse';
const MODEL = 'model';
const COMMAND = [
  // A title of its own saves the call that would ask the model for one.
  ...['opencode', 'run', '--format', 'json', '--pure', '--title', 'task'],
  ...['--model', `${PROVIDER}/${MODEL}`],
];

const QUIET = {
  OPENCODE_DISABLE_PROJECT_CONFIG: '1',
  OPENCODE_DISABLE_CLAUDE_CODE: '1',
  OPENCODE_DISABLE_EXTERNAL_SKILLS: '1',
  OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
  OPENCODE_DISABLE_AUTOUPDATE: '1',
  OPENCODE_DISABLE_MODELS_FETCH: '1',
  OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
  OPENCODE_PURE: '1',
};

function settings({ model, gatewayUrl, rules, token }: Brief): object {
  return {
    model: `${PROVIDER}/${MODEL}`,
    small_model: `${PROVIDER}/${MODEL}`,
    enabled_providers: [PROVIDER],
    provider: {
      [PROVIDER]: {
        npm: '@ai-sdk/openai-compatible',
        name: 'Proofhouse',
        options: { baseURL: `${gatewayUrl}/v1`, apiKey: token },
        models: { [MODEL]: { id: model, name: model } },
      },
    },
    // Along with a file, `read` gives what the folders above it have of instructions.
    permission: { '*': 'allow', read: 'deny', webfetch: 'deny', websearch: 'deny' },
    instructions: rules === '' ? [] : [`${HOME}/${RULES_FILE}`],
    share: 'disabled',
    autoupdate: false,
    snapshot: false,
    lsp: false,
    formatter: false,
  };
}

const State = z.looseObject({
  status: z.string(),
  input: z.record(z.string(), z.unknown()).default({}),
  output: z.string().default(''),
  error: z.string().default(''),
  metadata: z.looseObject({ exit: z.int().nullish() }).optional(),
});

const Line = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text'), part: z.looseObject({ text: z.string() }) }),
  z.looseObject({
    type: z.literal('tool_use'),
    part: z.looseObject({ tool: z.string(), state: State }),
  }),
  z.looseObject({ type: z.literal('step_finish'), part: z.looseObject({ reason: z.string() }) }),
  z.looseObject({
    type: z.literal('error'),
    error: z.looseObject({
      name: z.string(),
      data: z.looseObject({ message: z.string().optional() }).optional(),
    }),
  }),
]);

function parse(line: string): AgentEvent | null {
  const read = lineOf(Line, line);
  switch (read?.type) {
    case 'text':
      return event('said', read.part.text);
    case 'tool_use':
      return called(read.part.tool, read.part.state);
    case 'step_finish':
      return read.part.reason === 'stop'
        ? event('completed', 'it had nothing more to do')
        : event('turn', read.part.reason);
    case 'error':
      return event('failed', read.error.data?.message ?? read.error.name);
    case undefined:
      return null;
  }
}

function called(tool: string, { status, input, output, error, metadata }: z.infer<typeof State>) {
  if (status === 'error') return outputEvent(error === '' ? `${tool} failed` : error, true);
  const { kind, text } = toolEvent(tool, input);
  const exit = metadata?.exit ?? 0;
  const end = exit === 0 ? '' : ` (exit code ${exit})`;
  return event(kind, kind === 'edit' ? text : `${text}${end}\n${output}`.trimEnd());
}
