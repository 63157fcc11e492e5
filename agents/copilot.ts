/**
 * GitHub's Copilot CLI with a model of ours, without a person at the keyboard.
 *
 * The folder that it works in is never trusted: in a trusted one it runs a repository's hooks, also those
 * written for another agent. Instructions of the tree are not read; the base's come with the task. Skills and
 * agents of the tree are offered in any folder, by the tools for them, so it has no such tools.
 */
import { z } from 'zod';
import type { Agent, AgentEvent, Brief, Launch } from '../orchestrator/ports.ts';
import { event, lineOf, outputEvent, toolEvent } from './lines.ts';
import { onTask, TASK_FILE } from './sandbox.ts';

/** Unpacked once, in the image: it would be 240 MB of each run's memory. */
const UNPACKED = '/opt/agent/cache';

export function copilot(version: string): Agent {
  return { name: 'copilot', version, image: 'copilot', tellsItsEnd: true, launch, parse };
}

function launch({ prompt, rules, model, gatewayUrl, token }: Brief): Launch {
  return {
    argv: onTask(COMMAND),
    env: {
      COPILOT_OFFLINE: 'true',
      COPILOT_PROVIDER_BASE_URL: `${gatewayUrl}/v1`,
      COPILOT_PROVIDER_API_KEY: token,
      COPILOT_MODEL: model,
      COPILOT_CACHE_HOME: UNPACKED,
    },
    // Without the tree's instructions it reads none of its own home either.
    files: { [TASK_FILE]: rules === '' ? prompt : `# Rules\n\n${rules.trim()}\n\n${prompt}` },
  };
}

/** What an edit needs, under the names that it has for one model or another; of these it offers what it has. */
const TOOLS = [
  ...['bash', 'read_bash', 'write_bash', 'stop_bash', 'list_bash'],
  ...['view', 'create', 'edit', 'apply_patch', 'grep', 'rg', 'glob'],
].join(',');

const COMMAND = [
  ...['copilot', '--output-format', 'json', '--no-ask-user', '--allow-all-tools'],
  ...['--allow-all-paths', '--no-custom-instructions', '--disable-builtin-mcps'],
  ...['--disable-client-telemetry', '--no-auto-update', '--no-remote', '--log-level', 'none'],
  `--available-tools=${TOOLS}`,
];

const Line = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('assistant.message'),
    data: z.looseObject({ content: z.string() }),
  }),
  z.looseObject({
    type: z.literal('tool.execution_start'),
    data: z.looseObject({
      toolName: z.string(),
      arguments: z.record(z.string(), z.unknown()).default({}),
    }),
  }),
  z.looseObject({
    type: z.literal('tool.execution_complete'),
    data: z.looseObject({
      success: z.boolean(),
      result: z.looseObject({ content: z.string().default('') }).nullish(),
      error: z.looseObject({ message: z.string() }).nullish(),
    }),
  }),
  z.looseObject({
    type: z.literal('session.error'),
    data: z.looseObject({ message: z.string().default('an error') }),
  }),
  z.looseObject({ type: z.literal('result'), exitCode: z.int() }),
]);

function parse(line: string): AgentEvent | null {
  const read = lineOf(Line, line);
  switch (read?.type) {
    case 'assistant.message':
      return read.data.content.trim() === '' ? null : event('said', read.data.content);
    case 'tool.execution_start':
      return toolEvent(read.data.toolName, read.data.arguments);
    case 'tool.execution_complete': {
      const { success, result, error } = read.data;
      return outputEvent(error?.message ?? result?.content ?? '', !success);
    }
    case 'session.error':
      return event('error', read.data.message);
    case 'result':
      return read.exitCode === 0
        ? event('completed', 'it says that it is done')
        : event('failed', `it says that it failed (${read.exitCode})`);
    case undefined:
      return null;
  }
}
